/** The built-in translator: Apertium, with the languages that a question is from and to, detected where nobody names them. */
import type { Apertium } from './apertium.js';
import { RECOGNIZED_LANGUAGE } from './built-in-recognizer.js';
import type { LanguageNames } from './language-names.js';
import { DEFAULT_SOURCE, defaultTarget, primaryTag, type LanguageRequest } from './languages.js';
import type { Question, ResolvedLanguages, TranslatorOptions, Translator } from './parts.js';
import { ResponderError } from '../server/errors.js';
import type { EngineCapabilities } from '../server/responder.js';

/** Up to this length a translation is sent word by word, above it sentence by sentence. */
const MAX_WORD_BY_WORD_LENGTH = 600;
/** A text of fewer words may be a name, which no dictionary has, and is not rejected. */
const MIN_WORDS_TO_REJECT = 4;

export class BuiltInTranslator implements Translator {
  readonly description = { kind: 'built-in' } as const;
  readonly #apertium: Apertium;
  readonly #names: LanguageNames;

  /** @param apertium not closed with the translator: it belongs to the recognizer as well */
  constructor(apertium: Apertium, names: LanguageNames) {
    this.#apertium = apertium;
    this.#names = names;
  }

  get missing(): readonly string[] {
    return this.#apertium.missing;
  }

  capabilities(): Pick<EngineCapabilities, 'languages' | 'chains'> {
    const { sources } = this.#apertium;
    return {
      languages: sources.map((source) => ({ source, targets: this.#apertium.targetsOf(source) })),
      chains: sources.flatMap((source) => this.#apertium.chainsFrom(source)),
    };
  }

  async resolve(
    requested: LanguageRequest,
    question: Question,
    signal: AbortSignal,
  ): Promise<{ source: string; target: string }> {
    const languages = await this.#languagesOf(requested, question, signal);
    this.#check(languages.source, languages.target);
    return languages;
  }

  async *translate(
    text: string,
    { source = DEFAULT_SOURCE, target = defaultTarget(source) }: ResolvedLanguages,
    _options: TranslatorOptions,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    for await (const sentence of this.#apertium.translate(text, source, target, signal)) {
      if (text.length <= MAX_WORD_BY_WORD_LENGTH) yield* splitWords(sentence);
      else yield sentence;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #languagesOf(
    requested: LanguageRequest,
    { text, isSpoken, language }: Question,
    signal: AbortSignal,
  ): Promise<{ source: string; target: string }> {
    const { between } = requested;
    const heard = language ?? (isSpoken ? RECOGNIZED_LANGUAGE : undefined);
    const known = requested.source ?? heard;
    if (requested.target === undefined && between) {
      const source = known ?? (await this.#detect(text, between.map(primaryTag), signal));
      return { source, target: primaryTag(source) === primaryTag(between[0]) ? between[1] : between[0] };
    }
    const source = known ?? (await this.#detect(text, this.#apertium.sources, signal));
    return { source, target: requested.target ?? defaultTarget(source) };
  }

  /** @throws ResponderError when the text is in none of the languages, and long enough to be certain of that. */
  async #detect(text: string, languages: readonly string[], signal: AbortSignal): Promise<string> {
    const { sources } = this.#apertium;
    const candidates = byLikelihood(languages).filter((language) => sources.includes(language));
    const language = await this.#apertium.detect(text, candidates, signal);
    if (language !== undefined) return language;
    this.#checkInstalled();
    const isForeign = /\p{L}/u.test(text) && !/\p{Script=Latin}/u.test(text);
    if (isForeign || countWords(text) >= MIN_WORDS_TO_REJECT) {
      throw new ResponderError(
        'unsupported_language',
        `The text is not in a language that can be translated offline: ${this.#list(candidates)}. If it is, set \`source\`.`,
      );
    }
    return DEFAULT_SOURCE;
  }

  #check(source: string, target: string): void {
    const apertium = this.#apertium;
    if (apertium.canTranslate(source, target)) return;
    this.#checkInstalled();
    const from = primaryTag(source);
    const targets = [
      ...apertium.targetsOf(from),
      ...apertium.chainsFrom(from).flatMap((chain) => chain.slice(-1)),
    ];
    const possible =
      targets.length === 0
        ? `Offline translation supports only ${this.#list(apertium.sources)}`
        : `Offline, ${this.#names.nameOf(from)} can be translated to ${this.#list(targets)}`;
    throw new ResponderError(
      'unsupported_language',
      `${this.#names.nameOf(source)} cannot be translated to ${this.#names.nameOf(target)} offline. ${possible}. ${apertium.moreLanguages}`,
    );
  }

  #checkInstalled(): void {
    const { sources, missing } = this.#apertium;
    if (sources.length === 0) throw new ResponderError('offline_engine_missing', missing.join(' '));
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
