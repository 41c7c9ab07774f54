/** The selected language of the page, which is stored as a preference and set on the document, and its messages. */
import { computed, watchEffect, type ComputedRef } from 'vue';
import type { IsErrorCode, AppErrorCode } from '../api/errors.js';
import { usePreferences } from '../store/preferences.js';
import { en, type Messages } from './en.js';
import type { Locale, Localized } from './locales.js';
import { zhHans } from './zh-hans.js';
import { zhHant } from './zh-hant.js';

/** Those that all places share. */
const MESSAGES: Localized<Messages> = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant };

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
  /** The value in the selected language. */
  translate<T>(localized: Localized<T>): T;
}

export function createI18n(): I18n {
  const preference = usePreferences<{ locale: Locale }>('locale', {
    locale: preferredLocale(navigator.languages),
  });
  if (!Object.hasOwn(MESSAGES, preference.locale)) preference.locale = 'en';
  watchEffect(() => {
    document.documentElement.lang = preference.locale;
  });
  return {
    preference,
    messages: computed(() => MESSAGES[preference.locale]),
    translate: (localized) => localized[preference.locale],
  };
}
