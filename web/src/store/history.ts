/** One place's entries, newest last, on screen and in the browser's database. */
import { shallowReactive } from 'vue';
import type { Place } from './database.js';

export interface Entry {
  /** Sorts by age: made by `newId`. */
  readonly id: string;
}

/** What is older falls out. */
const KEEP = 300;

export class History<T extends Entry> {
  readonly entries: T[] = shallowReactive([]);
  readonly #database: Promise<IDBDatabase | undefined>;
  readonly #place: Place;
  readonly #pack: (entry: T) => Entry;

  /** @param pack what to store of an entry: plain data, blobs included. */
  constructor(database: Promise<IDBDatabase | undefined>, place: Place, pack: (entry: T) => Entry) {
    this.#database = database;
    this.#place = place;
    this.#pack = pack;
  }

  /** Brings back what was stored. @param unpack makes an entry of what `pack` gave. */
  async load(unpack: (stored: Entry) => T): Promise<void> {
    const stored = await this.#run('readonly', (store) => store.getAll() as IDBRequest<Entry[]>);
    this.entries.unshift(...(stored ?? []).map(unpack));
    for (const old of this.entries.splice(0, this.entries.length - KEEP)) await this.remove(old);
  }

  async save(entry: T): Promise<void> {
    await this.#run('readwrite', (store) => store.put(this.#pack(entry)));
  }

  async remove(entry: T): Promise<void> {
    const at = this.entries.indexOf(entry);
    if (at >= 0) this.entries.splice(at, 1);
    await this.#run('readwrite', (store) => store.delete(entry.id));
  }

  async clear(): Promise<void> {
    this.entries.length = 0;
    await this.#run('readwrite', (store) => store.clear());
  }

  async #run<R>(
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<R>,
  ): Promise<R | undefined> {
    const database = await this.#database;
    if (database === undefined) return undefined;
    return new Promise((resolve) => {
      const request = act(database.transaction(this.#place, mode).objectStore(this.#place));
      request.onsuccess = () => {
        resolve(request.result);
      };
      request.onerror = () => {
        // It stays on screen; only the next visit will miss it (the disk is full, mostly).
        console.warn('the history was not kept:', request.error?.message);
        resolve(undefined);
      };
    });
  }
}

/** A new id, later in order than every earlier one; at most 32 characters, as item ids upstream must be. */
export function newId(): string {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return `${microseconds.toString(36).padStart(11, '0')}-${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
}
