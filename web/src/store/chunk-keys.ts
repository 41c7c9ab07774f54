/** The keys under which the chunks of a recording are stored. */

/** [id, 0] and up. */
export function chunksOf(itemId: string): IDBKeyRange {
  return IDBKeyRange.bound([itemId, 0], [itemId, Infinity]);
}
