/** The IndexedDB that keeps histories, with one object store per view. Without it they last until a reload. */

const NAME = 'realtime-translation';
const VIEWS = ['translate', 'voice', 'text'] as const;

export type ViewName = (typeof VIEWS)[number];

/** @returns undefined where the browser grants no storage (some private windows). */
export function openDatabase(): Promise<IDBDatabase | undefined> {
  return new Promise((resolve) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const view of VIEWS) request.result.createObjectStore(view, { keyPath: 'id' });
    };
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      console.warn('the history cannot be stored:', request.error?.message);
      resolve(undefined);
    };
  });
}
