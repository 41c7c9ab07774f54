import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequestFault } from '../support/fault-server/request-faults.js';
import { ResponderError } from '../../src/offline/server/errors.js';
import { RateLimits, parseWait } from '../../src/upstream/rate-limits.js';
import { dialects } from '../../src/wire/index.js';
import { requestFault } from '../support/offline.js';
import { asking, failureOf, startPooled, type Pooled } from '../support/pool.js';

const limit = (name: string, remaining: number, resetSeconds: number) => ({
  ...{ name, limit: 100, remaining },
  resetSeconds,
});

function resetOf(...limits: ReturnType<typeof limit>[]): number | undefined {
  const known = new RateLimits(dialects.ga);
  known.update(dialects.ga.encodeServer({ type: 'limits', limits }) ?? '');
  return known.resetMs;
}

describe('the reset of the limits', () => {
  it.each([
    ['the exhausted one', [limit('requests', 0, 7), limit('tokens', 50, 90)], 7_000],
    ['the latest of the exhausted', [limit('requests', 0, 7), limit('tokens', -3, 9)], 9_000],
    ['the one nearest to its end', [limit('requests', 99, 90), limit('tokens', 4, 12)], 12_000],
    ['an hour at most', [limit('tokens', 0, 1e12)], 3_600_000],
  ])('is that of %s', (_which, limits, ms) => {
    const reset = resetOf(...limits);
    expect(reset).toBeGreaterThan(ms - 500);
    expect(reset).toBeLessThanOrEqual(ms);
  });

  it('is not known without an event, or once it is over', () => {
    expect(new RateLimits(dialects.ga).resetMs).toBeUndefined();
    expect(resetOf()).toBeUndefined();
    expect(resetOf(limit('tokens', 0, 0))).toBeUndefined();
  });
});

describe('the wait in an error message', () => {
  it.each([
    ['Limit 20000, Used 18000, Requested 3000. Please try again in 1.2s. Visit https://…', 1_200],
    ['Please try again in 857ms.', 857],
    ['Please try again in 1m26.4s.', 86_400],
    ['Please try again in 1h2m3s.', 3_600_000],
    ['Please retry after 26 seconds.', 26_000],
    ['Please retry after 1 second.', 1_000],
    ['Try again in 2 minutes and be patient.', 120_000],
    ['Please try again in a moment.', undefined],
    ['Please try again in 0s.', undefined],
    ['Please try again later.', undefined],
  ])('%s', (message, ms) => {
    const waitMs = parseWait(message);
    if (ms === undefined) expect(waitMs).toBeUndefined();
    else expect(waitMs).toBeCloseTo(ms);
  });
});

describe('a translation that meets the rate limit', () => {
  let pooled: Pooled;

  afterEach(() => pooled.close());

  function limited(message = 'Rate limit reached.'): RequestFault {
    return {
      answer: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new ResponderError('rate_limit_exceeded', message, 'failed')),
        }),
      }),
    };
  }

  /** With a `limits` event before each end. */
  const withLimits = (fault: RequestFault = {}): RequestFault => ({
    ...fault,
    sending(peer, event, send) {
      if (event.type === 'response.finished')
        peer.send({ type: 'limits', limits: [limit('requests', 40, 90), limit('tokens', 0, 23)] });
      send(event);
    },
  });

  async function waitAfter(fault: RequestFault): Promise<number> {
    pooled = await startPooled();
    const { pool, script } = pooled;
    script.requests.next(fault);
    const failure = await failureOf(() => pool.request(asking('hello')));
    expect(failure).toMatchObject({ code: 'upstream-rate-limited', status: 503, retryable: true });
    return failure.retryAfterMs ?? 0;
  }

  it('has a sensible wait where upstream names none', async () => {
    expect(await waitAfter(limited())).toBe(5_000);
    await pooled.close();
    expect(await waitAfter(requestFault.requestError('rate_limit_exceeded'))).toBe(5_000);
    await pooled.close();
    expect(await waitAfter(requestFault.requestError('rate_limit_exceeded', { named: false }))).toBe(5_000);
  });

  it('waits until the exhausted limit resets, by the last event of upstream', async () => {
    const waitMs = await waitAfter(withLimits(limited()));
    expect(waitMs).toBeGreaterThan(20_000);
    expect(waitMs).toBeLessThanOrEqual(23_000);
  });

  it('waits for as long as the error message says', async () => {
    expect(await waitAfter(withLimits(limited('Please try again in 1.5s.')))).toBe(1_500);
  });
});
