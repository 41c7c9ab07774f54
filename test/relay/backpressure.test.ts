/** Backpressure by itself: when a source is paused, and until when. */
import { describe, expect, it } from '@jest/globals';
import { HIGH_WATER_BYTES, Sink, PausableSource } from '../../src/ws/backpressure.js';

/** A source that records whether it is paused. */
class Side {
  isRead = true;
  pause(): void {
    this.isRead = false;
  }
  resume(): void {
    this.isRead = true;
  }
}

/** A writer whose reader reads on demand. */
class Reader {
  readonly #unread: { frame: string; sent: () => void }[] = [];
  get bufferedBytes(): number {
    return this.#unread.reduce((sum, { frame }) => sum + frame.length, 0);
  }
  send(frame: string, sent: () => void): void {
    this.#unread.push({ frame, sent });
  }
  read(): void {
    for (let next = this.#unread.shift(); next !== undefined; next = this.#unread.shift()) next.sent();
  }
}

const MUCH = 'x'.repeat(HIGH_WATER_BYTES + 1);

describe('a source', () => {
  it('stays paused until every reason to pause is gone, each of which counts once', () => {
    const side = new Side();
    const tap = new PausableSource(side);
    const [first, second] = [{}, {}];
    tap.pause(first);
    tap.pause(first);
    tap.pause(second);
    tap.resume(first);
    expect([side.isRead, tap.isPaused, tap.isPausedBy(first), tap.isPausedBy(second)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    tap.resume({});
    expect(side.isRead).toBe(false);
    tap.resume(second);
    expect([side.isRead, tap.isPaused]).toEqual([true, false]);
  });

  it('is never paused again once it was released', () => {
    const side = new Side();
    const tap = new PausableSource(side);
    tap.pause({});
    tap.release();
    expect([side.isRead, tap.isPaused]).toEqual([true, false]);
    tap.pause({});
    expect([side.isRead, tap.isPaused]).toEqual([true, false]);
  });
});

describe('a sink', () => {
  it('pauses its source above the high-water mark, until it has drained', () => {
    const side = new Side();
    const reader = new Reader();
    const tap = new PausableSource(side);
    const outlet = new Sink(reader);
    outlet.send(MUCH.slice(1), tap);
    expect(side.isRead).toBe(true);
    outlet.send('x', tap);
    expect([side.isRead, tap.isPausedBy(outlet)]).toEqual([false, true]);
    reader.read();
    expect(side.isRead).toBe(true);
  });

  it('has a high-water mark of its own for each source', () => {
    const [patient, hasty] = [new Side(), new Side()];
    const outlet = new Sink(new Reader());
    outlet.send(MUCH, new PausableSource(patient), 2 * HIGH_WATER_BYTES);
    outlet.send('x', new PausableSource(hasty));
    expect([patient.isRead, hasty.isRead]).toEqual([true, false]);
  });

  it('resumes all sources together', () => {
    const [first, second] = [new Side(), new Side()];
    const reader = new Reader();
    const outlet = new Sink(reader);
    outlet.send(MUCH, new PausableSource(first));
    outlet.send(MUCH, new PausableSource(second));
    expect([first.isRead, second.isRead]).toEqual([false, false]);
    reader.read();
    expect([first.isRead, second.isRead]).toEqual([true, true]);
  });
});
