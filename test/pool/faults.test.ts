import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayError, type ErrorCode } from '../../src/errors.js';
import { connectionFault, requestFault } from '../support/offline.js';
import { answerOf, asking, chunksOf, failureOf, startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled;

afterEach(() => pooled.close());

const SENTENCE = 'one two three four five';

type Outcome = { code: ErrorCode; retryable: boolean; partial?: string };

describe.each(['ga', 'preview'] as const)('a response that goes wrong, %s', (dialect) => {
  it.each<[string, Parameters<Pooled['script']['requests']['next']>[0], Outcome]>([
    ['fails', requestFault.fail('server_error'), { code: 'upstream-unavailable', retryable: true }],
    [
      'fails after two deltas',
      requestFault.fail('server_error', { after: 2 }),
      { code: 'upstream-unavailable', retryable: true, partial: 'one two' },
    ],
    [
      'meets the rate limit',
      requestFault.fail('rate_limit_exceeded'),
      { code: 'upstream-rate-limited', retryable: true },
    ],
    [
      'has no quota',
      requestFault.fail('insufficient_quota'),
      { code: 'upstream-rate-limited', retryable: true },
    ],
    [
      'is in a language that is not there',
      requestFault.fail('unsupported_language'),
      { code: 'unsupported-language', retryable: false },
    ],
    [
      'reaches the token limit',
      requestFault.incomplete('max_output_tokens', { after: 3 }),
      { code: 'translation-incomplete', retryable: false, partial: 'one two three' },
    ],
    [
      'is stopped by the content filter',
      requestFault.incomplete('content_filter'),
      { code: 'content-filtered', retryable: false, partial: 'one' },
    ],
    [
      'is cancelled by upstream',
      requestFault.cancelUnasked('turn_detected', { after: 2 }),
      { code: 'translation-incomplete', retryable: true, partial: 'one two' },
    ],
    [
      'is refused by an error that names it',
      requestFault.requestError('invalid_value'),
      { code: 'upstream-rejected', retryable: false },
    ],
    [
      'loses its socket after two deltas',
      requestFault.drop(2),
      { code: 'translation-incomplete', retryable: true, partial: 'one two' },
    ],
  ])('is an error of its own when it %s', async (_what, fault, outcome) => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.next(fault);
    const failure = await failureOf(() => pool.request(asking(SENTENCE)));
    expect(failure).toMatchObject(outcome);
    expect(failure.partial).toBe(outcome.partial);
    expect(await answerOf(pool.request(asking('and on it goes')))).toBe('and on it goes');
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0 });
  });

  it.each([
    ['at the request', 'request' as const],
    ['at its start', 'created' as const],
  ])('a request without a delta survives the loss of its socket %s', async (_when, at) => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.next(requestFault.drop(at));
    const chunks = await chunksOf(pool.request(asking(SENTENCE)));
    expect(chunks.filter((chunk) => chunk.type === 'started')).toHaveLength(1);
    expect(chunks.map((chunk) => (chunk.type === 'text' ? chunk.delta : '')).join('')).toBe(SENTENCE);
    expect(script.requestCount).toBe(2);
  });

  it('a request that loses two sockets is not tried a third time', async () => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.next(requestFault.drop('request'), 2);
    const failure = await failureOf(() => pool.request(asking(SENTENCE)));
    expect(failure).toMatchObject({ code: 'upstream-unavailable', status: 502, retryable: true });
    expect(script.requestCount).toBe(2);
  });

  it.each([
    ['malformed frames', requestFault.malformedFrames()],
    ['unknown events', requestFault.unknownEvent()],
    ['deltas of a response that is not ours', requestFault.foreignResponse()],
    ['a start sent twice', requestFault.createdTwice()],
  ])('%s harm neither the answer nor the socket', async (_what, fault) => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.every(fault);
    const sentences = Array.from({ length: 20 }, (_, number) => `${SENTENCE} ${number}`);
    expect(await Promise.all(sentences.map((text) => answerOf(pool.request(asking(text)))))).toEqual(
      sentences,
    );
    expect(script.sockets.length).toBeLessThanOrEqual(2);
    expect(script.sockets.every((socket) => socket.open)).toBe(true);
  });

  it.each([
    ['never starts', requestFault.ignore(), undefined],
    ['stops half way', requestFault.hang({ after: 2 }), 'one two'],
  ])('a response that %s ends at the deadline', async (_what, fault, partial) => {
    pooled = await startPooled({ dialect, pool: { responseTimeoutMs: 1_000 } });
    const { pool, script } = pooled;
    script.requests.next(fault);
    const failure = await failureOf(() => pool.request(asking(SENTENCE)));
    expect(failure).toMatchObject({ code: 'upstream-timeout', status: 504, retryable: true });
    expect(failure.partial).toBe(partial);
    expect(await answerOf(pool.request(asking('next')))).toBe('next');
  });
});

/** The error of a request whose client is gone. */
const GONE = new GatewayError('request-timeout', 'The client went away.');

describe('cancelling', () => {
  it('ends the response upstream when the client goes', async () => {
    pooled = await startPooled();
    const { pool, script } = pooled;
    script.requests.next(requestFault.hang({ after: 1 }));
    const pending = pool.request(asking(SENTENCE));
    for await (const chunk of pending) if (chunk.type === 'text') break;
    await script.until(() => script.answering === 0);
    const [, , create, cancel] = script.sockets[0]?.events ?? [];
    expect(create).toMatchObject({ type: 'response.create' });
    expect(cancel).toMatchObject({ type: 'response.cancel', responseId: expect.stringMatching(/^resp_/) });
    expect(pool.stats.running).toBe(0);
  });

  it('ends it as soon as its id is known when the client goes before the start', async () => {
    pooled = await startPooled();
    const { pool, script } = pooled;
    script.requests.next(requestFault.slow({ createdMs: 50, firstMs: 5_000 }));
    const pending = pool.request(asking(SENTENCE));
    const failure = failureOf(() => pending);
    await script.until(() => script.requestCount === 1);
    pending.fail(GONE);
    expect(await failure).toBe(GONE);
    await script.until(() => script.sockets[0]?.events.at(-1)?.type === 'response.cancel');
    await script.until(() => script.sockets[0]?.inFlight === 0);
    expect(script.sockets).toHaveLength(1);
  });

  it('replaces a socket whose upstream does not end what was cancelled', async () => {
    pooled = await startPooled({ connection: { cancelGraceMs: 50 }, pool: { responseTimeoutMs: 1_000 } });
    const { pool, script } = pooled;
    script.requests.next(requestFault.hang({ ignoresCancel: true }));
    expect(await failureOf(() => pool.request(asking(SENTENCE)))).toMatchObject({ code: 'upstream-timeout' });
    await script.until(() => script.sockets.length === 2 && script.open.length === 1);
    expect(await answerOf(pool.request(asking('next')))).toBe('next');
  });

  it('takes a request that still waits out of the queue', async () => {
    pooled = await startPooled({ pool: { maxSockets: 1, maxPerSocket: 1 } });
    const { pool, script, ready } = pooled;
    await ready();
    script.requests.next(requestFault.slow({ firstMs: 100 }));
    const first = answerOf(pool.request(asking('first')));
    const pending = pool.request(asking('second'));
    const second = failureOf(() => pending);
    expect(pool.stats).toMatchObject({ waiting: 1 });
    pending.fail(GONE);
    expect(await second).toBe(GONE);
    expect(pool.stats).toMatchObject({ waiting: 0 });
    expect(await first).toBe('first');
    expect(script.requestCount).toBe(1);
  });
});

describe('a prompt that upstream would not take', () => {
  it('is sent again with the next request', async () => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { pool, script } = pooled;
    let refusals = 1;
    script.connections.every({
      received(peer, event, serve) {
        if (event?.type === 'item.create' && refusals-- > 0) {
          peer.send(connectionFault.connectionError('server_error', 'Not now.', event.eventId));
        } else serve();
      },
    });
    expect(await failureOf(() => pool.request(asking(SENTENCE)))).toMatchObject({
      code: 'upstream-rejected',
    });
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
    expect(script.sockets).toHaveLength(1);
  });
});

describe('a peer that vanished', () => {
  it('is noticed by its missing pong, and what ran on it is retried', async () => {
    pooled = await startPooled({ connection: { keepAlive: { busyMs: 20, idleMs: 60_000, deadMs: 60 } } });
    const { pool, script, ready } = pooled;
    await ready();
    script.sockets[0]?.goSilent();
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
    expect(script.sockets).toHaveLength(2);
  });
});

describe('a session that expires', () => {
  it('is left before its end when that was announced, and no request fails', async () => {
    pooled = await startPooled({ pool: { responseTimeoutMs: 1_000 }, connection: { connectTimeoutMs: 500 } });
    const { pool, script } = pooled;
    script.connections.every(connectionFault.expire(4_000, { announced: true }));
    let answered = 0;
    while (script.sockets.length < 3) {
      expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
      answered += 1;
    }
    expect(script.requestCount).toBe(answered);
    expect(script.sockets.filter((socket) => socket.closed?.code === 1001)).toEqual([]);
  });

  it('costs a request that runs at that moment nothing but time when it came unannounced', async () => {
    pooled = await startPooled();
    const { pool, script } = pooled;
    script.connections.next(connectionFault.expire(100));
    script.requests.next(requestFault.slow({ firstMs: 1_000 }));
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe(SENTENCE);
    expect(script.sockets).toHaveLength(2);
  });
});
