/** Limits how many pieces of work run at the same time; the others wait, first come, first served. */

/** Ends a wait; `admitted` is false where it was aborted. */
type Waiter = (admitted: boolean) => void;

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
      const settle: Waiter = (admitted) => {
        this.#waiting.delete(settle);
        signal.removeEventListener('abort', onAbort);
        resolve(admitted);
      };
      const onAbort = (): void => {
        settle(false);
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(settle);
      this.#advance();
    });
  }

  /** The only place that decides what runs next. A Set keeps the order of arrival. */
  #advance(): void {
    for (const settle of this.#waiting) {
      if (this.#running >= this.#limit) return;
      this.#running += 1;
      settle(true);
    }
  }
}
