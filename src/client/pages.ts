/** Lists that the service sends in pages. */
import type { Cancellable } from './types.js';

export interface PageQuery extends Cancellable {
  /** The largest number of items on a page. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Yields the items of all pages; each page is requested when the iteration reaches it. */
export async function* allPages<Item>(
  readPage: (cursor: string | undefined) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
): AsyncGenerator<Item, void, void> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await readPage(cursor);
    yield* items;
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}
