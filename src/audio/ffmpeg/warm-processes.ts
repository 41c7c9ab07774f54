/** Processes that wait, each for the kind of input it was started for. */

export interface WarmProcess {
  /** Settles when the process has exited. */
  readonly finished: Promise<unknown>;
  kill(): void;
}

/** Unused processes exit after this time: an idle service holds no memory for them. */
const IDLE_MS = 300_000;

interface Waiting<T> {
  readonly kind: string;
  readonly process: T;
  readonly timer: NodeJS.Timeout;
}

export class WarmProcesses<T extends WarmProcess> {
  readonly #limit: number;
  /** Oldest first. */
  readonly #waiting = new Set<Waiting<T>>();
  /** Killed processes that have not exited yet. */
  readonly #exiting = new Set<Promise<unknown>>();
  #closed = false;

  /** @param limit the maximum number of waiting processes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns the oldest process for this kind of input, which the caller owns from then on. */
  take(kind: string): T | undefined {
    for (const each of this.#waiting) {
      if (each.kind !== kind) continue;
      this.#remove(each);
      return each.process;
    }
    return undefined;
  }

  /**
   * Starts a process for the next input, which is probably of the same kind as the last. At the limit it replaces the
   * oldest process of another kind.
   */
  add(kind: string, start: () => T): void {
    if (this.#makeRoom(kind)) this.#wait(kind, start());
  }

  /** Keeps a process that can take more input, as `add` does; kills it where there is no room. */
  put(kind: string, process: T): void {
    if (this.#makeRoom(kind)) this.#wait(kind, process);
    else this.#end(process);
  }

  /** Starts no more processes and kills the waiting ones; resolves when they have exited. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#waiting) this.#retire(each);
    await Promise.all(this.#exiting);
  }

  /** @returns whether one more process may wait, for which another may have been killed. */
  #makeRoom(kind: string): boolean {
    if (this.#closed) return false;
    if (this.#waiting.size < this.#limit) return true;
    const other = [...this.#waiting].find((each) => each.kind !== kind);
    if (other !== undefined) this.#retire(other);
    return other !== undefined;
  }

  #wait(kind: string, process: T): void {
    const timer = setTimeout(() => {
      this.#retire(waiting);
    }, IDLE_MS).unref();
    const waiting = { kind, process, timer };
    this.#waiting.add(waiting);
    // A process that exits by itself is not replaced before the next input: its replacement would probably exit, too.
    const remove = (): void => {
      this.#remove(waiting);
    };
    process.finished.then(remove, remove);
  }

  #retire(waiting: Waiting<T>): void {
    this.#remove(waiting);
    this.#end(waiting.process);
  }

  #end(process: T): void {
    const leaving = Promise.allSettled([process.finished]);
    this.#exiting.add(leaving);
    void leaving.then(() => this.#exiting.delete(leaving));
    process.kill();
  }

  #remove(waiting: Waiting<T>): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}
