/** Where histories live: one IndexedDB of this browser, one store a place. Without it they last until a reload. */

const NAME = 'realtime-translation';
const PLACES = ['translate', 'voice', 'text'] as const;

export type Place = (typeof PLACES)[number];

/** @returns nothing where the browser grants no storage (some private windows). */
export function openDatabase(): Promise<IDBDatabase | undefined> {
  return new Promise((resolve) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const place of PLACES) request.result.createObjectStore(place, { keyPath: 'id' });
    };
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      console.warn('no history is kept:', request.error?.message);
      resolve(undefined);
    };
  });
}
