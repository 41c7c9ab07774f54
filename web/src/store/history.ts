/** The entries of one view, newest last, on screen and in the browser's database. */
import { shallowReactive } from 'vue';
import type { ViewName } from './database.js';

export interface Entry {
  /** Made by `newId`, so that ids sort by age. */
  readonly id: string;
}

/** The oldest entries beyond this number are deleted. */
const MAX_ENTRIES = 300;

export class History<T extends Entry> {
  readonly entries: T[] = shallowReactive([]);
  readonly #database: Promise<IDBDatabase | undefined>;
  readonly #view: ViewName;
  readonly #serialize: (entry: T) => Entry;

  /** @param serialize returns what to store of an entry: plain data, which may include blobs. */
  constructor(database: Promise<IDBDatabase | undefined>, view: ViewName, serialize: (entry: T) => Entry) {
    this.#database = database;
    this.#view = view;
    this.#serialize = serialize;
  }

  /** Loads the stored entries. @param deserialize makes an entry of what `serialize` returned. */
  async load(deserialize: (stored: Entry) => T): Promise<void> {
    const stored = await this.#run('readonly', (store) => store.getAll() as IDBRequest<Entry[]>);
    this.entries.unshift(...(stored ?? []).map(deserialize));
    for (const old of this.entries.splice(0, this.entries.length - MAX_ENTRIES)) await this.remove(old);
  }

  async save(entry: T): Promise<void> {
    await this.#run('readwrite', (store) => store.put(this.#serialize(entry)));
  }

  async remove(entry: T): Promise<void> {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index, 1);
    await this.#run('readwrite', (store) => store.delete(entry.id));
  }

  async clear(): Promise<void> {
    this.entries.length = 0;
    await this.#run('readwrite', (store) => store.clear());
  }

  async #run<R>(
    mode: IDBTransactionMode,
    operation: (store: IDBObjectStore) => IDBRequest<R>,
  ): Promise<R | undefined> {
    const database = await this.#database;
    if (database === undefined) return undefined;
    return new Promise((resolve) => {
      const request = operation(database.transaction(this.#view, mode).objectStore(this.#view));
      request.onsuccess = () => {
        resolve(request.result);
      };
      request.onerror = () => {
        // Usually the disk is full. The entry stays on screen, but is missing after a reload.
        console.warn('the history was not stored:', request.error?.message);
        resolve(undefined);
      };
    });
  }
}

/** A new id that sorts after every earlier one, of at most 32 characters: the limit for item ids upstream. */
export function newId(): string {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return `${microseconds.toString(36).padStart(11, '0')}-${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
}
