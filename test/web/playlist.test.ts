/** When which sound is heard. */
import { describe, expect, it } from '@jest/globals';
import { Playlist } from '../../web/src/audio/playlist.js';

describe('the playback queue', () => {
  it('puts each piece behind the one before, without a gap or an overlap', () => {
    const list = new Playlist();
    expect(list.add('a', 0.5, 10)).toBe(10);
    expect(list.add('a', 0.25, 10.1)).toBe(10.5);
    expect(list.add('b', 1, 10.2)).toBe(10.75);
  });

  it('starts at once when the queue has run dry', () => {
    const list = new Playlist();
    list.add('a', 0.5, 10);
    expect(list.add('a', 0.5, 12)).toBe(12);
  });

  it('tells how much of the item being heard was really played, gaps left out', () => {
    const list = new Playlist();
    list.add('a', 0.5, 10);
    list.add('a', 0.5, 12);
    list.add('b', 5, 12);
    expect(list.stop(12.2)).toEqual({ itemId: 'a', playedMs: 700 });
  });

  it('names the item that is heard, not the one that arrived last', () => {
    const list = new Playlist();
    list.add('a', 1, 0);
    list.add('b', 1, 0);
    expect(list.stop(1.25)).toEqual({ itemId: 'b', playedMs: 250 });
  });

  it('was not heard at all when it stops before it began', () => {
    const list = new Playlist();
    list.add('a', 1, 5.06);
    expect(list.stop(5)).toEqual({ itemId: 'a', playedMs: 0 });
  });

  it('has nothing to tell when all was heard, and begins anew after a stop', () => {
    const list = new Playlist();
    list.add('a', 1, 0);
    expect(list.stop(3)).toBeUndefined();
    list.add('b', 5, 3);
    list.stop(4);
    expect(list.add('c', 1, 4)).toBe(4);
  });
});
