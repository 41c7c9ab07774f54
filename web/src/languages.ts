/** Which languages to offer: what the service says it can do, under the names of the page's own language. */
import type { Capabilities } from './api/capabilities.js';

export interface Language {
  readonly tag: string;
  readonly name: string;
}

export const AUTO = 'auto';

/** Offered where the model takes any language: those spoken by most, and those of the page. */
const WELL_KNOWN = (
  'ar bg bn ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu id is it ja kn ko lt lv mk ml mr ms nb nl ' +
  'pa pl pt pt-BR ro ru sk sl sq sr sv sw ta te th tr uk ur vi yue zh-Hans zh-Hant'
).split(' ');

export class LanguageOffer {
  readonly #capabilities: Capabilities;
  readonly #names: Intl.DisplayNames;
  readonly #order: Intl.Collator;

  /** @param locale of the page. */
  constructor(capabilities: Capabilities, locale: string) {
    this.#capabilities = capabilities;
    this.#names = new Intl.DisplayNames(locale, { type: 'language', languageDisplay: 'standard' });
    this.#order = new Intl.Collator(locale);
  }

  /** The engine only translates, between the pairs that it names; it holds no conversation of its own. */
  get onlyTranslates(): boolean {
    return this.#capabilities.languages !== 'any';
  }

  name(tag: string): string {
    return this.#names.of(tag) ?? tag;
  }

  sources(): Language[] {
    return this.#named(this.#routes().map(([source]) => source));
  }

  /** What a source can be translated into; from an unknown source, what any can be. */
  targets(source: string): Language[] {
    const routes = this.#routes().filter(
      ([from, to]) => (source === AUTO ? true : from === source) && to !== source,
    );
    return this.#named(routes.map(([, target]) => target));
  }

  /** Languages that can be spoken, where that is not simply all of them. */
  spoken(): Language[] | 'any' {
    const { speechSources } = this.#capabilities;
    return speechSources === 'any' ? 'any' : this.#named(speechSources);
  }

  understandsSpeech(source: string): boolean {
    const { speechSources } = this.#capabilities;
    return speechSources === 'any' || source === AUTO || speechSources.includes(source);
  }

  /** Every source and target that go together, directly or by way of a third. */
  #routes(): (readonly [string, string])[] {
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
