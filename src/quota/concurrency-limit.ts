/** How many translations one client may have running at a time, on this node. */
import { GatewayError } from '../errors.js';

/** A running translation may end at any moment; nothing tells when. */
const RETRY_MS = 1_000;

export class ConcurrencyLimit {
  readonly #max: number;
  readonly #running = new Map<string, number>();

  /** @param max per client; 0 is unlimited. */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Runs `work` and counts it until it settles.
   *
   * @throws GatewayError `rate-limited`, before the work starts.
   */
  async run<T>(client: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(client) ?? 0;
    if (this.#max > 0 && running >= this.#max) {
      throw new GatewayError(
        'rate-limited',
        `One client may have ${this.#max} translations running at a time. Wait until one has ended.`,
        { retryAfterMs: RETRY_MS },
      );
    }
    const release = this.hold(client);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Counts a running job as one translation. It is never refused, because the number of jobs has limits of its own.
   *
   * @returns what ends it; to be called once.
   */
  hold(client: string): () => void {
    this.#running.set(client, (this.#running.get(client) ?? 0) + 1);
    return () => {
      const left = (this.#running.get(client) ?? 1) - 1;
      if (left === 0) this.#running.delete(client);
      else this.#running.set(client, left);
    };
  }
}
