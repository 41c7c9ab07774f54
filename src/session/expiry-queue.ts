/** A binary heap of entries by expiry, soonest first; any entry can be moved or removed, not only the first. */

export interface Expiring {
  readonly expiresAt: number;
  /** The entry's index in the heap, maintained by the queue. */
  index: number;
}

export class ExpiryQueue<T extends Expiring> {
  readonly #heap: T[] = [];

  get first(): T | undefined {
    return this.#heap[0];
  }

  add(entry: T): void {
    this.#rise(entry, this.#heap.length);
  }

  /** The entry, which is in the queue, has a new `expiresAt`. */
  update(entry: T): void {
    this.#rise(entry, entry.index);
    this.#sink(entry, entry.index);
  }

  /** Removes an entry that is in the queue. */
  remove(entry: T): void {
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#set(last, entry.index);
    this.update(last);
  }

  #rise(entry: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = this.#heap[(index - 1) >> 1];
      if (parent === undefined || parent.expiresAt <= entry.expiresAt) break;
      const above = parent.index;
      this.#set(parent, index);
      index = above;
    }
    this.#set(entry, index);
  }

  #sink(entry: T, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child =
        left !== undefined && right !== undefined && right.expiresAt < left.expiresAt ? right : left;
      if (child === undefined || child.expiresAt >= entry.expiresAt) break;
      const below = child.index;
      this.#set(child, index);
      index = below;
    }
    this.#set(entry, index);
  }

  #set(entry: T, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }
}
