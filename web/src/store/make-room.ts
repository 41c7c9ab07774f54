/** Drops sounds and films from the store, the oldest first, where there is no room for new ones. Items and texts stay. */
import type { IDBPDatabase } from 'idb';
import { isRunning, soundsOf, type Item } from './item.js';
import type { Schema } from './schema.js';

/** The film or recording of an item of the place Files. It is not counted among the sounds of the other places. */
export function filmKey({ id }: Item): string {
  return `${id}:film`;
}

/**
 * Drops films: the first to go, for the user has them elsewhere. Those of uploads under way may be sent again,
 * and stay.
 * @param items oldest first. @returns how many bytes are free.
 */
export async function dropOldestFilms(
  database: IDBPDatabase<Schema>,
  items: readonly Item[],
  bytes: number,
  update: (item: Item, changes: Partial<Item>) => void,
): Promise<number> {
  let freed = 0;
  for (const item of [...items]) {
    if (freed >= bytes) break;
    const { upload } = item;
    if (upload?.jobId === undefined || upload.keptBytes === 0) continue;
    await database.delete('sounds', filmKey(item));
    freed += upload.keptBytes;
    update(item, { upload: { ...upload, keptBytes: 0 } });
  }
  return freed;
}

/** Drops audio of items that are neither pinned nor running. @param items oldest first. @param unstored ids of sounds that are not in the database. */
export async function dropOldestAudio(
  database: IDBPDatabase<Schema>,
  items: readonly Item[],
  bytes: number,
  unstored: ReadonlyMap<string, Blob>,
  update: (item: Item, changes: Partial<Item>) => void,
): Promise<void> {
  let freed = 0;
  for (const item of items) {
    if (freed >= bytes) break;
    // The newest item is the one for which room is made.
    if (item.pinned || isRunning(item) || item === items.at(-1)) continue;
    const stored = soundsOf(item).filter(({ id }) => !unstored.has(id));
    if (stored.length === 0) continue;
    const transaction = database.transaction('sounds', 'readwrite');
    await Promise.all([...stored.map(({ id }) => transaction.store.delete(id)), transaction.done]);
    freed += stored.reduce((sum, sound) => sum + sound.bytes, 0);
    if (item.input.kind === 'recording' || item.input.kind === 'file') item.input.sound = undefined;
    update(item, { reply: undefined, audioDropped: true });
  }
}
