/** Back-pressure: who speaks to a reader that is slow has to wait, so that nothing piles up here. */

/** A side that is read from. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** A side that is written to. */
export interface FrameWriter {
  /** Accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  send(frame: string, sent: () => void): void;
}

/** Unread bytes from which on a source waits, and from which on it is read again. */
export const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 64 * 1024;

/** What comes in from one side. It is shut as long as anybody has a reason to, and never again once it was released. */
export class PausableSource {
  readonly #source: Pausable;
  readonly #reasons = new Set<object>();
  #isReleased = false;

  constructor(source: Pausable) {
    this.#source = source;
  }

  /** Nothing is being read: what that side says, pongs included, cannot be heard. */
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

  /** Open for good: a source that is not read would not notice its own end. */
  release(): void {
    this.#isReleased = true;
    this.#reasons.clear();
    this.#source.resume();
  }
}

/** What goes out to one side. Every source that it comes from waits while that side does not read. */
export class Sink {
  readonly #writer: FrameWriter;
  readonly #waiting = new Set<PausableSource>();

  constructor(sink: FrameWriter) {
    this.#writer = sink;
  }

  /** @param from where the frame came from; shut while more than `highWaterBytes` are unread. */
  send(frame: string, from: PausableSource, highWaterBytes = HIGH_WATER_BYTES): void {
    this.#writer.send(frame, this.#onDrained);
    if (this.#writer.bufferedBytes <= highWaterBytes) return;
    this.#waiting.add(from);
    from.pause(this);
  }

  readonly #onDrained = (): void => {
    if (this.#waiting.size === 0 || this.#writer.bufferedBytes > LOW_WATER_BYTES) return;
    for (const tap of this.#waiting) tap.resume(this);
    this.#waiting.clear();
  };
}
