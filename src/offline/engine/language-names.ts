/** Names of languages in English, in the language itself, and in the installed languages. */

export interface Mention {
  readonly tag: string;
  /** Offsets in the text, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Tags with a region or script that have their own name: Brazilian Portuguese. */
const REGIONAL = [
  ...['pt-BR', 'pt-PT', 'es-419', 'es-ES', 'es-MX', 'en-AU', 'en-CA', 'en-GB', 'en-US', 'fr-CA', 'fr-CH'],
  ...['de-AT', 'de-CH', 'nl-BE', 'zh-Hans', 'zh-Hant', 'ca-valencia'],
];
/** Common names that are not in Unicode's tables. */
const ALSO: readonly (readonly [string, string])[] = [
  ['castilian', 'es'],
  ['castellano', 'es'],
  ['valencian', 'ca-valencia'],
  ['mandarin', 'zh'],
  ['cantonese', 'yue'],
  ['farsi', 'fa'],
  ['flemish', 'nl'],
];
/** Names that are also a country or a word, and Latin ones of up to three letters, which are a word in some language. */
const AMBIGUOUS = /^(?:indonesia|nauru|jawa|even|\p{Script=Latin}{1,3})$/u;

export class LanguageNames {
  readonly #tags = new Map<string, string>();
  readonly #pattern: RegExp;
  readonly #english = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

  /** @param installed tags of languages that prompts may be written in, besides English */
  constructor(installed: readonly string[]) {
    for (const [name, tag] of ALSO) this.#tags.set(name, tag);
    const tags = [...twoLetterTags(), ...REGIONAL];
    // The first name wins: English before the others.
    for (const locale of ['en', ...installed]) this.#learn(tags, () => locale);
    this.#learn(tags, (tag) => tag);
    const names = [...this.#tags.keys()].sort((a, b) => b.length - a.length).map(escape);
    this.#pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${names.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  }

  /** English name: `es` → `Spanish`. */
  nameOf(tag: string): string {
    return this.#english.of(tag) ?? tag;
  }

  /** `Spanish` → `es`, ignoring case; undefined for other words. */
  tagOf(name: string): string | undefined {
    return this.#tags.get(name.toLowerCase());
  }

  /** Language names in order, without overlap. `polish` is a word; `Polish` is a language. */
  find(text: string): Mention[] {
    return [...text.matchAll(this.#pattern)]
      .filter(([name]) => name !== 'polish')
      .map(({ 0: name, index }) => ({
        tag: this.tagOf(name) ?? name,
        start: index,
        end: index + name.length,
      }));
  }

  #learn(tags: readonly string[], localeFor: (tag: string) => string): void {
    for (const tag of tags) {
      const names = new Intl.DisplayNames([localeFor(tag)], { type: 'language', fallback: 'none' });
      const name = names.of(tag)?.toLowerCase();
      if (name !== undefined && !AMBIGUOUS.test(name) && !this.#tags.has(name)) this.#tags.set(name, tag);
    }
  }
}

/** The ISO 639-1 codes that Unicode has a name for, without retired ones. */
function twoLetterTags(): string[] {
  const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(97 + index));
  return letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => Intl.getCanonicalLocales(code)[0] === code && names.of(code) !== undefined);
}

function escape(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
