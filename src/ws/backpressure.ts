/** Back-pressure: a source is paused while what it sends is not read, so that nothing piles up here. */
import type { Socket } from './socket.js';

/** Unread bytes above which a source is paused, and below which it is resumed. */
export const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 64 * 1024;

/** A source that is paused while there is at least one reason, until it is released. */
export class PausableSource {
  readonly #source: Pick<Socket, 'pause' | 'resume'>;
  readonly #reasons = new Set<object>();
  #isReleased = false;

  constructor(source: Pick<Socket, 'pause' | 'resume'>) {
    this.#source = source;
  }

  /** Nothing is being read from it, pongs included. */
  get isPaused(): boolean {
    return this.#reasons.size > 0;
  }

  isPausedBy(reason: object): boolean {
    return this.#reasons.has(reason);
  }

  pause(reason: object): void {
    if (this.#isReleased) return;
    this.#reasons.add(reason);
    this.#source.pause();
  }

  resume(reason: object): void {
    if (this.#reasons.delete(reason) && !this.isPaused) this.#source.resume();
  }

  /** Never paused again: a source that is not read would not notice its own end. */
  release(): void {
    this.#isReleased = true;
    this.#reasons.clear();
    this.#source.resume();
  }
}

/** Writes to one side, and pauses the sources of what it writes while that side does not read. */
export class Sink {
  readonly #writer: Pick<Socket, 'send' | 'bufferedBytes'>;
  readonly #paused = new Set<PausableSource>();

  constructor(writer: Pick<Socket, 'send' | 'bufferedBytes'>) {
    this.#writer = writer;
  }

  /** @param from the source of the frame, paused while more than `highWaterBytes` are unread */
  send(frame: string, from: PausableSource, highWaterBytes = HIGH_WATER_BYTES): void {
    this.#writer.send(frame, this.#onDrained);
    if (this.#writer.bufferedBytes <= highWaterBytes) return;
    this.#paused.add(from);
    from.pause(this);
  }

  readonly #onDrained = (): void => {
    if (this.#paused.size === 0 || this.#writer.bufferedBytes > LOW_WATER_BYTES) return;
    for (const source of this.#paused) source.resume(this);
    this.#paused.clear();
  };
}
