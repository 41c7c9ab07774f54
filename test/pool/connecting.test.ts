import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayError, type ErrorCode } from '../../src/errors.js';
import { connectionFault } from '../support/offline.js';
import { answerOf, asking, eventually, failureOf, startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled;

afterEach(() => pooled.close());

describe.each(['ga', 'preview'] as const)('upstream refuses the connection, %s', (dialect) => {
  it.each<[string, Parameters<Pooled['script']['connections']['every']>[0], ErrorCode]>([
    ['HTTP 400', connectionFault.rejectUpgrade(400), 'upstream-rejected'],
    ['HTTP 401', connectionFault.rejectUpgrade(401), 'upstream-rejected'],
    ['HTTP 403', connectionFault.rejectUpgrade(403), 'upstream-rejected'],
    ['HTTP 404', connectionFault.rejectUpgrade(404), 'upstream-rejected'],
    ['a bad key after the upgrade', connectionFault.invalidApiKey(), 'upstream-rejected'],
    ['an unknown model after the upgrade', connectionFault.modelNotFound(), 'upstream-rejected'],
    ['the wrong dialect after the upgrade', connectionFault.betaShapeDisabled(), 'upstream-rejected'],
    ['its configuration', connectionFault.refuseConfiguration(), 'upstream-rejected'],
    [
      'close 3000 without an event',
      connectionFault.dropAtOpening({ code: 3000, reason: 'no' }),
      'upstream-rejected',
    ],
    ['HTTP 429', connectionFault.rejectUpgrade(429), 'upstream-rate-limited'],
    [
      'a rate limit after the upgrade',
      connectionFault.rejectOpening('rate_limit_exceeded', 1008),
      'upstream-rate-limited',
    ],
  ])('with %s: all requests that wait fail at once', async (_what, fault, code) => {
    pooled = await startPooled({ dialect, pool: { warm: 0, connectTimeoutMs: 60_000 } });
    const { pool, script } = pooled;
    script.connections.every(fault);
    const failures = await Promise.all(
      Array.from({ length: 40 }, () => failureOf(() => pool.request(asking('hello')))),
    );
    expect(new Set(failures.map((failure) => failure.code))).toEqual(new Set([code]));
    expect(failures[0]?.retryable).toBe(code !== 'upstream-rejected');
    expect(pool.stats).toMatchObject({ running: 0, waiting: 0 });
    expect(script.handshakes.length).toBeLessThanOrEqual(3);
  });
});

describe('upstream that refuses the connection', () => {
  it('is not hammered: the next requests fail without another handshake', async () => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { pool, script } = pooled;
    script.connections.every(connectionFault.rejectUpgrade(401));
    for (let number = 0; number < 50; number += 1) await failureOf(() => pool.request(asking('hello')));
    expect(script.handshakes).toHaveLength(1);
    expect(pool.refusal).toMatchObject({ code: 'upstream-rejected' });
  });

  it('is retried by a request after a second, and accepts us', async () => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { pool, script } = pooled;
    script.connections.next(connectionFault.rejectUpgrade(401));
    await failureOf(() => pool.request(asking('hello')));
    const refusedAt = performance.now();
    await eventually(() => performance.now() - refusedAt > 1_100);
    expect(await answerOf(pool.request(asking('hello')))).toBe('hello');
    expect(pool.refusal).toBeUndefined();
  });

  it('is retried without a request after ten seconds', async () => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { pool, script } = pooled;
    script.connections.next(connectionFault.rejectUpgrade(403));
    await failureOf(() => pool.request(asking('hello')));
    await eventually(() => pool.refusal === undefined, 12_000);
    expect(script.handshakes).toHaveLength(2);
  });

  it('passes on how long to wait', async () => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { pool, script } = pooled;
    script.connections.every(connectionFault.rejectUpgrade(429, { retryAfterS: 7 }));
    const first = await failureOf(() => pool.request(asking('hello')));
    const second = await failureOf(() => pool.request(asking('hello')));
    for (const { retryAfterMs = 0 } of [first, second]) {
      expect(retryAfterMs).toBeGreaterThan(6_000);
      expect(retryAfterMs).toBeLessThanOrEqual(7_000);
    }
    expect(script.handshakes).toHaveLength(1);
  });
});

describe('upstream out of reach', () => {
  it.each([
    ['HTTP 503', connectionFault.rejectUpgrade(503)],
    ['a drop at the opening', connectionFault.dropAtOpening()],
    ['a close before the configuration', connectionFault.dropAtOpening({ code: 1011, reason: 'no' })],
  ])('for a moment (%s) costs a request only time', async (_what, fault) => {
    pooled = await startPooled({ pool: { warm: 0 } });
    const { pool, script } = pooled;
    script.connections.next(fault, 2);
    expect(await answerOf(pool.request(asking('hello')))).toBe('hello');
    expect(script.handshakes).toHaveLength(3);
  });

  it('is tried with growing pauses until the request has waited its time, then the breaker answers at once', async () => {
    pooled = await startPooled({ pool: { warm: 0, connectTimeoutMs: 1_500 } });
    const { pool, script } = pooled;
    script.connections.every(connectionFault.rejectUpgrade(503));
    const startedAt = performance.now();
    const failure = await failureOf(() => pool.request(asking('hello')));
    const waitedMs = performance.now() - startedAt;
    expect(failure).toMatchObject({ code: 'upstream-unavailable', status: 502, retryable: true });
    expect(waitedMs).toBeGreaterThan(1_400);
    const attempts = script.handshakes.length;
    expect(attempts).toBeGreaterThan(2);
    expect(attempts).toBeLessThan(9);
    const next = await failureOf(() => pool.request(asking('hello')));
    expect(next.code).toBe('upstream-unavailable');
    expect(next.retryAfterMs).toBeGreaterThan(0);
    expect(script.handshakes).toHaveLength(attempts);
  });

  it.each([
    ['never speaks', connectionFault.silent()],
    ['never acknowledges the configuration', connectionFault.ignoreConfiguration()],
  ])('that %s is given up after the handshake deadline', async (_what, fault) => {
    pooled = await startPooled({ pool: { warm: 0, connectTimeoutMs: 300 } });
    const { pool, script } = pooled;
    script.connections.every(fault);
    expect(await failureOf(() => pool.request(asking('hello')))).toMatchObject({
      code: 'upstream-unavailable',
    });
    await script.until(() => script.open.length === 0);
  });

  it('where nobody listens ends in time too', async () => {
    pooled = await startPooled({ pool: { warm: 0, connectTimeoutMs: 600 } });
    const { pool, server } = pooled;
    await server.destroy();
    expect(await failureOf(() => pool.request(asking('hello')))).toMatchObject({
      code: 'upstream-unavailable',
    });
  });

  it('that comes back is found again by the warm stock alone', async () => {
    pooled = await startPooled();
    const { script, ready, pool } = pooled;
    await ready();
    script.connections.next(connectionFault.rejectUpgrade(503), 2);
    script.sockets[0]?.drop();
    await eventually(() => pool.stats.ready === 0);
    await ready();
    expect(script.handshakes).toHaveLength(4);
  });

  it('that drops every fresh socket is not connected to in a tight loop', async () => {
    pooled = await startPooled();
    const { script } = pooled;
    script.connections.every(connectionFault.dropAfter(5));
    script.sockets[0]?.drop();
    const from = performance.now();
    await eventually(() => performance.now() - from > 1_000);
    expect(script.handshakes.length).toBeLessThan(8);
  });
});

describe('ending the pool', () => {
  it('lets what runs and waits end, refuses what comes, and closes every socket with a close frame', async () => {
    pooled = await startPooled({ pool: { maxSockets: 2, maxPerSocket: 2 } });
    const { pool, script } = pooled;
    const texts = Array.from({ length: 20 }, (_, number) => `sentence ${number}`);
    const answers = Promise.all(texts.map((text) => answerOf(pool.request(asking(text)))));
    const closed = pool.close();
    expect(await failureOf(() => pool.request(asking('late')))).toMatchObject({
      code: 'draining',
      status: 503,
    });
    expect(await answers).toEqual(texts);
    await closed;
    await pool.close();
    await script.until(() => script.open.length === 0);
    expect(script.sockets.map((socket) => socket.closed?.code)).toEqual(script.sockets.map(() => 1000));
    expect(pool.stats).toMatchObject({ sockets: 0, running: 0, waiting: 0 });
  });

  it('settles every request at once when destroyed, wherever it stands', async () => {
    pooled = await startPooled({ pool: { maxSockets: 1, maxPerSocket: 2 } });
    const { pool, script } = pooled;
    script.connections.every(connectionFault.slowOpening(10_000));
    const failures = Array.from({ length: 10 }, () => failureOf(() => pool.request(asking('hello'))));
    const error = new GatewayError('draining', 'Over.');
    await pool.destroy(error);
    await pool.destroy(error);
    expect((await Promise.all(failures)).map((failure) => failure.code)).toEqual(
      Array.from({ length: 10 }, () => 'draining'),
    );
    expect(pool.stats).toMatchObject({ sockets: 0, running: 0, waiting: 0 });
  });
});
