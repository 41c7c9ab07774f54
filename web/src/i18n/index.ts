/** The languages of the page, and the one it is in: chosen once, remembered, and told to the browser. */
import { computed, watchEffect, type ComputedRef } from 'vue';
import type { KnowsCode, TroubleCode } from '../api/trouble.js';
import { remembered } from '../store/remembered.js';
import { en, type Messages } from './en.js';
import { zhHans } from './zh-hans.js';
import { zhHant } from './zh-hant.js';

const MESSAGES = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant } as const satisfies Record<string, Messages>;

export type Locale = keyof typeof MESSAGES;

/** Each language by its own name. */
export const LOCALES: readonly { readonly tag: Locale; readonly name: string }[] = [
  { tag: 'en', name: 'English' },
  { tag: 'zh-Hans', name: '简体中文' },
  { tag: 'zh-Hant', name: '繁體中文' },
];

/** The first of the browser's languages that the page has, else English. */
export function preferredLocale(wishes: readonly string[]): Locale {
  for (const wish of wishes) {
    if (/^zh-(Hant|TW|HK|MO)\b/i.test(wish)) return 'zh-Hant';
    if (/^(zh|yue)\b/i.test(wish)) return 'zh-Hans';
    if (/^en\b/i.test(wish)) return 'en';
  }
  return 'en';
}

export const knowsCode: KnowsCode = (code): code is TroubleCode => Object.hasOwn(en.trouble, code);

export interface I18n {
  /** Writable: `choice.locale = 'en'`. */
  readonly choice: { locale: Locale };
  readonly messages: ComputedRef<Messages>;
}

export function createI18n(): I18n {
  const choice = remembered<{ locale: Locale }>('locale', { locale: preferredLocale(navigator.languages) });
  if (!Object.hasOwn(MESSAGES, choice.locale)) choice.locale = 'en';
  const messages = computed(() => MESSAGES[choice.locale]);
  watchEffect(() => {
    document.documentElement.lang = choice.locale;
    document.title = messages.value.title;
  });
  return { choice, messages };
}
