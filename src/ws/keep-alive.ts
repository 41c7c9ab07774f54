/** Pings a socket, more often while it is busy, and reports a peer that does not answer. */
import type { Socket } from './socket.js';

export interface KeepAliveTimes {
  /** Between pings while the socket is busy. */
  readonly busyMs: number;
  /** Between pings while it is idle. */
  readonly idleMs: number;
  /** How long a pong may take. */
  readonly deadMs: number;
}

export const KEEP_ALIVE_TIMES: KeepAliveTimes = { busyMs: 5_000, idleMs: 20_000, deadMs: 10_000 };

interface PingTarget {
  readonly socket: Pick<Socket, 'ping' | 'bufferedBytes'>;
  isBusy(): boolean;
  /** Nothing is being read from the socket, so that a pong cannot arrive. */
  isPaused?(): boolean;
  /** Called once: no pong arrived in time. */
  onTimeout(): void;
}

/** Timers may fire a little early; without the margin a ping that is due would wait for another step. */
const EARLY_MS = 10;

export class KeepAlive {
  readonly #target: PingTarget;
  readonly #times: KeepAliveTimes;
  #timer: NodeJS.Timeout | undefined;
  #pingedAt: number;
  /** When the timer should fire. */
  #dueAt = 0;
  /** A ping without its pong, and the bytes that were buffered with it. */
  #unanswered: { since: number; bufferedBytes: number } | undefined;

  constructor(target: PingTarget, times: KeepAliveTimes) {
    this.#target = target;
    this.#times = times;
    this.#pingedAt = performance.now();
    this.#schedule();
  }

  pong(): void {
    this.#unanswered = undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const stepMs = Math.min(this.#times.busyMs, this.#times.deadMs);
    this.#dueAt = performance.now() + stepMs;
    this.#timer = setTimeout(() => {
      this.#tick();
    }, stepMs);
  }

  #tick(): void {
    const now = performance.now();
    // While this process did nothing, because it was busy or the machine was suspended, it read no pong either.
    if (this.#unanswered !== undefined) this.#unanswered.since += Math.max(0, now - this.#dueAt);
    if (this.#unanswered === undefined) this.#pingIfDue(now);
    else if (this.#isTimedOut(this.#unanswered, now)) {
      this.#target.onTimeout();
      return;
    }
    this.#schedule();
  }

  #pingIfDue(now: number): void {
    const dueMs = this.#target.isBusy() ? this.#times.busyMs : this.#times.idleMs;
    if (now - this.#pingedAt < dueMs - EARLY_MS) return;
    this.#pingedAt = now;
    this.#unanswered = { since: now, bufferedBytes: this.#target.socket.bufferedBytes };
    this.#target.socket.ping();
  }

  #isTimedOut(unanswered: { since: number; bufferedBytes: number }, now: number): boolean {
    // A long recording on a slow network delays the ping behind it: bytes that still leave are a sign of life.
    const { bufferedBytes } = this.#target.socket;
    if (bufferedBytes < unanswered.bufferedBytes || this.#target.isPaused?.() === true) {
      this.#unanswered = { since: now, bufferedBytes };
      return false;
    }
    return now - unanswered.since >= this.#times.deadMs - EARLY_MS;
  }
}
