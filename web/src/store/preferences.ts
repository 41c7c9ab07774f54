/** Preferences (languages, volume, theme) in localStorage. Where it is forbidden or full, they last until a reload. */
import { reactive, watch } from 'vue';

/** `defaults`, overridden by those entries of `stored` that have the same name and type. */
function mergeStored<T extends object>(defaults: T, stored: unknown): T {
  const valid = Object.entries(typeof stored === 'object' && stored !== null ? stored : {}).filter(
    ([name, value]) => name in defaults && typeof value === typeof defaults[name as keyof T],
  );
  return { ...defaults, ...Object.fromEntries(valid) };
}

/** A flat reactive object that is read from localStorage and written back whenever it changes. */
export function usePreferences<T extends Record<string, string | number | boolean>>(
  key: string,
  defaults: T,
): T {
  const text = readText('localStorage', key);
  const options = reactive(mergeStored(defaults, text === null ? undefined : parse(text)));
  watch(options, () => {
    writeText('localStorage', key, JSON.stringify(options));
  });
  return options as T;
}

type StorageName = 'localStorage' | 'sessionStorage';

/** @returns null where nothing is stored, or the browser forbids storage: then even naming it throws. */
export function readText(storage: StorageName, key: string): string | null {
  try {
    return window[storage].getItem(key);
  } catch (thrown) {
    if (thrown instanceof DOMException) return null;
    throw thrown;
  }
}

/** @param text undefined removes the entry. A browser that forbids storage, or has no room, stores nothing. */
export function writeText(storage: StorageName, key: string, text: string | undefined): void {
  try {
    if (text === undefined) window[storage].removeItem(key);
    else window[storage].setItem(key, text);
  } catch (thrown) {
    if (!(thrown instanceof DOMException)) throw thrown;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not written by this page
  }
}
