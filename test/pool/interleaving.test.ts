import { afterEach, describe, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { answerOf, asking, startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled;

afterEach(() => pooled.close());

describe.each(['ga', 'preview'] as const)('many requests on few sockets, %s', (dialect) => {
  it('gives 2 000 interleaved requests of 50 prompts over 4 sockets each its own answer', async () => {
    pooled = await startPooled({
      dialect,
      pool: { maxWaiting: 2_000, connectTimeoutMs: 20_000, responseTimeoutMs: 50_000 },
    });
    const { pool, script } = pooled;
    script.answer = ({ items }) => {
      const [prompt, question] = items.map((item) => item.parts[0]);
      return `${prompt?.type === 'text' ? prompt.text : ''} | ${question?.type === 'text' ? question.text : ''}`;
    };
    // Different speeds, so that answers overtake each other and deltas interleave.
    for (const [index, betweenMs] of [0, 1, 3, 7].entries()) {
      script.requests.when(
        ({ number }) => number % 4 === index,
        requestFault.slow({ firstMs: betweenMs, betweenMs }),
      );
    }
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, (_, number) => {
        const prompt = `prompt ${number % 50}`;
        return answerOf(pool.request(asking(`question number ${number} of many`, { prompt })));
      }),
    );
    const mixedUp = answers.filter(
      (answer, number) => answer !== `prompt ${number % 50} | question number ${number} of many`,
    );
    expect(mixedUp).toEqual([]);
    expect(script.sockets).toHaveLength(4);
    expect(Math.max(...script.sockets.map((socket) => socket.maxInFlight))).toBeLessThanOrEqual(16);
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0, sockets: 4 });
  });
});

describe('the pool', () => {
  it('serves 300 prompts one after the other on the one warm socket', async () => {
    pooled = await startPooled();
    const { pool, script } = pooled;
    for (let number = 0; number < 300; number += 1) {
      const prompt = `prompt ${number}`;
      await answerOf(pool.request(asking('hello', { prompt })));
    }
    expect(script.sockets).toHaveLength(1);
  });

  it('sends a prompt once per socket and then only refers to it', async () => {
    pooled = await startPooled();
    const { pool, script } = pooled;
    for (let number = 0; number < 5; number += 1) await answerOf(pool.request(asking(`sentence ${number}`)));
    const events = script.sockets[0]?.events ?? [];
    expect(events.map((event) => event.type)).toEqual([
      'session.configure',
      'item.create',
      ...Array.from({ length: 5 }, () => 'response.create'),
    ]);
  });

  it('evicts the least recently used prompt for a new one', async () => {
    pooled = await startPooled({ connection: { maxPromptItems: 2 } });
    const { pool, script } = pooled;
    for (const prompt of ['a', 'b', 'a', 'c', 'b']) await answerOf(pool.request(asking('hello', { prompt })));
    const events = script.sockets[0]?.events ?? [];
    const created = events.filter((event) => event.type === 'item.create').map((event) => event.item.id);
    const deleted = events.flatMap((event) => (event.type === 'item.delete' ? [event.itemId] : []));
    expect(created).toHaveLength(4);
    // c takes the place of b, and b, created anew under the same id, that of a.
    expect(deleted).toEqual([created[1], created[0]]);
    expect(created[3]).toBe(created[1]);
  });

  it('sends the question alone in the user item, prompt and context in items of their own', async () => {
    pooled = await startPooled();
    const { pool, script } = pooled;
    await answerOf(pool.request(asking('Good morning', { context: 'A letter to a friend.' })));
    const [asked] = script.asked;
    expect(asked?.items.map(({ role, parts }) => ({ role, parts }))).toEqual([
      { role: 'system', parts: [{ type: 'text', text: 'Translate.' }] },
      { role: 'system', parts: [{ type: 'text', text: expect.stringContaining('A letter to a friend.') }] },
      { role: 'user', parts: [{ type: 'text', text: 'Good morning' }] },
    ]);
  });
});
