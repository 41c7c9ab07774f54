/** A binary heap of what expires, soonest first, in which an entry can be moved or taken out from the middle. */

export interface Expiring {
  readonly expiresAt: number;
  /** The entry's own place in the heap; the queue keeps it. */
  place: number;
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
    this.#rise(entry, entry.place);
    this.#sink(entry, entry.place);
  }

  /** Takes out an entry that is in the queue. */
  remove(entry: T): void {
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#set(last, entry.place);
    this.update(last);
  }

  #rise(entry: T, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1];
      if (parent === undefined || parent.expiresAt <= entry.expiresAt) break;
      const above = parent.place;
      this.#set(parent, place);
      place = above;
    }
    this.#set(entry, place);
  }

  #sink(entry: T, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child =
        left !== undefined && right !== undefined && right.expiresAt < left.expiresAt ? right : left;
      if (child === undefined || child.expiresAt >= entry.expiresAt) break;
      const below = child.place;
      this.#set(child, place);
      place = below;
    }
    this.#set(entry, place);
  }

  #set(entry: T, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}
