/** However one side closes, the other is closed too, and nothing is left of either. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { cutReason, relayedClose } from '../../src/ws/close-codes.js';
import { startBeforeScript } from '../support/gateway.js';
import { BareClient } from '../support/offline-client.js';
import { connectionFault, requestFault, startScripted, type Script } from '../support/offline.js';
import { message } from '../support/offline-spelling.js';
import { eventually } from '../support/pool.js';
import {
  converse,
  RawUpgrade,
  startBareUpstream,
  startRelay,
  wsUrl,
  type RelayAlone,
} from '../support/relay.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

interface Joined extends RelayAlone {
  readonly script: Script;
  /** How many conversations were reported as ended. */
  ends(): number;
}

async function start(options: Parameters<typeof startRelay>[1] = {}): Promise<Joined> {
  const upstream = await startScripted();
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => log.push(line) });
  const relay = await startRelay(upstream.url, options, { logger });
  opened.push(upstream, relay);
  return {
    ...relay,
    script: upstream.script,
    ends: () => log.filter((line) => line.includes('"conversation ended"')).length,
  };
}

/** Both sides have closed, and this was reported once for each conversation. */
async function expectAllGone(joined: Joined, conversations = 1): Promise<void> {
  await eventually(() => joined.relay.stats.conversations === 0);
  await eventually(() => joined.script.open.length === 0);
  expect(joined.ends()).toBe(conversations);
}

describe('upstream ends', () => {
  it.each([
    [1000, ''],
    [1001, 'Your session hit the maximum duration of 60 minutes.'],
    [1008, 'policy'],
    [1011, 'keepalive ping timeout'],
    [1013, 'try again'],
    [3000, 'invalid_request_error.invalid_api_key'],
    [4999, 'ü'.repeat(61)],
  ])('with %d, and the client gets the same', async (code, reason) => {
    const joined = await start();
    const client = await converse(joined.url, '/');
    joined.script.sockets[0]?.drop({ code, reason });
    expect(await client.untilClosed()).toEqual({ code, reason });
    await expectAllGone(joined);
  });

  it('without a close frame, and the client gets 1011', async () => {
    const joined = await start();
    const client = await converse(joined.url, '/');
    joined.script.sockets[0]?.drop();
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'upstream lost' });
    await expectAllGone(joined);
  });

  it('with a close frame that has no code, and the client gets 1011', async () => {
    const upstream = await startBareUpstream();
    const alone = await startRelay(upstream.url);
    opened.push(upstream, alone);
    const client = await converse(alone.url, '/');
    upstream.sockets[0]?.close();
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'upstream lost' });
  });

  it('right after its last frames, which the client still gets', async () => {
    const joined = await start();
    joined.script.answer = () => 'word '.repeat(20_000);
    const client = await converse(joined.url, '/');
    joined.script.requests.next(requestFault.drop(20_000, { code: 4000, reason: 'enough' }));
    client.send({ type: 'conversation.item.create', item: message('Go on.') });
    client.send({ type: 'response.create', response: { output_modalities: ['text'] } });
    await client.until(() => client.closed !== undefined, 'the end', 20_000);
    expect(client.closed).toEqual({ code: 4000, reason: 'enough' });
    expect(client.types().filter((type) => type === 'response.output_text.delta')).toHaveLength(20_000);
  });

  it('while the client does, too', async () => {
    const joined = await start();
    for (let n = 0; n < 20; n += 1) {
      const client = await converse(joined.url, '/');
      const last = joined.script.sockets.at(-1);
      if (n % 2 === 0) client.socket.close(1000);
      last?.drop(n % 3 === 0 ? 'cut' : { code: 1000, reason: '' });
      if (n % 2 === 1) client.socket.terminate();
    }
    await expectAllGone(joined, 20);
  });
});

describe('upstream never becomes ready', () => {
  const silent = connectionFault.silent();
  const withoutSettings = connectionFault.ignoreConfiguration();

  it.each([
    ['it rejects the key', connectionFault.invalidApiKey(), 'upstream-rejected', 1011, 'upstream-rejected'],
    ['it answers 401', connectionFault.rejectUpgrade(401), 'upstream-rejected', 1011, 'upstream-rejected'],
    [
      'it answers 429',
      connectionFault.rejectUpgrade(429),
      'upstream-rate-limited',
      1011,
      'upstream-rate-limited',
    ],
    [
      'it answers 503',
      connectionFault.rejectUpgrade(503),
      'upstream-unavailable',
      1011,
      'upstream-unavailable',
    ],
    ['it sends nothing', silent, 'upstream-unavailable', 1011, 'upstream-unavailable'],
    ['it never configures', withoutSettings, 'upstream-unavailable', 1011, 'upstream-unavailable'],
    [
      'it rejects the settings',
      connectionFault.refuseConfiguration(),
      'upstream-rejected',
      1011,
      'upstream-rejected',
    ],
    [
      'it drops the connection',
      connectionFault.dropAtOpening(),
      'upstream-unavailable',
      1011,
      'upstream-unavailable',
    ],
    [
      'it closes the connection',
      connectionFault.dropAtOpening({ code: 4004, reason: 'gone' }),
      'upstream-rejected',
      4004,
      'gone',
    ],
  ])('%s: the client gets an error event and a close', async (_what, fault, error, code, reason) => {
    // Only where upstream says nothing does the time decide; elsewhere it must not, however busy the machine.
    const isTimed = [silent, withoutSettings].includes(fault);
    const joined = await start({ connectTimeoutMs: isTimed ? 300 : 60_000 });
    joined.script.connections.next(fault);
    const client = new BareClient(wsUrl(joined.url, '/'));
    expect(await client.untilClosed()).toEqual({ code, reason });
    expect(client.types()).toEqual(['error']);
    expect(await client.error()).toMatchObject({ type: 'server_error', code: error, event_id: null });
    await expectAllGone(joined);
  });

  it('it cannot be reached at all', async () => {
    const alone = await startRelay('ws://127.0.0.1:9/v1/realtime');
    opened.push(alone);
    const client = new BareClient(wsUrl(alone.url, '/?dialect=preview'));
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'upstream-unavailable' });
    expect(await client.error()).toMatchObject({ code: 'upstream-unavailable' });
    await eventually(() => alone.relay.stats.conversations === 0);
  });
});

describe('the client ends', () => {
  it.each([[1000], [1001], [4321]])('with %d, and upstream is left', async (code) => {
    const joined = await start();
    const client = await converse(joined.url, '/');
    client.socket.close(code, 'bye');
    await joined.script.until(() => joined.script.open.length === 0);
    expect(joined.script.sockets[0]?.closed?.code).toBe(1000);
    await expectAllGone(joined);
  });

  it('in the middle of a response, which upstream need not finish', async () => {
    const joined = await start();
    joined.script.requests.next(requestFault.hang({ after: 1 }));
    const client = await converse(joined.url, '/');
    client.send({ type: 'conversation.item.create', item: message('Hello there') });
    client.send({ type: 'response.create' });
    await client.next('response.output_audio_transcript.delta');
    client.socket.terminate();
    await joined.script.until(() => joined.script.answering === 0);
    await expectAllGone(joined);
  });

  it.each([
    ['before upstream sends anything', connectionFault.silent()],
    ['before upstream is created', connectionFault.slowOpening(60_000)],
    ['before upstream is configured', connectionFault.ignoreConfiguration()],
  ])('%s, and upstream is left', async (_when, fault) => {
    const joined = await start({ connectTimeoutMs: 60_000 });
    joined.script.connections.next(fault);
    const client = new RawUpgrade(joined.url, '/');
    await joined.script.until(() => joined.script.open.length === 1);
    client.socket.destroy();
    await expectAllGone(joined);
  });

  it('before upstream is even connected', async () => {
    const joined = await start();
    const client = new RawUpgrade(joined.url, '/');
    await eventually(() => client.received !== '');
    client.socket.destroy();
    await expectAllGone(joined);
  });

  it('while it waits to be accepted, and leaves no trace', async () => {
    const upstream = await startScripted();
    const alone = await startRelay(upstream.url);
    opened.push(upstream, alone);
    const server = createServer().listen(0, '127.0.0.1');
    const asked = once(server, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>;
    await once(server, 'listening');
    const client = new RawUpgrade(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '/');
    const [request, socket, head] = await asked;
    client.socket.destroy();
    await once(socket.resume(), 'end');
    alone.accept(request, socket, head);
    expect(alone.relay.stats.conversations).toBe(0);
    expect(upstream.script.handshakes).toHaveLength(0);
    server.close();
  });

  it('with a frame above the limit: it gets 1009, and upstream is closed', async () => {
    const joined = await start();
    const client = await converse(joined.url, '/');
    client.socket.send('x'.repeat(4 * 1024 * 1024 + 1));
    expect((await client.untilClosed()).code).toBe(1009);
    await expectAllGone(joined);
  });

  it('with invalid UTF-8: it gets 1007, and upstream is closed', async () => {
    const joined = await start();
    const client = await converse(joined.url, '/');
    client.socket.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { binary: false });
    expect((await client.untilClosed()).code).toBe(1007);
    await expectAllGone(joined);
  });

  it('with bytes that are not a frame: it gets 1002, and upstream is closed', async () => {
    const joined = await start();
    const client = new RawUpgrade(joined.url, '/', Buffer.from([0xff, 0xff, 0, 0, 0, 0]));
    await once(client.socket, 'close');
    await expectAllGone(joined);
  });
});

describe('the service ends', () => {
  it('when it shuts down, and leaves no socket', async () => {
    const running = await startBeforeScript();
    opened.push(running);
    const voice = await converse(running.url, '/realtime-voice');
    const text = await converse(running.url, '/text-chat?dialect=preview');
    await running.gateway.close();
    for (const client of [voice, text])
      expect(await client.untilClosed()).toEqual({ code: 1001, reason: 'The service is shutting down.' });
    expect(running.gateway.server.listening).toBe(false);
    await running.script.until(() => running.script.open.length === 0);
  });

  it('and closes both sides, whatever their state', async () => {
    const joined = await start({ connectTimeoutMs: 60_000 });
    const talking = await converse(joined.url, '/');
    joined.script.connections.next(connectionFault.silent());
    const opening = new BareClient(wsUrl(joined.url, '/'));
    await joined.script.until(() => joined.script.open.length === 2);
    await Promise.all([joined.relay.close(), joined.relay.close()]);
    for (const client of [talking, opening])
      expect(await client.untilClosed()).toEqual({ code: 1001, reason: 'The service is shutting down.' });
    await expectAllGone(joined, 2);
  });

  it.each(['', '?dialect=preview'])(
    'and a running response is completed, with the warning early in it: /text-chat%s',
    async (query) => {
      const running = await startBeforeScript({}, { answer: () => 'word '.repeat(30) });
      opened.push(running);
      const client = await converse(running.url, `/text-chat${query}`);
      const idle = await converse(running.url, '/realtime-voice');
      const rest = requestFault.held({ after: 5 });
      running.script.requests.next(rest);
      client.send({ type: 'conversation.item.create', item: message('Go on.') });
      client.send({ type: 'response.create' });
      await client.next('response.created');
      const closing = running.gateway.close();
      expect(await client.error()).toMatchObject({ type: 'server_error', code: 'draining' });
      expect(await idle.error()).toMatchObject({ code: 'draining' });
      expect(await idle.untilClosed()).toEqual({ code: 1001, reason: 'The service is shutting down.' });
      expect(client.closed).toBeUndefined();
      rest.release();
      expect(await client.untilClosed()).toEqual({ code: 1001, reason: 'The service is shutting down.' });
      const types = client.types();
      expect(types.at(-1)).toBe('response.done');
      expect(types.indexOf('error')).toBeLessThan(types.length - 10);
      expect(types.filter((type) => type.endsWith('text.delta'))).toHaveLength(30);
      await closing;
    },
  );

  it('and a response that was requested a moment before is still completed', async () => {
    const running = await startBeforeScript({}, { answer: () => 'late' });
    opened.push(running);
    const client = await converse(running.url, '/text-chat');
    running.script.requests.next(requestFault.slow({ firstMs: 300, betweenMs: 10 }));
    client.send({ type: 'conversation.item.create', item: message('Wait for it.') });
    client.send({ type: 'response.create' });
    await running.script.until(() => running.script.answering === 1);
    await running.gateway.close();
    expect(await client.untilClosed()).toMatchObject({ code: 1001 });
    expect(client.types().at(-1)).toBe('response.done');
  });

  it('and a response that never ends is cut off after the grace period', async () => {
    const running = await startBeforeScript({ SHUTDOWN_GRACE_MS: '300' });
    opened.push(running);
    const client = await converse(running.url, '/text-chat');
    running.script.requests.next(requestFault.hang({ after: 1 }));
    client.send({ type: 'conversation.item.create', item: message('Go on.') });
    client.send({ type: 'response.create' });
    await client.next('response.created');
    const from = performance.now();
    await running.gateway.close();
    expect(performance.now() - from).toBeGreaterThan(290);
    expect(await client.untilClosed()).toEqual({ code: 1001, reason: 'The service is shutting down.' });
    expect(client.types()).not.toContain('response.done');
    await running.script.until(() => running.script.open.length === 0);
  });

  it('in time even if a client does not answer the close frame', async () => {
    const joined = await start();
    const client = new RawUpgrade(joined.url, '/');
    await eventually(() => client.received.includes('session.created'));
    client.socket.pause();
    const startedAt = performance.now();
    await joined.relay.close();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    await expectAllGone(joined);
  });

  it('at once if it is destroyed, even while it closes', async () => {
    const joined = await start();
    const client = new RawUpgrade(joined.url, '/');
    await eventually(() => client.received.includes('session.created'));
    client.socket.pause();
    const closing = joined.relay.close();
    await joined.relay.destroy();
    await closing;
    await expectAllGone(joined);
  });
});

describe('a reason', () => {
  it.each([
    ['', ''],
    ['a'.repeat(123), 'a'.repeat(123)],
    ['a'.repeat(124), 'a'.repeat(123)],
    ['ü'.repeat(62), 'ü'.repeat(61)],
    [`a${'ü'.repeat(62)}`, `a${'ü'.repeat(61)}`],
    ['漢'.repeat(50), '漢'.repeat(41)],
    [`ab${'😀'.repeat(40)}`, `ab${'😀'.repeat(30)}`],
  ])('is cut to 123 bytes between two characters: %s', (reason, cut) => {
    expect(cutReason(reason)).toBe(cut);
    expect(Buffer.byteLength(cutReason(reason))).toBeLessThanOrEqual(123);
  });

  it.each([999, 1004, 1005, 1006, 1015, 1016, 2999, 5000])(
    'with a code that may not be sent becomes 1011: %d',
    (code) => {
      expect(relayedClose({ code, reason: 'why' }, 'upstream lost')).toEqual({
        code: 1011,
        reason: 'upstream lost',
      });
    },
  );
});
