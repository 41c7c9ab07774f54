import { describe, expect, it } from '@jest/globals';
import { GatewayError, type ErrorCode } from '../../src/errors.js';
import { afterFailure, backOffMs, isOpen, outageError, type Outage } from '../../src/pool/backoff.js';

const failed = (code: ErrorCode, retryAfterMs?: number): GatewayError =>
  new GatewayError(code, 'No.', { retryAfterMs });

function outageOf(error: GatewayError, before?: Outage): Outage {
  return afterFailure(before, error, 900, 1_000);
}

describe('the back-off', () => {
  it.each([
    [1, 250],
    [2, 500],
    [5, 4_000],
    [7, 10_000],
    [1_000, 10_000],
  ])('after %i failures is %i ms, or up to half less', (failures, fullMs) => {
    const delays = Array.from({ length: 200 }, () => backOffMs(failures));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(fullMs / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(fullMs);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(fullMs / 5);
  });
});

describe('an outage', () => {
  it('counts its failures, and keeps the start of the first', () => {
    const first = outageOf(failed('upstream-unavailable'));
    const second = afterFailure(first, failed('upstream-unavailable'), 1_200, 1_300);
    expect(first).toMatchObject({ failures: 1, since: 900 });
    expect(second).toMatchObject({ failures: 2, since: 900 });
    expect(second.retryAt).toBeGreaterThanOrEqual(1_300 + 250);
    expect(second.probeAt).toBe(second.retryAt);
  });

  it('waits for as long as upstream asks, where that is longer', () => {
    expect(outageOf(failed('upstream-rate-limited', 7_000)).retryAt).toBe(8_000);
    expect(outageOf(failed('upstream-rate-limited', 1)).retryAt).toBeGreaterThanOrEqual(1_125);
  });

  it('by a refusal is retried after ten seconds, and after one where a request comes', () => {
    expect(outageOf(failed('upstream-rejected'))).toMatchObject({ retryAt: 11_000, probeAt: 2_000 });
  });
});

describe('the breaker', () => {
  it('is open from the first refusal and the first rate limit on', () => {
    expect(isOpen(outageOf(failed('upstream-rejected')), 5_000, 1_000)).toBe(true);
    expect(isOpen(outageOf(failed('upstream-rate-limited')), 5_000, 1_000)).toBe(true);
  });

  it('opens after the longest wait of a request where upstream is out of reach', () => {
    const outage = outageOf(failed('upstream-unavailable'));
    expect(isOpen(outage, 5_000, 5_899)).toBe(false);
    expect(isOpen(outage, 5_000, 5_900)).toBe(true);
  });

  it('answers with the last failure, and with the time until the next attempt', () => {
    const error = failed('upstream-rate-limited', 7_000);
    const answer = outageError(outageOf(error), 2_000);
    expect(answer).toMatchObject({ code: 'upstream-rate-limited', message: 'No.', retryAfterMs: 6_000 });
    expect(outageError(outageOf(error), 9_000).retryAfterMs).toBe(0);
  });

  it('gives no time where a retry does not help', () => {
    expect(outageError(outageOf(failed('upstream-rejected')), 2_000)).toMatchObject({
      retryable: false,
      retryAfterMs: undefined,
    });
  });
});
