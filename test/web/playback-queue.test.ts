/** Start times in the playback queue. */
import { describe, expect, it } from '@jest/globals';
import { PlaybackQueue } from '../../web/src/audio/playback-queue.js';

describe('the playback queue', () => {
  it('appends each chunk to the one before, without a gap or an overlap', () => {
    const list = new PlaybackQueue();
    expect(list.add('a', 0.5, 10)).toBe(10);
    expect(list.add('a', 0.25, 10.1)).toBe(10.5);
    expect(list.add('b', 1, 10.2)).toBe(10.75);
  });

  it('starts immediately when the queue is empty', () => {
    const list = new PlaybackQueue();
    list.add('a', 0.5, 10);
    expect(list.add('a', 0.5, 12)).toBe(12);
  });

  it('reports how much of the current item was actually played, without gaps', () => {
    const list = new PlaybackQueue();
    list.add('a', 0.5, 10);
    list.add('a', 0.5, 12);
    list.add('b', 5, 12);
    expect(list.stop(12.2)).toEqual({ itemId: 'a', playedMs: 700 });
  });

  it('names the item that is playing, not the one that arrived last', () => {
    const list = new PlaybackQueue();
    list.add('a', 1, 0);
    list.add('b', 1, 0);
    expect(list.stop(1.25)).toEqual({ itemId: 'b', playedMs: 250 });
  });

  it('reports 0 when it stops before the item began', () => {
    const list = new PlaybackQueue();
    list.add('a', 1, 5.06);
    expect(list.stop(5)).toEqual({ itemId: 'a', playedMs: 0 });
  });

  it('reports nothing when everything was played, and starts again after a stop', () => {
    const list = new PlaybackQueue();
    list.add('a', 1, 0);
    expect(list.stop(3)).toBeUndefined();
    list.add('b', 5, 3);
    list.stop(4);
    expect(list.add('c', 1, 4)).toBe(4);
  });
});
