/** The speech engine: translates speech and text on this machine with programs from Debian, without an API key. */
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { Item } from '../../wire/index.js';
import { Apertium } from './apertium.js';
import { normalizeText } from './apertium-text.js';
import { MISSING, takeInventory, type Inventory } from './inventory.js';
import { LanguageNames } from './language-names.js';
import {
  primaryTag,
  DEFAULT_SOURCE,
  defaultTarget,
  readLanguages,
  type LanguageRequest,
} from './languages.js';

import { Recognizer } from './recognizer.js';
import { ResponderError } from '../server/errors.js';
import type { Responder, EngineCapabilities, ResponderEvent, ResponderRequest } from '../server/responder.js';

import { ProgramRunner } from './process.js';
import { TranscriptCache } from './transcript-cache.js';
import { Synthesizer, VOICES } from './synthesizer.js';
import type { Translator } from './translator.js';

export interface SpeechEngineOptions {
  readonly logger?: Pick<Logger, 'debug' | 'warn'>;
  /** Where programs are searched; the PATH of this process if absent. */
  readonly path?: string;
  /** The root of the file system with Debian's packages; `/` if absent. */
  readonly root?: string;
}

/** Of a response's metadata: the words are wanted as they are, not their translation. */
const TRANSCRIPTION_TASK = 'transcribe';
/** The only language whose speech is recognised. */
const RECOGNIZED_LANGUAGE = 'en';
/** Up to this length a translation is sent word by word, above it sentence by sentence. */
const MAX_WORD_BY_WORD_LENGTH = 600;
/** A text of fewer words may be a name, which no dictionary has, and is not rejected. */
const MIN_WORDS_TO_REJECT = 4;

/** Detects what is installed; works even if some or all programs are missing. */
export async function createSpeechEngine(options: SpeechEngineOptions = {}): Promise<Responder> {
  const { path, root = '/' } = options;
  const probing = new ProgramRunner(1, path);
  const inventory = await takeInventory(root, probing, new AbortController().signal);
  const { pairs, missingPairs: missing, missingSpeech } = inventory;
  options.logger?.debug({ pairs: pairs.length, missing: [...missing, ...missingSpeech] }, 'speech engine');
  const translator: Translator = new Apertium({ pairs, missing, path, logger: options.logger });
  return new SpeechEngine(inventory, translator, path);
}

class SpeechEngine implements Responder {
  readonly #inventory: Inventory;
  readonly #translator: Translator;
  readonly #names: LanguageNames;
  readonly #transcripts: TranscriptCache;
  readonly #synthesizer: Synthesizer;
  /** Two runners, since recognition takes seconds and synthesis does not: neither waits for the other. */
  readonly #recognizerRuns: ProgramRunner;
  readonly #synthesizerRuns: ProgramRunner;

  constructor(inventory: Inventory, translator: Translator, path: string | undefined) {
    const cores = availableParallelism();
    this.#inventory = inventory;
    this.#translator = translator;
    this.#names = new LanguageNames(translator.sources);
    this.#recognizerRuns = new ProgramRunner(cores, path);
    this.#synthesizerRuns = new ProgramRunner(cores, path);
    const recognizer = new Recognizer(this.#recognizerRuns);
    this.#transcripts = new TranscriptCache(async (pcm, signal) =>
      translator.capitalizeNames(await recognizer.transcribe(pcm, signal), RECOGNIZED_LANGUAGE, signal),
    );
    this.#synthesizer = new Synthesizer(this.#synthesizerRuns, inventory.speech);
  }

  /** Translates the last user item; of the others only system items can contain instructions. */
  async *respond(
    { items, metadata, instructions, output, voice }: ResponderRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ResponderEvent, void, void> {
    signal.throwIfAborted();
    const question = items.findLast(({ role }) => role === 'user');
    if (question === undefined) return;
    const languages = readLanguages({ metadata, instructions, items }, this.#names);
    const isSpoken = question.parts.some((part) => part.type === 'audio' && part.audio !== undefined);
    if (isSpoken) this.#checkRecognizer(languages.source);
    const text = normalizeText(await this.#textOf(question, signal));
    if (!/[^\s\0]/.test(text)) return;
    if (metadata.task === TRANSCRIPTION_TASK) {
      for (const delta of splitWords(text)) yield { type: 'text', delta };
      return;
    }

    const { source, target } = await this.#resolveLanguages(languages, text, isSpoken, signal);
    this.#checkTranslator(source, target);
    if (output === 'audio') this.#checkSynthesizer(target);
    let translation = '';
    for await (const sentence of this.#translator.translate(text, source, target, signal)) {
      translation += sentence;
      const deltas = text.length <= MAX_WORD_BY_WORD_LENGTH ? splitWords(sentence) : [sentence];
      for (const delta of deltas) yield { type: 'text', delta };
    }
    if (output === 'text') return;
    for await (const pcm of this.#synthesizer.speak(translation, target, voice, signal))
      yield { type: 'audio', pcm };
  }

  async transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<string> {
    this.#checkRecognizer(language);
    return this.#transcripts.get(pcm, signal);
  }

  capabilities(): Promise<EngineCapabilities> {
    const translator = this.#translator;
    const { speech, recognizer, missingSpeech } = this.#inventory;
    return Promise.resolve({
      languages: translator.sources.map((source) => ({ source, targets: translator.targetsOf(source) })),
      chains: translator.sources.flatMap((source) => translator.chainsFrom(source)),
      speechSources: recognizer ? [RECOGNIZED_LANGUAGE] : [],
      voices: speech.flite || speech.espeak.size > 0 ? [...VOICES] : [],
      missing: [...translator.missing, ...missingSpeech],
    });
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#translator.close(),
      this.#recognizerRuns.close(),
      this.#synthesizerRuns.close(),
    ]);
  }

  /** The texts and transcripts of an item, in order. */
  async #textOf({ parts }: Item, signal: AbortSignal): Promise<string> {
    const texts: string[] = [];
    for (const part of parts) {
      if (part.type === 'text') texts.push(part.text);
      else if (part.transcript !== undefined) texts.push(part.transcript);
      else if (part.audio) texts.push(await this.#transcripts.get(part.audio, signal));
    }
    return texts.filter((text) => text !== '').join('\n');
  }

  async #resolveLanguages(
    requested: LanguageRequest,
    text: string,
    isSpoken: boolean,
    signal: AbortSignal,
  ): Promise<{ source: string; target: string }> {
    const { between } = requested;
    const known = requested.source ?? (isSpoken ? RECOGNIZED_LANGUAGE : undefined);
    if (requested.target === undefined && between) {
      const source = known ?? (await this.#detect(text, between.map(primaryTag), signal));
      return { source, target: primaryTag(source) === primaryTag(between[0]) ? between[1] : between[0] };
    }
    const source = known ?? (await this.#detect(text, this.#translator.sources, signal));
    return { source, target: requested.target ?? defaultTarget(source) };
  }

  /** @throws ResponderError when the text is in none of the languages, and long enough to be certain of that. */
  async #detect(text: string, languages: readonly string[], signal: AbortSignal): Promise<string> {
    const { sources } = this.#translator;
    const candidates = byLikelihood(languages).filter((language) => sources.includes(language));
    const language = await this.#translator.detect(text, candidates, signal);
    if (language !== undefined) return language;
    this.#checkTranslatorInstalled();
    const isForeign = /\p{L}/u.test(text) && !/\p{Script=Latin}/u.test(text);
    if (isForeign || countWords(text) >= MIN_WORDS_TO_REJECT) {
      throw new ResponderError(
        'unsupported_language',
        `The text is not in a language that can be translated offline: ${this.#list(candidates)}. If it is, set \`source\`.`,
      );
    }
    return DEFAULT_SOURCE;
  }

  #checkTranslator(source: string, target: string): void {
    const translator = this.#translator;
    if (translator.canTranslate(source, target)) return;
    this.#checkTranslatorInstalled();
    const from = primaryTag(source);
    const targets = [
      ...translator.targetsOf(from),
      ...translator.chainsFrom(from).flatMap((chain) => chain.slice(-1)),
    ];
    const possible =
      targets.length === 0
        ? `Offline translation supports only ${this.#list(translator.sources)}`
        : `Offline, ${this.#names.nameOf(from)} can be translated to ${this.#list(targets)}`;
    throw new ResponderError(
      'unsupported_language',
      `${this.#names.nameOf(source)} cannot be translated to ${this.#names.nameOf(target)} offline. ${possible}. ${translator.moreLanguages}`,
    );
  }

  #checkTranslatorInstalled(): void {
    const { sources, missing } = this.#translator;
    if (sources.length === 0) throw new ResponderError('offline_engine_missing', missing.join(' '));
  }

  #checkRecognizer(language: string | undefined): void {
    if (language !== undefined && primaryTag(language) !== RECOGNIZED_LANGUAGE) {
      throw new ResponderError(
        'unsupported_language',
        `Offline, only speech in ${this.#names.nameOf(RECOGNIZED_LANGUAGE)} is recognised, not in ${this.#names.nameOf(language)}. Send text instead.`,
      );
    }
    if (!this.#inventory.recognizer) throw new ResponderError('offline_engine_missing', MISSING.recognition);
  }

  #checkSynthesizer(language: string): void {
    if (this.#synthesizer.speaks(language)) return;
    if (this.#inventory.speech.espeak.size === 0) {
      const part = primaryTag(language) === 'en' ? MISSING.english : MISSING.speech;
      throw new ResponderError('offline_engine_missing', part);
    }
    throw new ResponderError(
      'unsupported_language',
      `There is no offline voice for ${this.#names.nameOf(language)}. Ask for text only.`,
    );
  }

  #list(languages: readonly string[]): string {
    return [...new Set(languages)].map((tag) => `${this.#names.nameOf(tag)} (${tag})`).join(', ');
  }
}

/** Each word keeps its leading blanks, so that the words joined are the text. */
function splitWords(text: string): string[] {
  return text.match(/\s*\S+(?:\s+$)?|\s+$/g) ?? [];
}

function countWords(text: string): number {
  return text.match(/\p{L}+/gu)?.length ?? 0;
}

/** A word of several languages is attributed to the one with the most speakers. */
function byLikelihood(languages: readonly string[]): string[] {
  const order = ['en', 'es', 'fr', 'pt', 'it', 'ca'];
  const rank = (tag: string): number => (order.includes(tag) ? order.indexOf(tag) : order.length);
  return [...languages].sort((a, b) => rank(a) - rank(b));
}
