/** What was opened, to be closed again in reverse order: at the end of a service, and of a start that failed halfway. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];
  #closed: Promise<void> | undefined;

  /** @param close may return a promise; what was added later has been closed when it is called. */
  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** One that fails does not keep the others open. Rejects with the first failure. May be called twice. */
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
