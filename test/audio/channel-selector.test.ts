/** The choice between a mix and one channel: for two channels it is computed in its own way, with the same result. */
import { describe, expect, it } from '@jest/globals';
import { ChannelSelector, MIX } from '../../src/audio/mixing/channel-selector.js';

const RATE = 16_000;
const BLOCK_FRAMES = 320;
const BLOCKS = 200;

/** Numbers from 0 to 1, the same for each seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Two channels whose loudness and relation change every ten blocks: alike, opposite, independent or silent. */
function channelPair(seed: number): Float32Array {
  const random = randomNumbers(seed);
  const samples = new Float32Array(2 * BLOCK_FRAMES * BLOCKS);
  let relation = 0;
  let loudness = 0;
  for (let frame = 0; frame < BLOCK_FRAMES * BLOCKS; frame += 1) {
    if (frame % (10 * BLOCK_FRAMES) === 0) {
      relation = random();
      loudness = random() < 0.1 ? 0 : random();
    }
    const voice = loudness * Math.sin(frame / (4 + 10 * relation)) + 0.01 * random();
    const other = relation < 0.4 ? -voice : relation < 0.6 ? voice : loudness * (random() - 0.5);
    samples.set([voice, relation > 0.9 ? 0 : other * (0.9 + relation / 2)], 2 * frame);
  }
  return samples;
}

describe('the choice for two channels', () => {
  it.each([1, 2, 3, 4, 5])('is that for three of which one is silent (%i)', (seed) => {
    const pair = channelPair(seed);
    const three = new Float32Array((pair.length / 2) * 3);
    for (let frame = 0; frame < pair.length / 2; frame += 1)
      three.set([pair[2 * frame] ?? 0, pair[2 * frame + 1] ?? 0, 0], 3 * frame);
    const ofPair = new ChannelSelector([0.5, 0.4], RATE);
    const ofThree = new ChannelSelector([0.5, 0.4, 0.1], RATE);
    const chosen = new Set<number>();
    for (let block = 0; block < BLOCKS; block += 1) {
      const from = block * BLOCK_FRAMES;
      const channel = ofPair.next(pair, 2 * from, 2 * (from + BLOCK_FRAMES));
      expect(channel).toBe(ofThree.next(three, 3 * from, 3 * (from + BLOCK_FRAMES)));
      chosen.add(channel);
    }
    expect(chosen.size).toBeGreaterThan(1);
    expect(chosen).toContain(MIX);
  });
});
