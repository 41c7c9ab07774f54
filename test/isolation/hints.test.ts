/** A server that is taken for OpenAI's and is not says so in the error; capacity is never taken for a refusal. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { startLike, FOREIGN } from '../support/like.js';
import { BareClient } from '../support/offline-client.js';
import { connectionFault, requestFault } from '../support/offline.js';
import { answerOf, asking, failureOf, type Pooled } from '../support/pool.js';

let pooled: Pooled | undefined;

afterEach(async () => {
  await pooled?.close();
  pooled = undefined;
});

describe('at reference', () => {
  it('a server that returns no metadata fails at once, with a hint at REALTIME_ISOLATION', async () => {
    pooled = await startLike({ like: 'openai', level: 'reference' });
    pooled.script.requests.every(requestFault.withoutMetadata());
    const { pool } = pooled;
    const error = await failureOf(() => pool.request(asking('Good morning')));
    expect(error).toMatchObject({
      code: 'upstream-rejected',
      hint: expect.stringContaining('REALTIME_ISOLATION'),
    });
  });

  it.each(['localai', 'speaches', 'hf', 'voicelive'] as const)(
    '%s fails with that hint, within 5 s',
    async (like) => {
      pooled = await startLike({ like, level: 'reference' }, { pool: { maxSockets: 1 } });
      const { pool } = pooled;
      const startedAt = performance.now();
      const error = await failureOf(() => pool.request(asking('Good morning')));
      expect(error.code).toBe('upstream-rejected');
      expect(error.hint).toContain('REALTIME_ISOLATION');
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    },
  );
});

describe.each(FOREIGN)('$like at $level', (pairing) => {
  it('reads JSON in binary frames', async () => {
    pooled = await startLike(pairing);
    pooled.script.connections.every(connectionFault.binaryFrames());
    expect(await answerOf(pooled.pool.request(asking('Good morning')))).toBe('Good morning');
  });

  it('tells a server that never acknowledges its settings from one out of reach', async () => {
    pooled = await startLike(pairing, { pool: { connectTimeoutMs: 1_000 } });
    pooled.script.connections.every(connectionFault.ignoreConfiguration());
    const { pool } = pooled;
    const error = await failureOf(() => pool.request(asking('Good morning')));
    expect(error.code).toBe('upstream-unavailable');
    expect(error.message).toContain('session.update');
  });
});

async function tried(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch {
    return 'failed';
  }
}

describe('a server whose sessions are all taken', () => {
  it('is out of capacity: requests wait, then fail as saturated, and are served once a session is free', async () => {
    const options = { pool: { connectTimeoutMs: 600, warm: 0 } };
    pooled = await startLike({ like: 'hf', level: 'inline' }, options);
    const { pool, url } = pooled;
    const other = await BareClient.open(url);
    const error = await failureOf(() => pool.request(asking('Good morning')));
    expect(error).toMatchObject({ code: 'pool-saturated', status: 503, retryable: true });
    expect(pool.refusal).toBeUndefined();
    await other.close();
    // Its place becomes free a moment after.
    const attempts: string[] = [];
    while (attempts.at(-1) !== 'Good morning' && attempts.length < 100) {
      attempts.push(await tried(() => answerOf(pool.request(asking('Good morning')))));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(attempts.at(-1)).toBe('Good morning');
  });
});
