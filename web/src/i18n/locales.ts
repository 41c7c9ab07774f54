/** The languages of the page, each with its own name for itself. */
export const LOCALES = [
  { tag: 'en', name: 'English' },
  { tag: 'zh-Hans', name: '简体中文' },
  { tag: 'zh-Hant', name: '繁體中文' },
] as const;

export type Locale = (typeof LOCALES)[number]['tag'];

/** One value for each language of the page. */
export type Localized<T> = Readonly<Record<Locale, T>>;
