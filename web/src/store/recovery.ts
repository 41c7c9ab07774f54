/** Brings back what a tab was doing when it was closed or killed. */
import type { IDBPDatabase } from 'idb';
import { millisecondsOf } from '../audio/pcm.js';
import { encodeWav } from '../audio/wav.js';
import { chunksOf } from './chunk-keys.js';
import { isRunning, type Item } from './item.js';
import type { Schema } from './schema.js';

export interface Recovered {
  readonly recovered: readonly Item[];
  /** Items in which there was nothing yet. */
  readonly removed: readonly string[];
}

/**
 * Marks the items that `owner` ran as interrupted, and makes a sound of what was recorded. Runs in one transaction, so
 * that a second tab that recovers the same finds nothing left.
 * @param owner the tab that has ended; undefined: items that no tab runs, but whose recording is still in chunks,
 * because the store was too full for the finished sound.
 */
export async function recoverItems(
  database: IDBPDatabase<Schema>,
  owner: string | undefined,
): Promise<Recovered> {
  const transaction = database.transaction(['items', 'sounds', 'chunks'], 'readwrite');
  const [items, sounds, chunks] = [
    transaction.objectStore('items'),
    transaction.objectStore('sounds'),
    transaction.objectStore('chunks'),
  ];
  const recovered: Item[] = [];
  const removed: string[] = [];
  const withChunks = new Set((await chunks.getAllKeys()).map(([itemId]) => itemId));
  for (const item of await items.getAll()) {
    if (item.runningIn !== owner) continue;
    const wasRecording = item.state === 'recording';
    if (!isRunning(item) && !withChunks.has(item.id)) continue;
    if (item.input.kind === 'recording' && withChunks.has(item.id)) {
      const pcm = (await chunks.getAll(chunksOf(item.id))).map((chunk) => chunk.pcm);
      const blob = new Blob([encodeWav(pcm)], { type: 'audio/wav' });
      const id = `${item.id}:input`;
      await sounds.put({ id, itemId: item.id, bytes: blob.size, blob });
      await chunks.delete(chunksOf(item.id));
      const durationMs = pcm.reduce((sum, chunk) => sum + millisecondsOf(chunk), 0);
      item.input.sound = { id, bytes: blob.size, mimeType: blob.type, durationMs };
    } else if (wasRecording) {
      await items.delete(item.id);
      removed.push(item.id);
      continue;
    }
    if (isRunning(item)) item.state = 'interrupted';
    item.runningIn = undefined;
    await items.put(item);
    recovered.push(item);
  }
  await transaction.done;
  return { recovered, removed };
}
