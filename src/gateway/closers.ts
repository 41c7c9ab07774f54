/** Closes in reverse order what was opened: when a service ends, or when its start failed halfway. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];
  #closed: Promise<void> | undefined;

  /** @param close may return a promise. It is called after everything that was added later has closed. */
  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Calls every closer even if one fails, then rejects with the first failure. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
