/** Each level against the server that it is for: every request gets its own answer, and leaves nothing for the next. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { upstreamError } from '../../src/upstream/errors.js';
import { FOREIGN, held, HEARING, OPENAI_SWEPT, PAIRINGS, startLike, type Pairing } from '../support/like.js';
import { answerOf, asking, chunksOf, eventually, failureOf, type Pooled } from '../support/pool.js';

let pooled: Pooled | undefined;

async function start(...given: Parameters<typeof startLike>): Promise<Pooled> {
  pooled = await startLike(...given);
  return pooled;
}

afterEach(async () => {
  await pooled?.close();
  pooled = undefined;
});

/** How the server shows a request that has its conversation for itself. */
function alone({ level }: Pairing, prompt: string, text: string): string {
  const asked = `user: ${text}`;
  return level === 'reference' ? `system: ${prompt} | ${asked}` : `instructions: ${prompt} | ${asked}`;
}

describe.each(PAIRINGS)('$like at $level', (pairing) => {
  it('answers one request after the other from nothing but its prompt, its context and its question', async () => {
    const { pool, script } = await start(pairing);
    script.answer = held;
    const first = await answerOf(pool.request(asking('one', { prompt: 'p1', context: 'the letter' })));
    expect(first).toContain('the letter');
    expect(first.endsWith('user: one')).toBe(true);
    expect(await answerOf(pool.request(asking('two', { prompt: 'p2' })))).toBe(alone(pairing, 'p2', 'two'));
    expect(await answerOf(pool.request(asking('three', { prompt: 'p2' })))).toBe(
      alone(pairing, 'p2', 'three'),
    );
  });

  it('gives 2 000 requests of 50 prompts each its own answer, computed from all that its server holds', async () => {
    const { pool, script } = await start(pairing, {
      pool: { maxWaiting: 2_000, connectTimeoutMs: 20_000, responseTimeoutMs: 50_000 },
    });
    script.answer = held;
    for (const [index, firstMs] of [0, 1, 3].entries())
      script.requests.when(({ number }) => number % 40 === index, requestFault.slow({ firstMs }));
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, (_, number) =>
        answerOf(pool.request(asking(`question ${number}`, { prompt: `prompt ${number % 50}` }))),
      ),
    );
    const wrong = answers.filter(
      (answer, number) => answer !== alone(pairing, `prompt ${number % 50}`, `question ${number}`),
    );
    expect(wrong).toEqual([]);
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0 });
  });

  it('speaks', async () => {
    const { pool } = await start(pairing);
    const pending = pool.request(asking('Good morning', { output: 'audio', voice: 'alloy' }));
    const chunks = await chunksOf(pending);
    expect(pending.text).toBe('Good morning');
    expect(chunks[0]).toEqual({ type: 'started' });
    expect(chunks.some(({ type }) => type === 'audio')).toBe(true);
  });

  it('ends a response that its client gives up, and answers the next request', async () => {
    const { pool, script } = await start(pairing, { connection: { cancelGraceMs: 300 } });
    script.requests.next(requestFault.hang({ after: 1 }));
    const given = pool.request(asking('given up by its client'));
    await script.until(() => script.answering === 1);
    given.fail(upstreamError('upstream-timeout'));
    await eventually(() => script.answering === 0);
    script.answer = held;
    expect(await answerOf(pool.request(asking('next', { prompt: 'p' })))).toBe(alone(pairing, 'p', 'next'));
  });

  it('takes a text that comes in no delta', async () => {
    const { pool, script } = await start(pairing);
    script.requests.next(requestFault.wholly('text'));
    script.requests.next(requestFault.wholly('response'));
    expect(await answerOf(pool.request(asking('told at its end')))).toBe('told at its end');
    expect(await answerOf(pool.request(asking('told by the response')))).toBe('told by the response');
  });

  it('fails a text that is answered with nothing as incomplete', async () => {
    const { pool, script } = await start(pairing);
    script.answer = () => '';
    const error = await failureOf(() => pool.request(asking('Good morning')));
    expect(error).toMatchObject({ code: 'translation-incomplete', status: 502 });
  });

  it('keeps its promises while a socket is dropped every 50 ms', async () => {
    const { pool, script } = await start(pairing, {
      pool: { maxWaiting: 300, connectTimeoutMs: 20_000, responseTimeoutMs: 30_000 },
    });
    script.answer = held;
    const dropping = setInterval(() => {
      const { open } = script;
      open[Math.floor(Math.random() * open.length)]?.drop();
    }, 50);
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, async (_, number) => {
        const pending = pool.request(asking(`question ${number}`, { prompt: 'p', onlyWhole: true }));
        const outcome = await answerOf(pending).catch((error: unknown) => error as { code: string });
        return { number, outcome };
      }),
    ).finally(() => {
      clearInterval(dropping);
    });
    for (const { number, outcome } of outcomes)
      if (typeof outcome === 'string') expect(outcome).toBe(alone(pairing, 'p', `question ${number}`));
      else
        expect(['upstream-unavailable', 'translation-incomplete', 'pool-saturated']).toContain(outcome.code);
    // Where one session has to serve, many lose it twice.
    const least = pairing.like === 'hf' ? 50 : 200;
    expect(outcomes.filter(({ outcome }) => typeof outcome === 'string').length).toBeGreaterThan(least);
    expect(await answerOf(pool.request(asking('after', { prompt: 'p' })))).toBe(alone(pairing, 'p', 'after'));
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe.each([...HEARING, OPENAI_SWEPT])('a recording for $like at $level', (pairing) => {
  it('is heard, and is forgotten before the next', async () => {
    const { pool, script } = await start(pairing);
    script.answer = held;
    for (const ms of [1_000, 500, 40]) {
      const answer = await answerOf(
        pool.request(asking('', { prompt: `p${ms}`, question: { pcm: Buffer.alloc(ms * 48) } })),
      );
      const isReference = pairing.level === 'reference';
      const isInline = pairing.level === 'inline';
      expect(answer.startsWith(isReference ? `system: p${ms}` : `instructions: p${ms}`)).toBe(true);
      const bytes = isReference || isInline ? ms * 48 : Math.max(100, ms) * 48;
      const isTranscribed = pairing.like === 'localai' || pairing.like === 'speaches';
      const heard = isTranscribed ? `${bytes / 48} ms of audio` : `${bytes} bytes`;
      expect(answer.split(' | ').slice(1)).toEqual([`user said: ${heard}`]);
    }
    expect(await answerOf(pool.request(asking('text', { prompt: 'p' })))).toBe(alone(pairing, 'p', 'text'));
  });
});

describe.each(FOREIGN)('errors of $like at $level', (pairing) => {
  it('end the request that its server fails, within 5 s', async () => {
    const { pool, script } = await start(pairing);
    script.requests.every(requestFault.fail('server_error'));
    const startedAt = performance.now();
    const error = await failureOf(() => pool.request(asking('Good morning')));
    expect(['upstream-rejected', 'upstream-unavailable']).toContain(error.code);
    expect(error.status).toBe(502);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('that name no event end a request that gets no answer, within 5 s', async () => {
    const { pool, script } = await start(pairing);
    script.requests.next(requestFault.requestError('inference_failed', { named: false }));
    const startedAt = performance.now();
    const error = await failureOf(() => pool.request(asking('Good morning')));
    expect(error).toMatchObject({ code: 'upstream-rejected', status: 502 });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(await answerOf(pool.request(asking('next')))).toBe('next');
  });

  it('change nothing for a request that is answered all the same', async () => {
    const { pool, script } = await start(pairing);
    const harmless = { type: 'error', error: { type: 'invalid_request_error', message: 'Not supported.' } };
    script.requests.next(requestFault.insert([JSON.stringify(harmless)], { after: 0 }));
    expect(await answerOf(pool.request(asking('Good morning')))).toBe('Good morning');
  });

  it('about another response that still runs make the request wait', async () => {
    const { pool, script } = await start(pairing);
    script.requests.next(requestFault.requestError('conversation_already_has_active_response'), 2);
    expect(await answerOf(pool.request(asking('Good morning')))).toBe('Good morning');
    expect(script.requestCount).toBe(3);
  });

  it('a response that was cancelled by its server is asked for once more', async () => {
    const { pool, script } = await start(pairing);
    script.requests.next(requestFault.cancelUnasked());
    const pending = pool.request(asking('Good morning', { onlyWhole: true }));
    expect(await answerOf(pending)).toBe('Good morning');
    expect(pending.attempts).toBe(2);
    script.requests.next(requestFault.cancelUnasked(), 2);
    const error = await failureOf(() => pool.request(asking('Good evening', { onlyWhole: true })));
    expect(error).toMatchObject({ code: 'translation-incomplete', retryable: true });
  });
});
