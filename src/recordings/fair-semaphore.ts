/** Limits how much work runs at the same time, fair between groups: the group with the fewest running tasks goes first. */

/** Ends a wait; `admitted` is false where it was aborted. */
type GroupWaiter = (admitted: boolean) => void;

interface Group {
  running: number;
  readonly waiting: Set<GroupWaiter>;
}

export class FairSemaphore {
  readonly limit: number;
  /** The groups with work that runs or waits, in the order of their arrival. */
  readonly #groups = new Map<object, Group>();
  #running = 0;

  /** @param limit at least 1, over all groups */
  constructor(limit: number) {
    this.limit = limit;
  }

  get stats(): { running: number; waiting: number } {
    const waiting = [...this.#groups.values()].reduce((sum, group) => sum + group.waiting.size, 0);
    return { running: this.#running, waiting };
  }

  /**
   * Starts the work once its turn has come, and resolves as it does. Within a group it is first come, first served.
   *
   * @param group whom the work belongs to, such as one recording.
   * @param signal ends a wait: it rejects with `signal.reason`. Running work has to observe it itself.
   */
  async run<T>(group: object, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const admitted = await this.#enter(group, signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      if (admitted) this.#leave(group);
      this.#forget(group);
      this.#advance();
    }
  }

  #enter(key: object, signal: AbortSignal): Promise<boolean> {
    const group = this.#groups.get(key) ?? { running: 0, waiting: new Set() };
    this.#groups.set(key, group);
    return new Promise((resolve) => {
      const settle: GroupWaiter = (admitted) => {
        group.waiting.delete(settle);
        signal.removeEventListener('abort', onAbort);
        resolve(admitted);
      };
      const onAbort = (): void => {
        settle(false);
      };
      signal.addEventListener('abort', onAbort);
      group.waiting.add(settle);
      this.#advance();
    });
  }

  #leave(key: object): void {
    const group = this.#groups.get(key);
    if (group !== undefined) group.running -= 1;
    this.#running -= 1;
  }

  #forget(key: object): void {
    const group = this.#groups.get(key);
    if (group?.running === 0 && group.waiting.size === 0) this.#groups.delete(key);
  }

  /** The only place that decides what runs next. */
  #advance(): void {
    while (this.#running < this.limit) {
      const group = this.#next();
      const [settle] = group?.waiting ?? [];
      if (group === undefined || settle === undefined) return;
      group.running += 1;
      this.#running += 1;
      settle(true);
    }
  }

  #next(): Group | undefined {
    let next: Group | undefined;
    for (const group of this.#groups.values())
      if (group.waiting.size > 0 && group.running < (next?.running ?? Infinity)) next = group;
    return next;
  }
}
