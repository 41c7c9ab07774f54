/** Back-off and circuit breaker: what the failures so far mean for the next attempt to connect. Pure functions. */
import { GatewayError, type ErrorCode } from '../errors.js';

const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 10_000;
/** Between attempts while upstream refuses us: without a request, and at the least when requests come. */
const REJECTED_RETRY_MS = 10_000;
const REJECTED_PROBE_MS = 1_000;

/** Out of reach, or all of upstream's sessions are taken. */
const MAY_PASS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['upstream-unavailable', 'pool-saturated']);

/** Why upstream cannot be reached; there is none while it can. Times in ms of the monotonic clock. */
export interface Outage {
  /** Of the last attempt. */
  readonly error: GatewayError;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** When the first of them started. */
  readonly since: number;
  /** The earliest time of the next attempt. */
  readonly retryAt: number;
  /** The earliest time of the next attempt where a request waits for it. */
  readonly probeAt: number;
}

/** @param startedAt when the attempt that failed now with `error` started */
export function afterFailure(
  before: Outage | undefined,
  error: GatewayError,
  startedAt: number,
  now: number,
): Outage {
  const failures = (before?.failures ?? 0) + 1;
  const since = before?.since ?? startedAt;
  if (error.code === 'upstream-rejected') {
    return { error, failures, since, retryAt: now + REJECTED_RETRY_MS, probeAt: now + REJECTED_PROBE_MS };
  }
  const retryAt = now + Math.max(error.retryAfterMs ?? 0, backOffMs(failures));
  return { error, failures, since, retryAt, probeAt: retryAt };
}

/** 250 ms doubling to 10 s; between half of it and all of it, so that many nodes do not return at once. */
export function backOffMs(failures: number): number {
  const fullMs = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (failures - 1));
  return fullMs * (0.5 + 0.5 * Math.random());
}

/**
 * Whether the breaker is open, so that requests fail at once instead of waiting: from the first refusal or rate limit
 * on, which concern every request; where upstream is out of reach, after `connectTimeoutMs`, the longest any would wait.
 */
export function isOpen({ error, since }: Outage, connectTimeoutMs: number, now: number): boolean {
  return !MAY_PASS.has(error.code) || now - since >= connectTimeoutMs;
}

/** What a request fails with; a client may retry once the pool does. */
export function outageError({ error, retryAt }: Outage, now: number): GatewayError {
  const retryAfterMs = error.retryable ? Math.max(0, retryAt - now) : undefined;
  const { hint, cause } = error;
  return new GatewayError(error.code, error.message, { retryAfterMs, hint, cause });
}
