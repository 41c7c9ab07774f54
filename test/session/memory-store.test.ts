/** The memory store: the contract, and what is its own. */
import { describe, expect, it } from '@jest/globals';
import { MemoryStore } from '../../src/session/memory-store.js';
import { describeStore, stored } from '../support/session/store-contract.js';
import { until } from '../support/until.js';

describeStore('memory', () => Promise.resolve(new MemoryStore()));

describe('the memory store, with thousands of sessions', () => {
  it('drops exactly those that expired, among touched and deleted ones', async () => {
    const store = new MemoryStore();
    const short: string[] = [];
    const touched: string[] = [];
    const long: string[] = [];
    for (let i = 0; i < 1_000; i += 1) {
      short.push((await stored(store, { ttlMs: 100 + (i % 97) })).connectId);
      touched.push((await stored(store, { ttlMs: 700 })).connectId);
      long.push((await stored(store, { ttlMs: 60_000 + ((i * 7919) % 1_000) })).connectId);
    }
    const control = await stored(store, { ttlMs: 1_500 });
    for (const connectId of long.slice(0, 500)) await store.delete(connectId);
    await until('the control has expired', async () => {
      for (const connectId of touched) await store.touch(connectId);
      return (await store.get(control.connectId)) === undefined;
    });

    expect(await store.count()).toBe(1_500);
    for (const connectId of short) expect(await store.get(connectId)).toBeUndefined();
    for (const connectId of [...touched, ...long.slice(500)])
      expect(await store.get(connectId)).toBeDefined();
  });

  it('finds the last page among 10 000 sessions', async () => {
    const store = new MemoryStore();
    const made: string[] = [];
    for (let i = 0; i < 10_000; i += 1) made.push((await stored(store)).connectId);
    const { sessions, next } = await store.list('alice', 3, 4);
    expect(sessions.map(({ connectId }) => connectId)).toEqual(made.slice(0, 3).reverse());
    expect(next).toBeNull();
  });
});
