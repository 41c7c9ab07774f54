/** What a refused request leaves on its socket: neither its voice, nor a reason to send its prompt again. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { connectionFault, requestFault } from '../support/offline.js';
import {
  answerOf,
  asking,
  failureOf,
  startPooled,
  type Pooled,
  type PooledOptions,
} from '../support/pool.js';

let pooled: Pooled;
let warnings: string[];

afterEach(() => pooled.close());

async function start(options: PooledOptions = {}): Promise<Pooled> {
  warnings = [];
  const logger = pino({ level: 'warn' }, { write: (line) => warnings.push(line) });
  pooled = await startPooled({ logger, ...options });
  await pooled.ready();
  return pooled;
}

function promptItemsSent(): number {
  return pooled.script.sockets.flatMap(({ events }) => events.filter(({ type }) => type === 'item.create'))
    .length;
}

describe('a prompt on a socket', () => {
  it.each([
    ['named', requestFault.requestError('invalid_value')],
    ['not named', requestFault.requestError('invalid_value', { named: false })],
  ])('stays there when a request that refers to it is refused, %s', async (_how, fault) => {
    const { pool, script } = await start();
    script.requests.next(fault);
    await failureOf(() => pool.request(asking('bad')));
    warnings = [];
    for (const text of ['one', 'two', 'three']) expect(await answerOf(pool.request(asking(text)))).toBe(text);
    expect(promptItemsSent()).toBe(1);
    expect(warnings).toEqual([]);
  });

  it('is sent once more when the refusal is about it', async () => {
    const { pool, script } = await start();
    expect(await answerOf(pool.request(asking('one')))).toBe('one');
    const [created] =
      script.sockets[0]?.events.flatMap((each) => (each.type === 'item.create' ? each : [])) ?? [];
    script.requests.next({
      refusal: ({ eventId }) =>
        connectionFault.connectionError(
          'invalid_value',
          `Item with id '${created?.item.id}' is not found.`,
          eventId,
        ),
    });
    await failureOf(() => pool.request(asking('two')));
    expect(await answerOf(pool.request(asking('three')))).toBe('three');
    expect(promptItemsSent()).toBe(2);
    expect(await answerOf(pool.request(asking('four')))).toBe('four');
    expect(promptItemsSent()).toBe(2);
    expect(warnings).toEqual([]);
  });

  it('that upstream has already is there, and not warned of', async () => {
    const { pool, script } = await start();
    await answerOf(pool.request(asking('one')));
    script.requests.next({
      refusal: ({ eventId }) => ({
        ...connectionFault.connectionError('item_not_found', 'There is no such item.', eventId),
        param: 'response.input[0].id',
      }),
    });
    await failureOf(() => pool.request(asking('two')));
    // The server has the item, and says that it exists.
    for (const text of ['three', 'four']) expect(await answerOf(pool.request(asking(text)))).toBe(text);
    expect(promptItemsSent()).toBe(2);
    expect(warnings).toEqual([]);
  });
});

describe.each(['ga', 'preview'] as const)('a voice, %s', (dialect) => {
  it('that was refused leaves its socket to the next one', async () => {
    const { pool, script } = await start({ dialect });
    script.requests.next(requestFault.requestError('invalid_value'));
    await failureOf(() => pool.request(asking('one', { output: 'audio', voice: 'nobody' })));
    await answerOf(pool.request(asking('two', { output: 'audio', voice: 'verse' })));
    await answerOf(pool.request(asking('three', { output: 'audio', voice: 'verse' })));
    expect(script.sockets).toHaveLength(1);
  });

  it('that failed before any sound arrived does too', async () => {
    const { pool, script } = await start({ dialect });
    script.requests.next(requestFault.fail('server_error'));
    await failureOf(() => pool.request(asking('one', { output: 'audio', voice: 'ash' })));
    await answerOf(pool.request(asking('two', { output: 'audio', voice: 'verse' })));
    expect(script.sockets).toHaveLength(1);
  });

  it('that has spoken, or is about to, keeps its socket to itself', async () => {
    const { pool, script } = await start({ dialect });
    script.requests.next(requestFault.slow({ firstMs: 100 }));
    const texts = ['one', 'two'];
    await Promise.all(
      ['ash', 'verse'].map((voice, index) =>
        answerOf(pool.request(asking(texts[index] ?? '', { output: 'audio', voice }))),
      ),
    );
    expect(script.sockets).toHaveLength(2);
    await answerOf(pool.request(asking('three', { output: 'audio', voice: 'ash' })));
    expect(script.sockets).toHaveLength(2);
  });
});
