/** Back-pressure: who speaks to a reader that is slow has to wait, so that nothing piles up here. */

/** A side that is read from. */
export interface Source {
  pause(): void;
  resume(): void;
}

/** A side that is written to. */
export interface Sink {
  /** Accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  send(frame: string, sent: () => void): void;
}

/** Unread bytes from which on a source waits, and from which on it is read again. */
export const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 64 * 1024;

/** What comes in from one side. It is shut as long as anybody has a reason to, and never again once it was released. */
export class Tap {
  readonly #source: Source;
  readonly #reasons = new Set<object>();
  #isReleased = false;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Nothing is being read: what that side says, pongs included, cannot be heard. */
  get isShut(): boolean {
    return this.#reasons.size > 0;
  }

  isShutBy(reason: object): boolean {
    return this.#reasons.has(reason);
  }

  shut(reason: object): void {
    if (this.#isReleased) return;
    this.#reasons.add(reason);
    this.#source.pause();
  }

  open(reason: object): void {
    if (this.#reasons.delete(reason) && !this.isShut) this.#source.resume();
  }

  /** Open for good: a source that is not read would not notice its own end. */
  release(): void {
    this.#isReleased = true;
    this.#reasons.clear();
    this.#source.resume();
  }
}

/** What goes out to one side. Every source that it comes from waits while that side does not read. */
export class Outlet {
  readonly #sink: Sink;
  readonly #waiting = new Set<Tap>();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** @param from where the frame came from; shut while more than `highWaterBytes` are unread. */
  send(frame: string, from: Tap, highWaterBytes = HIGH_WATER_BYTES): void {
    this.#sink.send(frame, this.#relieve);
    if (this.#sink.bufferedBytes <= highWaterBytes) return;
    this.#waiting.add(from);
    from.shut(this);
  }

  readonly #relieve = (): void => {
    if (this.#waiting.size === 0 || this.#sink.bufferedBytes > LOW_WATER_BYTES) return;
    for (const tap of this.#waiting) tap.open(this);
    this.#waiting.clear();
  };
}
