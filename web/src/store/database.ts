/** The IndexedDB of the page. No failure of it stops the page: without it, items last until a reload. */
import { openDB, type IDBPDatabase } from 'idb';
import { shallowRef, type ShallowRef } from 'vue';
import { migrate, VERSION, type Schema } from './schema.js';

const NAME = 'realtime-translation';

/**
 * `blocked`: a tab with an older version of the page keeps the old database open; items are stored once it closes.
 * `outdated`: this tab has the older version. `unavailable`: the browser grants no storage (some private windows).
 */
export type DatabaseState = 'opening' | 'open' | 'blocked' | 'outdated' | 'unavailable';

export class Database {
  readonly state: ShallowRef<DatabaseState> = shallowRef('opening');
  #opened: Promise<IDBPDatabase<Schema> | undefined>;
  #holders = 0;
  #closeWanted = false;

  constructor() {
    this.#opened = this.#open();
  }

  /** The open database; undefined if there is none. While `blocked` it is pending, so await it for storage alone. */
  get opened(): Promise<IDBPDatabase<Schema> | undefined> {
    return this.#opened;
  }

  /**
   * Keeps the database open although a newer version of the page asks for it, e.g. during a recording. That page goes
   * on without storage in the meantime. @returns releases it; may be called twice.
   */
  hold(): () => void {
    this.#holders += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      if (this.#closeWanted && this.#holders === 0) void this.#closeForNewerVersion();
    };
  }

  async #open(): Promise<IDBPDatabase<Schema> | undefined> {
    try {
      const database = await openDB<Schema>(NAME, VERSION, {
        upgrade: (upgraded, oldVersion, _newVersion, transaction) => {
          migrate(upgraded, oldVersion, transaction).catch(() => {
            transaction.abort();
          });
        },
        blocked: () => {
          this.state.value = 'blocked';
        },
        blocking: () => {
          this.#closeWanted = true;
          if (this.#holders === 0) void this.#closeForNewerVersion();
        },
        // The browser closed it, e.g. because the user deleted the data of this site.
        terminated: () => {
          this.#opened = this.#open();
        },
      });
      this.state.value = 'open';
      return database;
    } catch (thrown) {
      const isNewer = thrown instanceof DOMException && thrown.name === 'VersionError';
      this.state.value = isNewer ? 'outdated' : 'unavailable';
      return undefined;
    }
  }

  async #closeForNewerVersion(): Promise<void> {
    this.state.value = 'outdated';
    const opened = this.#opened;
    this.#opened = Promise.resolve(undefined);
    (await opened)?.close();
  }
}
