/** What the page keeps: by number, age and bytes. */
import { describe, expect, it } from '@jest/globals';
import { surplusOf, usageOf } from '../../web/src/store/bounds.js';
import { createItem, type Item } from '../../web/src/store/item.js';

const DAY_MS = 86_400_000;
const MB = 1024 * 1024;

function aged(days: number, parts: Partial<Item> = {}): Item {
  const input = { kind: 'text', text: 'hello' } as const;
  return createItem({ place: 'translate', input, createdAt: Date.now() - days * DAY_MS, ...parts });
}

const sound = (bytes: number) => ({ id: 'x', bytes, mimeType: 'audio/wav' });

describe('the age of what is kept', () => {
  it('has no bound unless one is chosen', () => {
    expect(surplusOf([aged(4_000), aged(0)], { keepDays: 0, maxMegabytes: 500 })).toEqual([]);
  });

  it('is bound by days, but for what is pinned or runs', () => {
    const old = aged(8);
    const kept = [aged(8, { pinned: true }), aged(8, { state: 'streaming' }), aged(6)];
    expect(surplusOf([old, ...kept], { keepDays: 7, maxMegabytes: 500 })).toEqual([old]);
  });
});

describe('the number of what is kept', () => {
  it('is bound at 1000, the oldest going first', () => {
    const items = Array.from({ length: 1_002 }, () => aged(0));
    expect(surplusOf(items, { keepDays: 0, maxMegabytes: 500 })).toEqual(items.slice(0, 2));
  });
});

describe('the audio that is kept', () => {
  const spoken = aged(0, { reply: sound(3 * MB) });
  const recorded = aged(0, {
    reply: sound(1 * MB),
    input: { kind: 'recording', name: 'r.wav', sound: sound(2 * MB) },
  });

  it('is counted in bytes, recordings and replies', () => {
    const usage = usageOf([spoken, recorded, aged(0)], { keepDays: 0, maxMegabytes: 50 }, Infinity);
    expect(usage).toEqual({ items: 3, audioBytes: 6 * MB, maxAudioBytes: 50 * MB });
  });

  it('takes no more than half of what the browser grants', () => {
    const { maxAudioBytes } = usageOf([], { keepDays: 0, maxMegabytes: 500 }, 100 * MB);
    expect(maxAudioBytes).toBe(50 * MB);
  });
});
