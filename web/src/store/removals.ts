/**
 * Ids of items that were removed, until the database has removed them too. localStorage has them before the click
 * that removed them ends, so a reload or a kill in between does not bring them back.
 */
import { newId } from './item.js';
import { readText, writeText } from './preferences.js';

/** Each removal has an entry of its own, so that two tabs never write the same one. */
const PREFIX = 'removed-items:';

/** @returns the name of the entry, for `forgetRemoval`. */
export function noteRemoval(ids: readonly string[]): string {
  const key = PREFIX + newId();
  writeText('localStorage', key, ids.join(' '));
  return key;
}

export function forgetRemoval(key: string): void {
  writeText('localStorage', key, undefined);
}

/** Removals that the database may not have carried out, by the name of their entry. Empty where storage is forbidden. */
export function notedRemovals(): Map<string, readonly string[]> {
  const keys = storedKeys().filter((key) => key.startsWith(PREFIX));
  return new Map(keys.map((key) => [key, readText('localStorage', key)?.split(' ') ?? []]));
}

function storedKeys(): string[] {
  try {
    return Object.keys(window.localStorage);
  } catch (thrown) {
    if (thrown instanceof DOMException) return [];
    throw thrown;
  }
}
