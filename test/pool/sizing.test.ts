import { afterEach, describe, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { answerOf, asking, eventually, failureOf, startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled;

afterEach(() => pooled.close());

const slow = requestFault.slow({ firstMs: 100 });

describe('the size of the pool', () => {
  it('opens the warm sockets without a request, and no more', async () => {
    pooled = await startPooled({ pool: { warm: 2 } });
    const { script, ready, pool } = pooled;
    await ready(2);
    for (let number = 0; number < 20; number += 1) await answerOf(pool.request(asking(`sentence ${number}`)));
    expect(script.handshakes).toHaveLength(2);
  });

  it('opens none before the first request where the warm stock is empty', async () => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { script, pool } = pooled;
    expect(pool.stats.sockets).toBe(0);
    expect(await answerOf(pool.request(asking('hello')))).toBe('hello');
    expect(script.handshakes).toHaveLength(1);
  });

  it('grows only as far as the load asks', async () => {
    pooled = await startPooled({ pool: { maxPerSocket: 4 } });
    const { script, pool } = pooled;
    script.requests.every(slow);
    await Promise.all(Array.from({ length: 8 }, (_, number) => answerOf(pool.request(asking(`${number}`)))));
    expect(script.handshakes).toHaveLength(2);
  });

  it('never exceeds the sockets, nor the requests on one, and refuses what the queue does not hold', async () => {
    pooled = await startPooled({ pool: { maxSockets: 2, maxPerSocket: 3, maxWaiting: 4 } });
    const { script, pool, ready } = pooled;
    await ready();
    script.requests.every(slow);
    const accepted = Array.from({ length: 10 }, (_, number) =>
      answerOf(pool.request(asking(`sentence ${number}`))),
    );
    const refused = await failureOf(() => pool.request(asking('one too many')));
    expect(refused).toMatchObject({ code: 'pool-saturated', status: 503, retryable: true });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(await Promise.all(accepted)).toEqual(
      Array.from({ length: 10 }, (_, number) => `sentence ${number}`),
    );
    expect(script.handshakes).toHaveLength(2);
    expect(script.sockets.map((socket) => socket.maxInFlight)).toEqual([3, 3]);
  });

  it('shrinks to the warm stock when there is nothing to do', async () => {
    pooled = await startPooled({ pool: { maxPerSocket: 1, idleMs: 50 } });
    const { script, pool } = pooled;
    script.requests.every(slow);
    await Promise.all(Array.from({ length: 4 }, (_, number) => answerOf(pool.request(asking(`${number}`)))));
    expect(script.handshakes).toHaveLength(4);
    await script.until(() => script.open.length === 1);
    await eventually(() => pool.stats.sockets === 1);
  });

  it('replaces sockets by age, ahead of time, without a failed or repeated request', async () => {
    pooled = await startPooled({ connection: { maxAgeMs: 200 } });
    const { script, pool } = pooled;
    const deadline = performance.now() + 2_000;
    let answered = 0;
    const client = async (): Promise<void> => {
      while (performance.now() < deadline) {
        expect(await answerOf(pool.request(asking('hello there')))).toBe('hello there');
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect(script.requestCount).toBe(answered);
    expect(script.sockets.length).toBeGreaterThan(4);
    await script.until(() => script.open.length <= 2);
  });
});

describe('voices', () => {
  it('keep a socket each, and one that has no socket is not starved by the others', async () => {
    pooled = await startPooled({ pool: { maxSockets: 2, maxPerSocket: 2 } });
    const { script, pool } = pooled;
    script.requests.every(requestFault.slow({ firstMs: 5 }));
    const voices = ['alloy', 'ash', 'coral', undefined];
    const spoken = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        answerOf(
          pool.request(asking(`${number}`, { output: 'audio', voice: voices[number % voices.length] })),
        ),
      ),
    );
    expect(spoken).toEqual(Array.from({ length: 40 }, (_, number) => `${number}`));
    const voicesOfSockets = script.sockets.map(
      (socket) =>
        new Set(
          socket.events.flatMap((event) => (event.type === 'response.create' ? [event.response.voice] : [])),
        ),
    );
    expect(voicesOfSockets.every((set) => set.size <= 1)).toBe(true);
  });

  it('do not matter to text', async () => {
    pooled = await startPooled();
    const { script, pool } = pooled;
    for (const voice of ['alloy', 'ash', 'coral']) await answerOf(pool.request(asking('hello', { voice })));
    expect(script.handshakes).toHaveLength(1);
  });
});

describe('chaos', () => {
  it('a socket dropped after every 40 answers, 50 times under load: every request ends, and none with the words of another', async () => {
    pooled = await startPooled({
      pool: { maxWaiting: 1_000, connectTimeoutMs: 20_000, responseTimeoutMs: 50_000 },
    });
    const { script, pool } = pooled;
    script.requests.every(requestFault.slow({ firstMs: 5, betweenMs: 2 }));
    // Counted, not timed: a slow machine must not see more of it than a fast one.
    const drop = (): void => {
      const open = script.open;
      open[Math.floor(Math.random() * open.length)]?.drop();
    };
    let answered = 0;
    let failed = 0;
    const client = async (clientNumber: number): Promise<void> => {
      for (let number = 0; number < 50; number += 1) {
        const text = `client ${clientNumber} asks for the ${number}th time`;
        const pending = pool.request(asking(text));
        try {
          expect(await answerOf(pending)).toBe(text);
          answered += 1;
          if (answered % 40 === 0) drop();
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'GatewayError') throw error;
          expect(error).toMatchObject({ retryable: true, status: 502 });
          expect(text.startsWith(pending.text)).toBe(true);
          failed += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, number) => client(number)));
    expect(answered + failed).toBe(2_000);
    expect(answered).toBeGreaterThan(1_000);
    expect(failed).toBeGreaterThan(0);
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0 });
    await script.until(() => script.answering === 0);
  }, 60_000);
});
