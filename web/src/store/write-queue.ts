/** Writes to the database, one after the other, without anyone waiting for them. Makes room when the store is full. */
import type { IDBPDatabase } from 'idb';
import type { Database } from './database.js';
import type { Schema } from './schema.js';

export type Write = (database: IDBPDatabase<Schema>) => Promise<unknown>;

export interface WriteQueueOptions {
  readonly database: Database;
  /** Frees at least this many bytes, if there is anything that may go. */
  makeRoom(database: IDBPDatabase<Schema>, bytes: number): Promise<void>;
  onError(thrown: unknown): void;
}

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #last: Promise<void> = Promise.resolve();

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /**
   * Runs `write` after those before it, and a second time if the store was full and room has been made.
   * @param bytes it will take, about. @param onWritten called when it has succeeded.
   */
  push(write: Write, bytes = 0, onWritten: () => void = () => undefined): void {
    const options = this.#options;
    this.#last = this.#last.then(async () => {
      const opened = await options.database.opened;
      if (opened === undefined) return;
      try {
        await write(opened).catch(async (thrown: unknown) => {
          if (!isQuotaError(thrown)) throw thrown;
          await options.makeRoom(opened, Math.max(bytes * 2, 1));
          await write(opened);
        });
        onWritten();
      } catch (thrown) {
        options.onError(thrown);
      }
    });
  }

  /** Resolves when everything so far is written, or has failed to be. */
  async flush(): Promise<void> {
    await this.#last;
  }
}

export function isQuotaError(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'QuotaExceededError';
}
