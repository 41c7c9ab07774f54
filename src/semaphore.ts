/** A first-come, first-served line in front of a fixed number of places. */

interface Waiter {
  /** Ends the wait: true with a place, false without. */
  readonly settle: (admitted: boolean) => void;
}

export class Semaphore {
  readonly #limit: number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  /** @param width how many may work at the same time, at least 1. */
  constructor(width: number) {
    this.#limit = width;
  }

  get stats(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting.size };
  }

  /**
   * Does the work once a place is free, and frees the place when the work is settled.
   * An abort while waiting leaves the line and rejects with `signal.reason`; after that it is the work's business.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const admitted = await this.#enter(signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      if (admitted) this.#running -= 1;
      this.#advance();
    }
  }

  #enter(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = (): void => {
        waiter.settle(false);
      };
      const waiter: Waiter = {
        settle: (admitted) => {
          this.#waiting.delete(waiter);
          signal.removeEventListener('abort', leave);
          resolve(admitted);
        },
      };
      signal.addEventListener('abort', leave);
      this.#waiting.add(waiter);
      this.#advance();
    });
  }

  /** The only place that decides who is next. A Set keeps the order of arrival. */
  #advance(): void {
    for (const waiter of this.#waiting) {
      if (this.#running >= this.#limit) return;
      this.#running += 1;
      waiter.settle(true);
    }
  }
}
