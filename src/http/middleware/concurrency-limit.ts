/** How many translations one client may have running at a time, on this node. */
import { GatewayError } from '../../errors.js';

/** One of them may end any moment; nobody knows when. */
const RETRY_MS = 1_000;

export class ConcurrencyLimit {
  readonly #max: number;
  readonly #running = new Map<string, number>();

  /** @param max of one client; 0 is no limit. */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Does the work, and counts it for as long as it takes, however it ends.
   *
   * @throws GatewayError `rate-limited`, before the work is begun.
   */
  async run<T>(client: string, work: () => Promise<T>): Promise<T> {
    const others = this.#running.get(client) ?? 0;
    if (this.#max > 0 && others >= this.#max) {
      throw new GatewayError(
        'rate-limited',
        `One client may have ${this.#max} translations running at a time. Wait until one has ended.`,
        { retryAfterMs: RETRY_MS },
      );
    }
    this.#running.set(client, others + 1);
    try {
      return await work();
    } finally {
      const left = (this.#running.get(client) ?? 1) - 1;
      if (left === 0) this.#running.delete(client);
      else this.#running.set(client, left);
    }
  }
}
