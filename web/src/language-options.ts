/** The languages that the service supports, with their names in the language of the page. */
import type { Capabilities } from './api/capabilities.js';

export interface Language {
  readonly tag: string;
  readonly name: string;
}

export const AUTO = 'auto';

/** Offered where the model accepts any language: the most widely spoken ones, and those of the page. */
const WELL_KNOWN = (
  'ar bg bn ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu id is it ja kn ko lt lv mk ml mr ms nb nl ' +
  'pa pl pt pt-BR ro ru sk sl sq sr sv sw ta te th tr uk ur vi yue zh-Hans zh-Hant'
).split(' ');

export class LanguageOptions {
  readonly #capabilities: Capabilities;
  readonly #names: Intl.DisplayNames;
  readonly #order: Intl.Collator;

  /** @param locale of the page. */
  constructor(capabilities: Capabilities, locale: string) {
    this.#capabilities = capabilities;
    this.#names = new Intl.DisplayNames(locale, { type: 'language', languageDisplay: 'standard' });
    this.#order = new Intl.Collator(locale);
  }

  /** Whether the engine only translates between listed pairs, and cannot hold a conversation. */
  get onlyTranslates(): boolean {
    return this.#capabilities.languages !== 'any';
  }

  name(tag: string): string {
    return this.#names.of(tag) ?? tag;
  }

  sources(): Language[] {
    return this.#named(this.#pairs().map(([source]) => source));
  }

  /** The targets of a source; for `auto`, the targets of all sources. */
  targets(source: string): Language[] {
    const pairs = this.#pairs().filter(
      ([from, to]) => (source === AUTO ? true : from === source) && to !== source,
    );
    return this.#named(pairs.map(([, target]) => target));
  }

  /** Source languages in which recordings are understood; none where recordings cannot be heard. */
  speechLanguages(): Language[] | 'any' {
    const { speechSources } = this.#capabilities;
    return speechSources === 'any' ? 'any' : this.#named(speechSources);
  }

  /** Whether recordings of a language are understood; of `auto`, whether any are. */
  supportsSpeech(source: string): boolean {
    const { speechSources } = this.#capabilities;
    if (speechSources === 'any') return true;
    return source === AUTO ? speechSources.length > 0 : speechSources.includes(source);
  }

  /** Whether one conversation can interpret between two languages both ways: a model can be told to, an engine of pairs not. */
  supportsBothWays(source: string, target: string): boolean {
    return !this.onlyTranslates && source !== AUTO && target !== '' && source !== target;
  }

  /** Every supported pair of source and target, direct or through a third language. */
  #pairs(): (readonly [string, string])[] {
    const { languages, chains } = this.#capabilities;
    if (languages === 'any') return WELL_KNOWN.flatMap((from) => WELL_KNOWN.map((to) => [from, to] as const));
    const direct = languages.flatMap(({ source, targets }) =>
      targets.map((target) => [source, target] as const),
    );
    const indirect = chains.flatMap((chain) => {
      const [from, to] = [chain[0], chain.at(-1)];
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    });
    return [...direct, ...indirect];
  }

  #named(tags: readonly string[]): Language[] {
    return [...new Set(tags)]
      .map((tag) => ({ tag, name: this.name(tag) }))
      .sort((a, b) => this.#order.compare(a.name, b.name));
  }
}
