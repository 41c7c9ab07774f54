/** Processes started ahead, each waiting for the kind of input it was started for. */

export interface WarmProcess {
  /** Settles when the process is gone. */
  readonly finished: Promise<unknown>;
  kill(): void;
}

/** Unused for so long they go: an idle service holds no memory for them. */
const IDLE_MS = 300_000;

interface Waiting<T> {
  readonly kind: string;
  readonly process: T;
  readonly timer: NodeJS.Timeout;
}

export class WarmProcesses<T extends WarmProcess> {
  readonly #limit: number;
  /** The oldest first. */
  readonly #waiting = new Set<Waiting<T>>();
  /** Killed, and not gone yet. */
  readonly #exiting = new Set<Promise<unknown>>();
  #closed = false;

  /** @param limit how many may wait at a time; 0: none. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns one that waits for this kind of input, the oldest; it is the caller's from now on. */
  take(kind: string): T | undefined {
    for (const each of this.#waiting) {
      if (each.kind !== kind) continue;
      this.#remove(each);
      return each.process;
    }
    return undefined;
  }

  /**
   * Starts one more for the next input of this kind, which is probably like the last. Where there is no room the oldest
   * of another kind gives way, if `mayReplace`.
   */
  add(kind: string, start: () => T, mayReplace: boolean): void {
    if (this.#closed || this.#limit === 0) return;
    if (this.#waiting.size >= this.#limit) {
      const other = mayReplace ? [...this.#waiting].find((each) => each.kind !== kind) : undefined;
      if (other === undefined) return;
      this.#retire(other);
    }
    const process = start();
    const timer = setTimeout(() => {
      this.#retire(waiting);
    }, IDLE_MS).unref();
    const waiting = { kind, process, timer };
    this.#waiting.add(waiting);
    // One that ends by itself is not replaced before the next input: whatever ended it would end the next, too.
    const gone = (): void => {
      this.#remove(waiting);
    };
    process.finished.then(gone, gone);
  }

  /** Starts no more, and ends those that wait; resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#waiting) this.#retire(each);
    await Promise.all(this.#exiting);
  }

  #retire(waiting: Waiting<T>): void {
    this.#remove(waiting);
    const leaving = Promise.allSettled([waiting.process.finished]);
    this.#exiting.add(leaving);
    void leaving.then(() => this.#exiting.delete(leaving));
    waiting.process.kill();
  }

  #remove(waiting: Waiting<T>): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}
