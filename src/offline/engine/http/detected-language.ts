/** The language that a part detected, which some servers tell as a tag, some as a name, and some not at all. */
import { LanguageNames } from '../language-names.js';

const NAMES = new LanguageNames([]);

/** `EN` → `en`, `english` → `en`; undefined for `auto`, `unknown` and everything that names no language. */
export function canonicalLanguage(told: string | null | undefined): string | undefined {
  const text = told?.trim().replaceAll('_', '-') ?? '';
  const named = NAMES.tagOf(text);
  if (named !== undefined) return named;
  if (!/^[a-z]{2,3}(?:-[a-z\d]{2,8})*$/i.test(text)) return undefined;
  const tag = Intl.getCanonicalLocales(text)[0];
  return tag === undefined || tag.startsWith('und') || /^(?:auto|unk)/.test(tag) ? undefined : tag;
}
