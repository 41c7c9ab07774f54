/** The messages of one place or part of the page, beside its code instead of among the shared ones. */
import type { Messages } from './en.js';
import type { Locale, Localized } from './locales.js';

/**
 * English is the reference: a language that lacks one of its messages does not compile, nor does a name that the shared
 * messages have already.
 */
export function defineMessages<M extends object & { readonly [Name in keyof Messages]?: never }>(
  messages: { readonly en: M } & Readonly<Record<Exclude<Locale, 'en'>, NoInfer<M>>>,
): Localized<M> {
  return messages;
}
