/** What a page has in its database: what is on screen is written a moment later, and a reload may come before that. */
import type { JSHandle, Page } from 'playwright-core';
import { until } from '../until.js';

export interface StoredItem {
  readonly text: string;
  /** `done` once a translation is complete. */
  readonly state: string;
}

/** Waits until the items that the browser has stored are as expected. */
export async function untilStored(
  page: Page,
  what: string,
  isExpected: (items: readonly StoredItem[]) => boolean,
): Promise<void> {
  await until(`stored: ${what}`, async () => isExpected(await readItems(page)));
}

/** Waits until so many items are stored, each of them complete. */
export async function allDone(page: Page, count: number): Promise<void> {
  await untilStored(
    page,
    `${count} items`,
    (items) => items.length === count && items.every(({ state }) => state === 'done'),
  );
}

/** The records of a store of the page. They stay in the page, which Blobs among them cannot leave. */
export function storedRecords<T>(page: Page, store: 'items' | 'sounds'): Promise<JSHandle<T[]>> {
  return page.evaluateHandle(
    (name) =>
      new Promise<T[]>((resolve, reject) => {
        const opening = indexedDB.open('realtime-translation');
        opening.onerror = () => {
          reject(new Error('the database cannot be opened'));
        };
        opening.onsuccess = () => {
          const all = opening.result.transaction(name).objectStore(name).getAll();
          all.onsuccess = () => {
            opening.result.close();
            resolve(all.result as T[]);
          };
        };
      }),
    store,
  );
}

async function readItems(page: Page): Promise<StoredItem[]> {
  const items = await storedRecords<StoredItem>(page, 'items');
  return items.evaluate((all) => all.map(({ text, state }) => ({ text: text.trim(), state })));
}
