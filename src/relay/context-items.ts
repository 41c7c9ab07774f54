/** The items of a conversation in the order in which they are answered: each answer right behind its question. */
import type { ItemReference } from '../wire/index.js';

interface Placed {
  readonly id: string;
  readonly place: number;
}

/** What a response is told of the conversation: the latest items, so that a long one does not grow without bound. */
const MAX_ITEMS = 128;

export class ContextItems {
  #items: Placed[] = [];
  #last = 0;

  /** A new place behind everything. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /**
   * @param previousId the item that it follows, or `root`; absent or unknown: the end
   * @returns its place
   */
  add(id: string, previousId?: string): number {
    if (previousId === 'root') {
      this.#items.unshift({ id, place: 0 });
      return 0;
    }
    const at = previousId === undefined ? -1 : this.#items.findIndex((item) => item.id === previousId);
    const place = this.#items[at]?.place ?? this.next();
    this.#insert({ id, place }, at < 0 ? this.#items.length : at + 1);
    return place;
  }

  /** @param place of the question */
  addAnswer(id: string, place: number): void {
    if (this.#items.some((item) => item.id === id)) return; // the client's own
    const at = this.#items.findIndex((item) => item.place > place);
    const answered = place === Infinity ? this.next() : place;
    this.#insert({ id, place: answered }, at < 0 ? this.#items.length : at);
  }

  delete(id: string): void {
    this.#items = this.#items.filter((item) => item.id !== id);
  }

  /** References to everything up to the place. */
  until(place: number): ItemReference[] {
    return this.#items.filter((item) => item.place <= place).map(({ id }) => ({ reference: id }));
  }

  #insert(item: Placed, at: number): void {
    this.#items.splice(at, 0, item);
    if (this.#items.length > MAX_ITEMS) this.#items.shift();
  }
}
