/** The items on screen: reactive, oldest first, found by id and by their words. */
import { computed, reactive, shallowReactive, type ComputedRef } from 'vue';
import { matches, type Item } from './item.js';

export class ItemList {
  readonly all: readonly Item[];
  readonly #items: Item[] = shallowReactive([]);
  readonly #byId = new Map<string, Item>();

  constructor() {
    this.all = this.#items;
  }

  get(id: string): Item | undefined {
    return this.#byId.get(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Those of one place. */
  of(place: string): ComputedRef<Item[]> {
    return computed(() => this.#items.filter((item) => item.place === place));
  }

  /** The newest first. @param place absent: of every place. */
  search(query: string, place?: string): Item[] {
    return this.#items
      .filter((item) => (place === undefined || item.place === place) && matches(item, query))
      .reverse();
  }

  /** @returns the item, reactive, at its position by its id, which begins with its time. */
  insert(plain: Item): Item {
    const item = reactive(plain);
    let index = this.#items.length;
    while (index > 0 && (this.#items[index - 1]?.id ?? '') > item.id) index -= 1;
    this.#items.splice(index, 0, item);
    this.#byId.set(item.id, item);
    return item;
  }

  /** @returns what was removed. */
  remove(id: string): Item | undefined {
    const item = this.#byId.get(id);
    if (item === undefined) return undefined;
    this.#byId.delete(id);
    this.#items.splice(this.#items.indexOf(item), 1);
    return item;
  }
}
