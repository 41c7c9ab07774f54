/** Start times in the playback queue. */
import { describe, expect, it } from '@jest/globals';
import { PlaybackQueue } from '../../web/src/audio/playback-queue.js';

describe('the playback queue', () => {
  it('appends each chunk to the one before, without a gap or an overlap', () => {
    const queue = new PlaybackQueue();
    expect(queue.add(0.5, 10)).toBe(10);
    expect(queue.add(0.25, 10.1)).toBe(10.5);
    expect(queue.add(1, 10.2)).toBe(10.75);
    expect(queue.end).toBe(11.75);
  });

  it('starts immediately when the queue is empty', () => {
    const queue = new PlaybackQueue();
    queue.add(0.5, 10);
    expect(queue.add(0.5, 12)).toBe(12);
  });

  it('reports how much was actually played, without gaps', () => {
    const queue = new PlaybackQueue();
    queue.add(0.5, 10);
    queue.add(0.5, 12);
    expect(queue.playedMs(12.2)).toBe(700);
  });

  it('reports 0 before the sound began, and all of it after its end', () => {
    const queue = new PlaybackQueue();
    queue.add(1, 5.06);
    expect(queue.playedMs(5)).toBe(0);
    expect(queue.playedMs(99)).toBe(1_000);
  });

  it('counts in the time of the sound, whatever its speed', () => {
    const queue = new PlaybackQueue();
    queue.add(1, 0, 1.5);
    expect(queue.playedMs(0.5)).toBe(750);
  });
});
