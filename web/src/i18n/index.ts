/** The selected language of the page, which is stored as a preference and set on the document, and its messages. */
import { computed, shallowRef, watch, watchEffect, type ComputedRef } from 'vue';
import type { IsErrorCode, AppErrorCode } from '../api/errors.js';
import { usePreferences } from '../store/preferences.js';
import type { OwnMessages, Translation } from './define-messages.js';
import { en, type Messages } from './en.js';
import type { Locale, Localized } from './locales.js';

interface AllMessages {
  /** Those of all places. */
  readonly shared: Messages;
  /** Those of each place and part; none in English, which each has with it. */
  readonly translations: readonly Translation[];
}

/** English comes with the page, any other language whole and before it is shown, so that no place is seen in two. */
const MESSAGES: Localized<() => AllMessages | Promise<AllMessages>> = {
  en: () => ({ shared: en, translations: [] }),
  'zh-Hans': () => import('./all-zh-hans.js'),
  'zh-Hant': () => import('./all-zh-hant.js'),
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
  /** Those of a place or part in the selected language. */
  messagesOf<M extends object>(own: OwnMessages<string, M>): M;
  /** The value in the selected language. */
  translate<T>(localized: Localized<T>): T;
}

interface Content {
  readonly locale: Locale;
  readonly shared: Messages;
  /** By `OwnMessages.id`. */
  readonly own: ReadonlyMap<string, object>;
}

function contentOf(locale: Locale, { shared, translations }: AllMessages): Content {
  return { locale, shared, own: new Map(translations.map(({ id, messages }) => [id, messages])) };
}

/** Resolves with the messages of the preferred language; with the English ones where those cannot be loaded. */
export async function createI18n(): Promise<I18n> {
  const preference = usePreferences<{ locale: Locale }>('locale', {
    locale: preferredLocale(navigator.languages),
  });
  if (!Object.hasOwn(MESSAGES, preference.locale)) preference.locale = 'en';
  const shown = shallowRef(contentOf('en', { shared: en, translations: [] }));
  async function show(locale: Locale): Promise<void> {
    try {
      const messages = await MESSAGES[locale]();
      if (preference.locale === locale) shown.value = contentOf(locale, messages);
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
    messages: computed(() => shown.value.shared),
    // Its translation has the type of the English messages: defineTranslation() asks for that.
    messagesOf: <M extends object>({ id, en: english }: OwnMessages<string, M>) =>
      (shown.value.own.get(id) as M | undefined) ?? english,
    translate: (localized) => localized[shown.value.locale],
  };
}
