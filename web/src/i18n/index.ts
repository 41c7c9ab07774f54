/** The selected language of the page, which is stored as a preference and set on the document, and its messages. */
import { computed, shallowRef, watch, watchEffect, type ComputedRef } from 'vue';
import type { IsErrorCode, AppErrorCode } from '../api/errors.js';
import { usePreferences } from '../store/preferences.js';
import { en, type Messages } from './en.js';
import type { Locale, Localized } from './locales.js';

/** Those that all places share. English comes with the page, any other language when it is needed: 2 kB each. */
const MESSAGES: Localized<() => Messages | Promise<Messages>> = {
  en: () => en,
  'zh-Hans': async () => (await import('./zh-hans.js')).zhHans,
  'zh-Hant': async () => (await import('./zh-hant.js')).zhHant,
};

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
  /** Writable: `preference.locale = 'en'`. Where its messages cannot be loaded, it returns to the language shown. */
  readonly preference: { locale: Locale };
  readonly messages: ComputedRef<Messages>;
  /** The value in the selected language. */
  translate<T>(localized: Localized<T>): T;
}

/** Resolves with the messages of the preferred language; with the English ones where those cannot be loaded. */
export async function createI18n(): Promise<I18n> {
  const preference = usePreferences<{ locale: Locale }>('locale', {
    locale: preferredLocale(navigator.languages),
  });
  if (!Object.hasOwn(MESSAGES, preference.locale)) preference.locale = 'en';
  const shown = shallowRef<{ locale: Locale; messages: Messages }>({ locale: 'en', messages: en });
  async function show(locale: Locale): Promise<void> {
    try {
      const messages = await MESSAGES[locale]();
      if (preference.locale === locale) shown.value = { locale, messages };
    } catch (error) {
      console.warn(`the messages in ${locale} could not be loaded:`, error);
      preference.locale = shown.value.locale;
    }
  }
  await show(preference.locale);
  watch(() => preference.locale, show);
  watchEffect(() => {
    document.documentElement.lang = shown.value.locale;
  });
  return {
    preference,
    messages: computed(() => shown.value.messages),
    translate: (localized) => localized[shown.value.locale],
  };
}
