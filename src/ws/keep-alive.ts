/** Pings one socket, more often while it works, and tells when the peer is gone without a word. */

export interface KeepAliveTimes {
  /** Between pings while requests run. */
  readonly busyMs: number;
  /** Between pings while none does. */
  readonly idleMs: number;
  /** How long a pong may take. */
  readonly deadMs: number;
}

export const KEEP_ALIVE_TIMES: KeepAliveTimes = { busyMs: 5_000, idleMs: 20_000, deadMs: 10_000 };

interface PingTarget {
  ping(): void;
  /** Bytes accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  readonly busy: boolean;
  /** Nothing is being read from it, so that its pong could not be heard. */
  readonly deaf?: boolean;
  /** No pong in time. */
  dead(): void;
}

export class KeepAlive {
  readonly #target: PingTarget;
  readonly #times: KeepAliveTimes;
  #timer: NodeJS.Timeout | undefined;
  #pingedAt: number;
  #awaiting: { since: number; bufferedBytes: number } | undefined;

  constructor(target: PingTarget, times: KeepAliveTimes) {
    this.#target = target;
    this.#times = times;
    this.#pingedAt = performance.now();
    this.#schedule();
  }

  pong(): void {
    this.#awaiting = undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    const stepMs = Math.min(this.#times.busyMs, this.#times.deadMs);
    this.#timer = setTimeout(() => {
      this.#tick();
    }, stepMs);
  }

  #tick(): void {
    const now = performance.now();
    if (this.#awaiting === undefined) this.#pingIfDue(now);
    else if (!this.#isAlive(this.#awaiting, now)) {
      this.stop();
      this.#target.dead();
      return;
    }
    this.#schedule();
  }

  #pingIfDue(now: number): void {
    const dueMs = this.#target.busy ? this.#times.busyMs : this.#times.idleMs;
    // Timers may fire a little early; without the margin a due ping would wait for another step.
    if (now - this.#pingedAt < dueMs - 10) return;
    this.#pingedAt = now;
    this.#awaiting = { since: now, bufferedBytes: this.#target.bufferedBytes };
    this.#target.ping();
  }

  #isAlive(awaiting: { since: number; bufferedBytes: number }, now: number): boolean {
    // A long recording on a slow line delays the ping behind it: bytes that still leave are a sign of life.
    const { bufferedBytes } = this.#target;
    if (bufferedBytes < awaiting.bufferedBytes || this.#target.deaf === true)
      this.#awaiting = { since: now, bufferedBytes };
    return now - (this.#awaiting?.since ?? now) < this.#times.deadMs - 10;
  }
}
