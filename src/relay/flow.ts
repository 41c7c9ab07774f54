/** One direction of a conversation: a writer that is slow makes its source wait, so that nothing piles up here. */

/** The side that frames come from. */
export interface Source {
  pause(): void;
  resume(): void;
}

/** The side that frames go to. */
export interface Sink {
  /** Bytes accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  send(frame: string, sent: () => void): void;
}

const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;

export class Flow {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #onSent = (): void => {
    this.#relieve();
  };
  #paused = false;

  constructor(source: Source, sink: Sink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** The source is not being read: what it says, pongs included, cannot be heard. */
  get paused(): boolean {
    return this.#paused;
  }

  send(frame: string): void {
    this.#sink.send(frame, this.#onSent);
    if (this.#paused || this.#sink.bufferedBytes <= HIGH_WATER_BYTES) return;
    this.#paused = true;
    this.#source.pause();
  }

  #relieve(): void {
    if (!this.#paused || this.#sink.bufferedBytes > LOW_WATER_BYTES) return;
    this.#paused = false;
    this.#source.resume();
  }
}
