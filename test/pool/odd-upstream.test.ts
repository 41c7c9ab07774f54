/** Servers that violate the protocol: each violation fails a request soon, with a message of its own, and is logged. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { GatewayError } from '../../src/errors.js';
import type { RequestFault } from '../support/fault-server/request-faults.js';
import type { Fault } from '../../src/wire/index.js';
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

afterEach(() => pooled.close());

const SENTENCE = 'one two three';
const SORRY = 'The server had an error while processing your request. Sorry about that!';
const UNNAMED: Fault = { type: 'fault', kind: 'server_error', code: 'server_error', message: SORRY };
/** Well below the deadline of a request, well above what a busy machine takes. */
const SOON_MS = 6_000;

async function start(options: PooledOptions = {}): Promise<Pooled & { warnings: () => string[] }> {
  const warnings: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => warnings.push(line) });
  pooled = await startPooled({ logger, ...options, pool: { responseTimeoutMs: 20_000, ...options.pool } });
  return { ...pooled, warnings: () => warnings };
}

async function failsSoon(ask: () => Promise<GatewayError>): Promise<GatewayError> {
  const startedAt = performance.now();
  const failure = await ask();
  expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  return failure;
}

/** Once the response has started, an error that names no request, and nothing more. */
const errorAfterStart: RequestFault = {
  answer(peer, answer, signal) {
    peer.send(UNNAMED);
    return requestFault.hang().answer?.(peer, answer, signal) ?? answer;
  },
};
const errorInstead: RequestFault = { refusal: () => UNNAMED };

describe.each(['ga', 'preview'] as const)('a server of %s', (dialect) => {
  it('that does not return the metadata is told apart from a slow one, and none of its answers is passed on', async () => {
    const { pool, script, warnings, ready } = await start({ dialect });
    await ready();
    script.requests.every(requestFault.withoutMetadata());
    const sentences = ['one', 'two', 'three'];
    const failures = await failsSoon(async () => {
      const all = await Promise.all(sentences.map((text) => failureOf(() => pool.request(asking(text)))));
      expect(all.map(({ code }) => code)).toEqual(sentences.map(() => 'upstream-rejected'));
      const [first] = all;
      if (first === undefined) throw new Error('There is none.');
      return first;
    });
    expect(failures.message).toContain('metadata');
    expect(failures.partial).toBeUndefined();
    expect(warnings().join()).toContain('metadata');
    await script.until(() => script.answering === 0);
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0 });
  });

  it('that answers with an unnamed error fails the one request that waits, and only that', async () => {
    const { pool, script, warnings } = await start({ dialect });
    script.requests.next(errorInstead);
    const failure = await failsSoon(() => failureOf(() => pool.request(asking(SENTENCE))));
    expect(failure).toMatchObject({ code: 'upstream-unavailable', status: 502, retryable: true });
    expect(failure.message).toContain('names no request');
    expect(failure.message).not.toContain('Sorry');
    expect(warnings().join()).toContain('names no request');
    expect(warnings().join()).not.toContain('Sorry');
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
    expect(script.sockets).toHaveLength(1);
  });

  it('that falls silent after such an error fails the response that it had started', async () => {
    const { pool, script } = await start({ dialect });
    script.requests.next(errorAfterStart);
    const failure = await failsSoon(() => failureOf(() => pool.request(asking(SENTENCE))));
    expect(failure).toMatchObject({ code: 'upstream-unavailable', retryable: true });
    await script.until(() => script.answering === 0);
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
  });

  it('that goes on after such an error is read to its end', async () => {
    const { pool, script } = await start({ dialect });
    script.requests.next({
      answer(peer, answer) {
        peer.send(UNNAMED);
        return answer;
      },
    });
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
  });

  it('that answers one of many with such an error fails that one, and the others are answered', async () => {
    const { pool, script, ready } = await start({ dialect, pool: { maxSockets: 1 } });
    await ready();
    script.requests.when(({ text }) => text === 'bad', errorInstead);
    script.requests.when(({ text }) => text !== 'bad', requestFault.slow({ firstMs: 50, betweenMs: 5 }));
    const good = Array.from({ length: 8 }, (_, number) => `${SENTENCE} ${number}`);
    const [failure, ...answers] = await Promise.all([
      failsSoon(() => failureOf(() => pool.request(asking('bad')))),
      ...good.map((text) => answerOf(pool.request(asking(text)))),
    ]);
    expect(failure).toMatchObject({ code: 'upstream-unavailable', retryable: true });
    expect(answers).toEqual(good);
    expect(pool.stats).toMatchObject({ running: 0, sockets: 1 });
  });

  it.each([
    ['sends nothing', connectionFault.silent(), 'began no session', 'session.created'],
    [
      'does not acknowledge the settings',
      connectionFault.ignoreConfiguration(),
      'settings',
      'session.updated',
    ],
  ])('that %s is named as what it is', async (_what, fault, sentence, awaited) => {
    const { pool, script, warnings } = await start({ dialect, pool: { warm: 0, connectTimeoutMs: 1_000 } });
    script.connections.every(fault);
    const failure = await failsSoon(() => failureOf(() => pool.request(asking(SENTENCE))));
    expect(failure).toMatchObject({ code: 'upstream-unavailable', status: 502, retryable: true });
    expect(failure.message).toContain(sentence);
    expect(warnings().join()).toContain(awaited);
  });

  it('that ends its session under every request fails it after two', async () => {
    const { pool, script } = await start({ dialect });
    const message = 'Your session hit the maximum duration of 60 minutes.';
    script.requests.every({
      answer(peer, answer, signal) {
        peer.send({ ...UNNAMED, kind: 'invalid_request_error', code: 'session_expired', message });
        peer.close({ code: 1001, reason: message });
        return requestFault.hang().answer?.(peer, answer, signal) ?? answer;
      },
    });
    const failure = await failsSoon(() => failureOf(() => pool.request(asking(SENTENCE))));
    expect(failure).toMatchObject({ code: 'upstream-unavailable', retryable: true });
    expect(failure.message).toContain('twice');
    expect(script.requestCount).toBe(2);
  });

  it('that cancels an answer by itself is named as the cause', async () => {
    const { pool, script } = await start({ dialect });
    script.requests.next(requestFault.cancelUnasked('turn_detected', { after: 3 }));
    const failure = await failsSoon(() => failureOf(() => pool.request(asking(SENTENCE))));
    expect(failure).toMatchObject({ code: 'translation-incomplete', retryable: true, partial: SENTENCE });
    expect(failure.message).toContain('cancelled');
  });
});
