/**
 * The messages of one place or part of the page: the English ones beside its code, each translation in a file of its
 * own (`messages.zh-hans.ts`), which is loaded with all others of that language where the page is shown in it.
 */
import type { Messages } from './en.js';

/** English is the reference. */
export interface OwnMessages<Id extends string = string, M extends object = object> {
  readonly id: Id;
  readonly en: M;
}

/** What `defineMessages` defined, in another language. */
export interface Translation {
  readonly id: string;
  readonly messages: object;
}

/**
 * A name that the shared messages have already does not compile.
 * @param id no other messages have it.
 */
export function defineMessages<
  const Id extends string,
  M extends object & { readonly [Name in keyof Messages]?: never },
>(id: Id, en: M): OwnMessages<Id, M> {
  return { id, en };
}

/** A translation that lacks a message does not compile: `defineTranslation<typeof messages>('files', { … })`. */
export function defineTranslation<Own extends OwnMessages>(id: Own['id'], messages: Own['en']): Translation {
  return { id, messages };
}
