/** Preferences (languages, volume, theme) in localStorage. */
import { reactive, watch } from 'vue';
import { safeStorage } from '../safe-storage.js';

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
  const storage = safeStorage('localStorage');
  const text = storage.getItem(key);
  const options = reactive(mergeStored(defaults, text === null ? undefined : parse(text)));
  watch(options, () => {
    storage.setItem(key, JSON.stringify(options));
  });
  return options as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not written by this page
  }
}
