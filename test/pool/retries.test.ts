/** Requests whose socket is lost: in which order they run again, and which of them do. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { answerOf, asking, failureOf, startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled;

afterEach(() => pooled.close());

describe('the retry of requests whose socket was lost', () => {
  it('keeps the order in which they were accepted, ahead of those that wait', async () => {
    pooled = await startPooled({ pool: { maxSockets: 1, maxPerSocket: 4 } });
    const { pool, script, ready } = pooled;
    await ready();
    const asked: string[] = [];
    script.requests.when(({ text }) => {
      asked.push(text);
      return asked.length <= 4;
    }, requestFault.hang());
    const texts = ['one', 'two', 'three', 'four', 'five', 'six'];
    const answers = Promise.all(texts.map((text) => answerOf(pool.request(asking(text)))));
    await script.until(() => script.answering === 4);
    script.sockets[0]?.drop();
    expect(await answers).toEqual(texts);
    expect(asked.slice(4)).toEqual(texts);
  });

  it('keeps that order where two sockets were lost', async () => {
    pooled = await startPooled({ pool: { maxSockets: 2, maxPerSocket: 2, warm: 2 } });
    const { pool, script, ready } = pooled;
    await ready(2);
    const asked: string[] = [];
    script.requests.when(({ text }) => {
      asked.push(text);
      return asked.length <= 4;
    }, requestFault.hang());
    // Nothing can connect until both are gone.
    const texts = ['one', 'two', 'three', 'four'];
    const answers = Promise.all(texts.map((text) => answerOf(pool.request(asking(text)))));
    await script.until(() => script.answering === 4);
    for (const socket of [...script.open].reverse()) socket.drop();
    expect(await answers).toEqual(texts);
    expect(new Set(asked.slice(4, 6))).toEqual(new Set(['one', 'two']));
  });
});

describe.each(['ga', 'preview'] as const)('an answer that is only wanted whole, %s', (dialect) => {
  it.each(['text', 'audio'] as const)(
    'is retried from its beginning when its socket is lost amid it: %s',
    async (output) => {
      pooled = await startPooled({ dialect });
      const { pool, script } = pooled;
      script.requests.next(requestFault.drop(2));
      const pending = pool.request(asking('one two three', { output, onlyWhole: true }));
      await pending.done();
      expect(pending).toMatchObject({ text: 'one two three', attempts: 2 });
      const spoken = output === 'audio' ? 'one two three'.length * 50 * 48 : 0;
      expect(Buffer.concat(pending.audio)).toHaveLength(spoken);
      expect(pool.totals.retries).toBe(1);
    },
  );

  it('fails with what had arrived when it loses a second socket', async () => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.next(requestFault.drop(1)).next(requestFault.drop(2));
    const failure = await failureOf(() => pool.request(asking('one two three', { onlyWhole: true })));
    expect(failure).toMatchObject({ code: 'translation-incomplete', retryable: true, partial: 'one two' });
    expect(script.requestCount).toBe(2);
  });

  it('has what had arrived of its first attempt when its time is over before the retry', async () => {
    pooled = await startPooled({ dialect, pool: { maxSockets: 1, responseTimeoutMs: 400 } });
    const { pool, script } = pooled;
    script.connections.next({}).every({ opened: () => undefined });
    script.requests.next(requestFault.drop(2));
    const failure = await failureOf(() => pool.request(asking('one two three', { onlyWhole: true })));
    expect(failure).toMatchObject({ code: 'upstream-timeout', partial: 'one two' });
  });
});
