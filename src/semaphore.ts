/** Limits how many pieces of work run at the same time; the others wait, first come, first served. */

interface Waiter {
  /** Ends the wait; false where it was aborted. */
  readonly settle: (admitted: boolean) => void;
}

export class Semaphore {
  readonly #limit: number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  /** @param limit at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get stats(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting.size };
  }

  /**
   * Starts the work once fewer than the limit run, and resolves as it does.
   * An abort while waiting rejects with `signal.reason`; an abort of running work is up to the work.
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
      const onAbort = (): void => {
        waiter.settle(false);
      };
      const waiter: Waiter = {
        settle: (admitted) => {
          this.#waiting.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          resolve(admitted);
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(waiter);
      this.#advance();
    });
  }

  /** The only place that decides what runs next. A Set keeps the order of arrival. */
  #advance(): void {
    for (const waiter of this.#waiting) {
      if (this.#running >= this.#limit) return;
      this.#running += 1;
      waiter.settle(true);
    }
  }
}
