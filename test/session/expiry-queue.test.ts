/** The heap behind the memory store, against plain sorting. */
import { expect, it } from '@jest/globals';
import { ExpiryQueue, type Expiring } from '../../src/session/expiry-queue.js';

/** A fixed sequence of numbers without pattern (a linear congruence), the same in every run. */
function scatter(): () => number {
  let state = 42;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
}

it('hands entries out soonest first, after any mixture of adding, moving and taking out', () => {
  const next = scatter();
  const queue = new ExpiryQueue<Expiring>();
  const entries: { expiresAt: number; index: number }[] = [];
  for (let step = 0; step < 5_000; step += 1) {
    const chosen = entries[next() % Math.max(1, entries.length)];
    const action = next() % 4;
    if (action < 2 || chosen === undefined) {
      const entry = { expiresAt: next() % 1_000, index: -1 };
      entries.push(entry);
      queue.add(entry);
    } else if (action === 2) {
      chosen.expiresAt = next() % 1_000;
      queue.update(chosen);
    } else {
      entries.splice(entries.indexOf(chosen), 1);
      queue.remove(chosen);
    }
    expect(queue.first?.expiresAt ?? Infinity).toBe(Math.min(...entries.map(({ expiresAt }) => expiresAt)));
  }
  const handedOut: number[] = [];
  for (let first = queue.first; first !== undefined; first = queue.first) {
    handedOut.push(first.expiresAt);
    queue.remove(first);
  }
  expect(handedOut.length).toBeGreaterThan(100);
  expect(handedOut).toEqual(entries.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b));
});
