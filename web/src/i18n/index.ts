/** The languages of the page, and the selected one, which is stored as a preference and set on the document. */
import { computed, watchEffect, type ComputedRef } from 'vue';
import type { IsErrorCode, AppErrorCode } from '../api/errors.js';
import { usePreferences } from '../store/preferences.js';
import { en, type Messages } from './en.js';
import { zhHans } from './zh-hans.js';
import { zhHant } from './zh-hant.js';

const MESSAGES = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant } as const satisfies Record<string, Messages>;

export type Locale = keyof typeof MESSAGES;

/** Each language with its own name for itself. */
export const LOCALES: readonly { readonly tag: Locale; readonly name: string }[] = [
  { tag: 'en', name: 'English' },
  { tag: 'zh-Hans', name: '简体中文' },
  { tag: 'zh-Hant', name: '繁體中文' },
];

/** The first of the browser's languages that the page supports, else English. */
export function preferredLocale(languages: readonly string[]): Locale {
  for (const language of languages) {
    if (/^zh-(Hant|TW|HK|MO)\b/i.test(language)) return 'zh-Hant';
    if (/^(zh|yue)\b/i.test(language)) return 'zh-Hans';
    if (/^en\b/i.test(language)) return 'en';
  }
  return 'en';
}

export const isErrorCode: IsErrorCode = (code): code is AppErrorCode => Object.hasOwn(en.errors, code);

export interface I18n {
  /** Writable: `preference.locale = 'en'`. */
  readonly preference: { locale: Locale };
  readonly messages: ComputedRef<Messages>;
}

export function createI18n(): I18n {
  const preference = usePreferences<{ locale: Locale }>('locale', {
    locale: preferredLocale(navigator.languages),
  });
  if (!Object.hasOwn(MESSAGES, preference.locale)) preference.locale = 'en';
  const messages = computed(() => MESSAGES[preference.locale]);
  watchEffect(() => {
    document.documentElement.lang = preference.locale;
    document.title = messages.value.title;
  });
  return { preference, messages };
}
