/** Keeps uploaded films and recordings in this browser, so that they can be played after a reload. */
import type { IDBPDatabase } from 'idb';
import { inject, watch, type InjectionKey } from 'vue';
import { filmKey } from '../../store/make-room.js';
import type { Item } from '../../store/item.js';
import type { ItemStore } from '../../store/item-store.js';
import type { Schema } from '../../store/schema.js';

export const PLACE = 'files';

/** Share of the storage quota of the browser; half of the quota is for the recordings of the other places. */
const QUOTA_SHARE = 0.4;
/** Assumed where the browser does not tell its quota. */
const UNKNOWN_QUOTA_BYTES = 1024 ** 3;

// Browsers hide it from insecure pages, whatever the DOM types say.
const { storage: STORAGE } = navigator as { readonly storage?: StorageManager };

export class KeptFiles {
  readonly #items: ItemStore;
  /** Files chosen since the page was loaded, by the id of their item. They stay on the disk, not in memory. */
  readonly #chosen = new Map<string, File>();
  /** The last write: writes run one after the other, so that two do not count on the same space. */
  #last: Promise<void> = Promise.resolve();

  constructor(items: ItemStore) {
    this.#items = items;
  }

  /** The file name of a job; undefined if it was uploaded by another browser. */
  nameOf(jobId: string): string | undefined {
    const input = this.itemOf(jobId)?.input;
    return input?.kind === 'file' ? input.name : undefined;
  }

  /** The film or recording of a job, if this browser keeps it. */
  async mediaOf(jobId: string): Promise<Blob | undefined> {
    await this.#loaded();
    const item = this.itemOf(jobId);
    return item && (await this.fileOf(item));
  }

  /** Forgets what is kept of a job, e.g. because it was deleted. */
  forget(jobId: string): void {
    const item = this.itemOf(jobId);
    if (item !== undefined) this.remove(item);
  }

  /** The upload that a job was made by. */
  itemOf(jobId: string): Item | undefined {
    return this.#items.items.findLast(({ upload }) => upload?.jobId === jobId);
  }

  /** The file of an upload, if it is still known. */
  async fileOf(item: Item): Promise<Blob | undefined> {
    const chosen = this.#chosen.get(item.id);
    if (chosen !== undefined) return chosen;
    if (item.upload === undefined || item.upload.keptBytes === 0) return undefined;
    const database = await this.#items.database.opened;
    return (await database?.get('sounds', filmKey(item)))?.blob;
  }

  /** Keeps the file of an upload if there is room, for which older ones are dropped. Never rejects. */
  keep(item: Item, file: File): Promise<void> {
    this.#chosen.set(item.id, file);
    this.#last = this.#last.then(() => this.#store(item, file));
    return this.#last;
  }

  remove(item: Item): void {
    this.#chosen.delete(item.id);
    this.#items.remove(item); // Removes its file too.
  }

  /** Forgets the uploads whose jobs have expired at the service. */
  async removeExpired(): Promise<void> {
    await this.#loaded();
    const expired = this.#items.items.filter(
      ({ upload }) => upload?.expiresAt !== undefined && upload.expiresAt < Date.now(),
    );
    for (const item of expired) this.remove(item);
  }

  async #store(item: Item, file: File): Promise<void> {
    const items = this.#items;
    const database = await items.database.opened;
    if (database === undefined) return;
    const release = items.database.hold();
    try {
      if (!(await this.#fits(database, file.size))) return;
      const stored = { id: filmKey(item), itemId: item.id, bytes: file.size, blob: file };
      await database.put('sounds', stored);
      if (items.get(item.id) === undefined) await database.delete('sounds', stored.id);
      else if (item.upload !== undefined)
        items.update(item, { upload: { ...item.upload, keptBytes: file.size } });
    } catch (thrown) {
      // Not fatal: the sound of the service is played instead, and an interrupted upload asks for the file again.
      console.info(`${file.name} is not kept in this browser:`, thrown);
    } finally {
      release();
    }
  }

  /** Drops older files as needed. @returns whether a file of this size fits into the share of the quota. */
  async #fits(database: IDBPDatabase<Schema>, bytes: number): Promise<boolean> {
    await STORAGE?.persist().catch(() => false);
    const estimate = await STORAGE?.estimate().catch(() => undefined);
    const bound = (estimate?.quota ?? UNKNOWN_QUOTA_BYTES) * QUOTA_SHARE;
    if (bytes > bound) return false;
    const kept = this.#items.items.reduce((sum, { upload }) => sum + (upload?.keptBytes ?? 0), 0);
    const excess = kept + bytes - bound;
    return excess <= 0 || (await this.#items.dropOldestFilms(database, excess)) >= excess;
  }

  /** Resolves once the items are loaded, or the database is blocked by another tab. */
  async #loaded(): Promise<void> {
    const { loaded, database } = this.#items;
    let stop: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => {
      stop = watch(
        database.state,
        (state) => {
          if (state === 'blocked') resolve();
        },
        { immediate: true },
      );
    });
    await Promise.race([loaded, blocked]);
    stop();
  }
}

export const KEPT_FILES: InjectionKey<KeptFiles> = Symbol('kept files');

/** For what the place Files shows. */
export function useKeptFiles(): KeptFiles {
  const kept = inject(KEPT_FILES);
  if (kept === undefined) throw new Error('useKeptFiles() requires FilesView as an ancestor');
  return kept;
}
