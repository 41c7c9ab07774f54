/** The bag: what comes and goes by the thousand, in no order. */
import { describe, expect, it } from '@jest/globals';
import { Bag, type Indexed } from '../src/bag.js';

interface Named extends Indexed {
  readonly name: number;
}

const named = (name: number): Named => ({ name, index: 0 });
const namesIn = (bag: Bag<Named>): number[] => [...bag].map(({ name }) => name).sort((a, b) => a - b);

describe('a bag', () => {
  it('holds what was added and not removed, whatever the order', () => {
    const bag = new Bag<Named>();
    const all = Array.from({ length: 100 }, (_, name) => named(name));
    for (const each of all) bag.add(each);
    for (const each of all) if (each.name % 3 !== 0) expect(bag.remove(each)).toBe(true);
    expect(namesIn(bag)).toEqual(all.map(({ name }) => name).filter((name) => name % 3 === 0));
    expect(bag.size).toBe(34);
  });

  it('removes a member once, and takes it again', () => {
    const bag = new Bag<Named>();
    const [one, two] = [named(1), named(2)];
    bag.add(one);
    bag.add(two);
    expect(bag.remove(one)).toBe(true);
    expect(bag.remove(one)).toBe(false);
    expect(namesIn(bag)).toEqual([2]);
    bag.add(one);
    expect(bag.remove(two)).toBe(true);
    expect(bag.remove(one)).toBe(true);
    expect(bag.size).toBe(0);
  });

  it('does not take a member of another bag for its own', () => {
    const [ours, theirs] = [new Bag<Named>(), new Bag<Named>()];
    const [mine, other] = [named(1), named(2)];
    ours.add(mine);
    theirs.add(other);
    expect(ours.remove(other)).toBe(false);
    expect(namesIn(ours)).toEqual([1]);
  });

  it('goes through all that were in it when that began, whatever is removed meanwhile', () => {
    const bag = new Bag<Named>();
    for (const each of [named(1), named(2), named(3)]) bag.add(each);
    const seen: number[] = [];
    for (const each of bag) {
      seen.push(each.name);
      for (const other of bag) bag.remove(other);
    }
    expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(bag.size).toBe(0);
  });
});
