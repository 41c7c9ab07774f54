/**
 * An unordered collection for things that come and go by the thousand, such as requests.
 *
 * A Set or a Map would keep garbage alive: where members come and go V8 reallocates its table again and again, and each
 * outgrown table refers to its last members and to the table after it. Once one of them is in the old generation, minor
 * collections keep all that follow, with every request that was ever in them. Under load that cost a fifth of the time.
 */

/** A member stores its own index; it can be in one bag at a time. */
export interface Indexed {
  /** Written by the bag alone. */
  index: number;
}

export class Bag<T extends Indexed> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.index = this.#members.length;
    this.#members.push(member);
  }

  /** @returns false if it is not a member. */
  remove(member: T): boolean {
    if (this.#members[member.index] !== member) return false;
    const last = this.#members.pop();
    if (last === undefined || last === member) return true;
    this.#members[member.index] = last;
    last.index = member.index;
    return true;
  }

  /** The members of this moment, whatever is removed meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members][Symbol.iterator]();
  }
}
