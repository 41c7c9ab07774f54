/** What the last failures mean for the next attempt: back-off, and the breaker that answers at once. */
import type { GatewayError } from '../errors.js';

const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 10_000;
/** How often a refusing upstream is asked again unasked, and at most on demand. */
const REJECTED_RETRY_MS = 10_000;
const REJECTED_PROBE_MS = 1_000;

/** Upstream is not well. Absent while it is. Times are of the monotonic clock, in ms. */
export interface Outage {
  readonly error: GatewayError;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Since when nothing succeeded. */
  readonly since: number;
  /** The next attempt is not to start before. */
  readonly retryAt: number;
  /** From here on somebody who asks may start the next attempt early. */
  readonly probeAt: number;
}

export interface ConnectFailure {
  readonly error: GatewayError;
  readonly startedAt: number;
  readonly now: number;
}

export function afterFailure(before: Outage | undefined, { error, startedAt, now }: ConnectFailure): Outage {
  const failures = (before?.failures ?? 0) + 1;
  const since = before?.since ?? startedAt;
  if (error.code === 'upstream-rejected') {
    return { error, failures, since, retryAt: now + REJECTED_RETRY_MS, probeAt: now + REJECTED_PROBE_MS };
  }
  const retryAt = now + Math.max(error.retryAfterMs ?? 0, backOffMs(failures));
  return { error, failures, since, retryAt, probeAt: retryAt };
}

/** 250 ms doubling to 10 s; between half of it and all of it, so that many nodes do not come back at once. */
export function backOffMs(failures: number): number {
  const fullMs = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (failures - 1));
  return fullMs * (0.5 + 0.5 * Math.random());
}

/**
 * Whether waiting is pointless: a refusal and a rate limit concern everybody at once; where upstream is only out of
 * reach, it has been so for as long as any request would wait.
 */
export function isOpen(trouble: Outage, connectTimeoutMs: number, now: number): boolean {
  return trouble.error.code !== 'upstream-unavailable' || now - trouble.since >= connectTimeoutMs;
}
