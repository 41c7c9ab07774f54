/** Small choices (languages, volume, theme) that outlive the tab. */
import { reactive, watch } from 'vue';

/** What of `stored` fits the shape of `defaults`, the defaults for the rest. */
function fitting<T extends object>(defaults: T, stored: unknown): T {
  const known = Object.entries(typeof stored === 'object' && stored !== null ? stored : {}).filter(
    ([name, value]) => name in defaults && typeof value === typeof defaults[name as keyof T],
  );
  return { ...defaults, ...Object.fromEntries(known) };
}

/** A flat object that is read from the browser's storage and written back whenever it changes. */
export function remembered<T extends Record<string, string | number | boolean>>(key: string, defaults: T): T {
  const text = localStorage.getItem(key);
  const choices = reactive(fitting(defaults, text === null ? undefined : parse(text)));
  watch(choices, () => {
    localStorage.setItem(key, JSON.stringify(choices));
  });
  return choices as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not written by this page
  }
}
