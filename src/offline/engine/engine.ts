/** The speech engine: real translation of speech and text on this machine, by Debian's programs, without any key. */
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { Item } from '../../wire/index.js';
import { Apertium } from './apertium.js';
import { normalise } from './apertium-text.js';
import { MISSING, takeInventory, type Inventory } from './inventory.js';
import { LanguageNames } from './language-names.js';
import {
  primaryTag,
  DEFAULT_SOURCE,
  defaultTarget,
  readLanguages,
  type LanguageRequest,
} from './languages.js';
import type { LanguagePair } from './apertium-modes.js';
import { Recognizer } from './recognizer.js';
import {
  ResponderError,
  type Responder,
  type EngineCapabilities,
  type ResponderEvent,
  type ResponderRequest,
} from '../server/responder.js';
import { PairGraph } from './pair-graph.js';
import { ProgramRunner } from './process.js';
import { TranscriptCache } from './transcript-cache.js';
import { Synthesizer, VOICES } from './synthesizer.js';

export interface SpeechEngineOptions {
  readonly logger?: Pick<Logger, 'debug' | 'warn'>;
  /** Where programs are looked for; the PATH of this process if absent. */
  readonly path?: string;
  /** Where Debian's packages are; `/` if absent. */
  readonly root?: string;
}

/** Speech is understood in this language only. */
const RECOGNIZED_LANGUAGE = 'en';
/** Shorter texts are told word by word, longer ones sentence by sentence. */
const MAX_WORD_BY_WORD_LENGTH = 600;
/** A text of fewer words may be a name, which no dictionary has. */
const MIN_WORDS_TO_REJECT = 4;

/** Looks what is installed; starts all the same where something, or everything, is missing. */
export async function createSpeechEngine(options: SpeechEngineOptions = {}): Promise<Responder> {
  const { path, root = '/' } = options;
  const probing = new ProgramRunner(1, path);
  const inventory = await takeInventory(root, probing, new AbortController().signal);
  options.logger?.debug({ pairs: inventory.pairs.length, missing: inventory.missing }, 'speech engine');
  return new SpeechEngine(inventory, options);
}

class SpeechEngine implements Responder {
  readonly #inventory: Inventory;
  readonly #routes: PairGraph;
  readonly #names: LanguageNames;
  readonly #apertium: Apertium;
  readonly #transcripts: TranscriptCache;
  readonly #voice: Synthesizer;
  /** Recognition takes seconds and speech does not; so neither waits for the other. */
  readonly #recognizer: ProgramRunner;
  readonly #speaking: ProgramRunner;

  constructor(inventory: Inventory, { path, logger }: SpeechEngineOptions) {
    const cores = availableParallelism();
    this.#inventory = inventory;
    this.#routes = new PairGraph(inventory.pairs);
    this.#names = new LanguageNames(this.#routes.sources);
    this.#apertium = new Apertium(path, logger);
    this.#recognizer = new ProgramRunner(cores, path);
    this.#speaking = new ProgramRunner(cores, path);
    const recognizer = new Recognizer(this.#recognizer);
    this.#transcripts = new TranscriptCache(async (pcm, signal) => {
      const words = await recognizer.transcribe(pcm, signal);
      const english = this.#routes.pairFrom(RECOGNIZED_LANGUAGE);
      return english ? this.#apertium.capitalizeNames(words, english, signal) : words;
    });
    this.#voice = new Synthesizer(this.#speaking, inventory.speech);
  }

  /** Translates the last user item; every other item is context, of which only system items can instruct. */
  async *respond(
    { items, metadata, instructions, output, voice }: ResponderRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ResponderEvent, void, void> {
    signal.throwIfAborted();
    const question = items.findLast(({ role }) => role === 'user');
    if (question === undefined) return;
    const wish = readLanguages({ metadata, instructions, items }, this.#names);
    const isSpoken = question.parts.some((part) => part.type === 'audio' && part.audio !== undefined);
    if (isSpoken) this.#checkRecognizer(wish.source);
    const text = normalise(await this.#wordsOf(question, signal));
    if (!/[^\s\0]/.test(text)) return;

    const { source, target } = await this.#decide(wish, text, isSpoken, signal);
    const route = this.#route(source, target);
    if (output === 'audio') this.#checkVoice(target);
    let answer = '';
    for await (const sentence of this.#apertium.translate(text, route, signal)) {
      answer += sentence;
      const deltas = text.length <= MAX_WORD_BY_WORD_LENGTH ? wordsOf(sentence) : [sentence];
      for (const delta of deltas) yield { type: 'text', delta };
    }
    if (output === 'text') return;
    for await (const pcm of this.#voice.speak(answer, target, voice, signal)) yield { type: 'audio', pcm };
  }

  async transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<string> {
    this.#checkRecognizer(language);
    return this.#transcripts.get(pcm, signal);
  }

  capabilities(): Promise<EngineCapabilities> {
    const { sources } = this.#routes;
    const { speech, recognizer, missing } = this.#inventory;
    return Promise.resolve({
      languages: sources.map((source) => ({ source, targets: this.#routes.targetsOf(source) })),
      chains: sources.flatMap((source) => this.#routes.chainsFrom(source)),
      speechSources: recognizer ? [RECOGNIZED_LANGUAGE] : [],
      voices: speech.flite || speech.espeak.size > 0 ? [...VOICES] : [],
      missing: [...missing],
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#apertium.close(), this.#recognizer.close(), this.#speaking.close()]);
  }

  /** Texts and what was said, in order. */
  async #wordsOf({ parts }: Item, signal: AbortSignal): Promise<string> {
    const texts: string[] = [];
    for (const part of parts) {
      if (part.type === 'text') texts.push(part.text);
      else if (part.transcript !== undefined) texts.push(part.transcript);
      else if (part.audio) texts.push(await this.#transcripts.get(part.audio, signal));
    }
    return texts.filter((text) => text !== '').join('\n');
  }

  async #decide(
    wish: LanguageRequest,
    text: string,
    isSpoken: boolean,
    signal: AbortSignal,
  ): Promise<{ source: string; target: string }> {
    const { between } = wish;
    const known = wish.source ?? (isSpoken ? RECOGNIZED_LANGUAGE : undefined);
    if (wish.target === undefined && between) {
      const source = known ?? (await this.#detect(text, between.map(primaryTag), signal));
      return { source, target: primaryTag(source) === primaryTag(between[0]) ? between[1] : between[0] };
    }
    const source = known ?? (await this.#detect(text, this.#routes.sources, signal));
    return { source, target: wish.target ?? defaultTarget(source) };
  }

  /** @throws ResponderError where the text is long enough to tell that none of the languages has its words. */
  async #detect(text: string, languages: readonly string[], signal: AbortSignal): Promise<string> {
    const pairs = byLikelihood(languages).flatMap((language) => this.#routes.pairFrom(language) ?? []);
    const language = await this.#apertium.detect(text, pairs, signal);
    if (language !== undefined) return language;
    if (this.#inventory.pairs.length === 0)
      throw new ResponderError('offline_engine_missing', MISSING.translation);
    const isForeign = /\p{L}/u.test(text) && !/\p{Script=Latin}/u.test(text);
    if (isForeign || countWords(text) >= MIN_WORDS_TO_REJECT) {
      throw new ResponderError(
        'unsupported_language',
        `The text is in none of the languages that are understood offline: ${this.#list(pairs.map((pair) => pair.source))}. Where it is, say so with \`source\`.`,
      );
    }
    return DEFAULT_SOURCE;
  }

  #route(source: string, target: string): readonly LanguagePair[] {
    const route = this.#routes.shortestPath(source, target);
    if (route) return route;
    if (this.#inventory.pairs.length === 0)
      throw new ResponderError('offline_engine_missing', MISSING.translation);
    const from = primaryTag(source);
    const targets = [
      ...this.#routes.targetsOf(from),
      ...this.#routes.chainsFrom(from).flatMap((way) => way.slice(-1)),
    ];
    const possible =
      targets.length === 0
        ? `Offline there are only ${this.#list(this.#routes.sources)}`
        : `Offline ${this.#names.nameOf(from)} becomes ${this.#list(targets)}`;
    throw new ResponderError(
      'unsupported_language',
      `There is no way from ${this.#names.nameOf(source)} to ${this.#names.nameOf(target)} here. ${possible}. Debian has more pairs: apt-cache search ^apertium-`,
    );
  }

  #checkRecognizer(language: string | undefined): void {
    if (language !== undefined && primaryTag(language) !== RECOGNIZED_LANGUAGE) {
      throw new ResponderError(
        'unsupported_language',
        `Speech is understood in ${this.#names.nameOf(RECOGNIZED_LANGUAGE)} only here, not in ${this.#names.nameOf(language)}. Send text instead.`,
      );
    }
    if (!this.#inventory.recognizer) throw new ResponderError('offline_engine_missing', MISSING.recognition);
  }

  #checkVoice(language: string): void {
    if (this.#voice.speaks(language)) return;
    if (this.#inventory.speech.espeak.size === 0) {
      const part = primaryTag(language) === 'en' ? MISSING.english : MISSING.speech;
      throw new ResponderError('offline_engine_missing', part);
    }
    throw new ResponderError(
      'unsupported_language',
      `${this.#names.nameOf(language)} cannot be spoken here. Ask for text only.`,
    );
  }

  #list(languages: readonly string[]): string {
    return [...new Set(languages)].map((tag) => `${this.#names.nameOf(tag)} (${tag})`).join(', ');
  }
}

/** With its leading blanks each; joined they are the text. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+(?:\s+$)?|\s+$/g) ?? [];
}

function countWords(text: string): number {
  return text.match(/\p{L}+/gu)?.length ?? 0;
}

/** A word that several languages have is taken for the one spoken by most. */
function byLikelihood(languages: readonly string[]): string[] {
  const order = ['en', 'es', 'fr', 'pt', 'it', 'ca'];
  const rank = (tag: string): number => (order.includes(tag) ? order.indexOf(tag) : order.length);
  return [...languages].sort((a, b) => rank(a) - rank(b));
}
