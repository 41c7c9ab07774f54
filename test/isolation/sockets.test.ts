/** What the levels do to their sockets: swept, replaced where they could not be, or closed after one request. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/errors.js';
import { held, startLike } from '../support/like.js';
import { connectionFault, requestFault } from '../support/offline.js';
import { answerOf, asking, eventually, type Pooled } from '../support/pool.js';

let pooled: Pooled | undefined;

async function start(...given: Parameters<typeof startLike>): Promise<Pooled> {
  pooled = await startLike(...given);
  return pooled;
}

afterEach(async () => {
  await pooled?.close();
  pooled = undefined;
});

const RECORDING = { question: { pcm: Buffer.alloc(500 * 48) } };

describe('at sweep', () => {
  it('one socket serves many requests, and holds no item after any of them', async () => {
    const options = { pool: { maxSockets: 1 } };
    const { pool, script } = await start({ like: 'localai', level: 'sweep' }, options);
    for (let number = 0; number < 20; number += 1) await answerOf(pool.request(asking(`text ${number}`)));
    await answerOf(pool.request(asking('', RECORDING)));
    expect(script.sockets).toHaveLength(1);
    const events = script.sockets[0]?.events ?? [];
    const created = events.filter(({ type }) => type === 'item.create').length;
    // The question and its answer; of a recording the item that the server made of it.
    await eventually(() => events.filter(({ type }) => type === 'item.delete').length === 2 * created + 2);
    expect(script.asked.map(({ items }) => items.length)).toEqual(Array.from({ length: 21 }, () => 1));
  });

  it('a socket whose server does not delete is replaced, and serves nobody else', async () => {
    const { pool, script } = await start({ like: 'speaches', level: 'sweep' });
    script.answer = held;
    script.connections.next({
      received: (peer, event, serve) => {
        if (event?.type === 'item.delete') peer.send(connectionFault.connectionError('server_error', 'No.'));
        else serve();
      },
    });
    expect(await answerOf(pool.request(asking('one', { prompt: 'p' })))).toBe('instructions: p | user: one');
    expect(await answerOf(pool.request(asking('two', { prompt: 'p' })))).toBe('instructions: p | user: two');
    expect(script.sockets).toHaveLength(2);
    expect(script.sockets[0]?.closed?.code).toBe(1000);
  });

  it.each(['localai', 'speaches'] as const)(
    'silence on %s is an empty text, and is not asked about',
    async (like) => {
      const { pool, script } = await start({ like, level: 'sweep' });
      script.transcript = () => ' ';
      const pending = pool.request(asking('', RECORDING));
      expect(await answerOf(pending)).toBe('');
      script.answer = held;
      expect(await answerOf(pool.request(asking('next', { prompt: 'p' })))).toBe(
        'instructions: p | user: next',
      );
    },
  );

  it('speaks with the voice of the request, which belongs to the session', async () => {
    const { pool, script } = await start({ like: 'localai', level: 'sweep' });
    await answerOf(pool.request(asking('Good morning', { output: 'audio', voice: 'echo' })));
    expect(script.asked[0]?.voice).toBe('echo');
  });

  it('never sends what these servers refuse', async () => {
    const { pool, script } = await start({ like: 'speaches', level: 'sweep' });
    await answerOf(pool.request(asking('one', { context: 'c', metadata: { target_language: 'es' } })));
    await answerOf(pool.request(asking('', RECORDING)));
    const [socket] = script.sockets;
    const requests = (socket?.json() ?? []).filter((frame) =>
      JSON.stringify(frame).includes('"response.create"'),
    );
    expect(requests).toHaveLength(2);
    for (const request of requests)
      expect(Object.keys((request as { response: object }).response)).toEqual(['modalities', 'instructions']);
  });
});

describe('at fresh', () => {
  it('each request has a socket of its own, of which the next is open before it is needed', async () => {
    const { pool, script, ready } = await start({ like: 'localai', level: 'fresh' });
    for (let number = 0; number < 5; number += 1) {
      await ready();
      expect(await answerOf(pool.request(asking(`text ${number}`)))).toBe(`text ${number}`);
    }
    await ready();
    await script.until(() => script.sockets.filter(({ closed }) => closed !== undefined).length === 5);
    expect(script.sockets).toHaveLength(6);
    expect(script.sockets.slice(0, 5).map(({ closed }) => closed?.code)).toEqual([
      1000, 1000, 1000, 1000, 1000,
    ]);
  });

  it('never has more sockets than are allowed, those that still serve included', async () => {
    const { pool, script } = await start({ like: 'speaches', level: 'fresh' }, { pool: { maxSockets: 3 } });
    let most = 0;
    script.requests.every(requestFault.slow({ firstMs: 20 }));
    const watching = setInterval(() => {
      most = Math.max(most, pool.stats.sockets);
    }, 1);
    await Promise.all(
      Array.from({ length: 30 }, (_, number) => answerOf(pool.request(asking(`text ${number}`)))),
    );
    clearInterval(watching);
    expect(most).toBeLessThanOrEqual(3);
  });
});

describe.each(['inline', 'sweep', 'fresh'] as const)('a pool at %s that is destroyed', (level) => {
  it('settles every request and leaves no socket', async () => {
    const like = level === 'inline' ? 'voicelive' : 'localai';
    const { pool, script } = await start({ like, level });
    script.requests.every(requestFault.hang());
    const pending = Array.from({ length: 10 }, (_, number) => pool.request(asking(`text ${number}`)));
    await script.until(() => script.answering > 0);
    const outcomes = pending.map((each) =>
      answerOf(each).catch((error: unknown) => (error as GatewayError).code),
    );
    await pool.destroy(new GatewayError('draining', 'The test is over.'));
    expect(await Promise.all(outcomes)).toEqual(Array.from({ length: 10 }, () => 'draining'));
    await script.until(() => script.open.length === 0 && script.answering === 0);
    expect(pool.stats).toMatchObject({ sockets: 0, running: 0, waiting: 0 });
  });
});
