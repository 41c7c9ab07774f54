/** The script's faults of whole connections: each does to a real socket what it says. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { BareClient, at } from '../support/offline-client.js';
import { connectionFault, startScripted, type Scripted } from '../support/offline.js';
import { outOfBand, SPELLINGS } from '../support/offline-spelling.js';

describe.each(SPELLINGS)('connection faults in $name', (spelling) => {
  let scripted: Scripted;

  beforeEach(async () => {
    scripted = await startScripted({ dialect: spelling.name });
  });

  afterEach(() => scripted.close());

  const configure = spelling.update({ vad: null, output: 'text' });

  it('takes the upgrade and says nothing', async () => {
    scripted.script.connections.next(connectionFault.silent());
    const client = new BareClient(scripted.url);
    await once(client.socket, 'open');
    client.send(configure);
    await scripted.script.until(() => scripted.script.sockets[0]?.frames.length === 1);
    const second = await BareClient.open(scripted.url);
    await second.settled();
    expect(client.frames).toEqual([]);
  });

  it('opens late', async () => {
    scripted.script.connections.next(connectionFault.slowOpening(120));
    const startedAt = performance.now();
    await BareClient.open(scripted.url);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(119);
  });

  it.each([
    ['invalid_api_key', connectionFault.invalidApiKey(), 3000],
    ['model_not_found', connectionFault.modelNotFound(), 4004],
    ['beta_api_shape_disabled', connectionFault.betaShapeDisabled(), 4000],
  ])('accepts, then says %s and closes', async (code, fault, closeCode) => {
    scripted.script.connections.next(fault);
    const client = new BareClient(scripted.url);
    expect(await client.untilClosed()).toEqual({ code: closeCode, reason: `invalid_request_error.${code}` });
    expect(client.types()).toEqual(['error']);
    expect(at(client.frames[0], 'error.code')).toBe(code);
  });

  it('drops the socket before session.created, cut or closed', async () => {
    const going = { code: 1012, reason: 'restarting' };
    scripted.script.connections
      .next(connectionFault.dropAtOpening())
      .next(connectionFault.dropAtOpening(going));
    expect((await new BareClient(scripted.url).untilClosed()).code).toBe(1006);
    expect(await new BareClient(scripted.url).untilClosed()).toEqual(going);
  });

  it('drops the socket after a time, whatever is going on', async () => {
    scripted.script.connections.next(connectionFault.dropAfter(50, { code: 1011, reason: 'gone' }));
    const client = await BareClient.open(scripted.url);
    client.send(configure);
    await client.next('session.updated');
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'gone' });
    await scripted.script.until(() => scripted.script.sockets[0]?.closed?.code === 1011);
  });

  it('refuses, ignores and delays the configuration', async () => {
    scripted.script.connections
      .next(connectionFault.refuseConfiguration('unknown_parameter'))
      .next(connectionFault.ignoreConfiguration())
      .next(connectionFault.slowConfiguration(80));
    const refused = await BareClient.open(scripted.url);
    refused.send({ ...configure, event_id: 'cfg' });
    expect(await refused.error()).toMatchObject({ code: 'unknown_parameter', event_id: 'cfg' });
    const ignored = await BareClient.open(scripted.url);
    ignored.send(configure);
    await ignored.settled();
    expect(ignored.types()).not.toContain('session.updated');
    const slow = await BareClient.open(scripted.url);
    const startedAt = performance.now();
    slow.send(configure);
    await slow.next('session.updated');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
  });

  it('goes half-open once configured: pings, events and close frames go unanswered', async () => {
    scripted.script.connections.next(connectionFault.halfOpen());
    const client = await BareClient.open(scripted.url);
    client.send(configure);
    await client.next('session.updated');
    await scripted.script.until(() => scripted.script.open.length === 0);
    let pongs = 0;
    client.socket.on('pong', () => (pongs += 1));
    client.socket.ping();
    client.send({ type: 'response.create', response: outOfBand(spelling, 'anyone there?') });
    client.socket.close(1000);
    const healthy = await BareClient.open(scripted.url);
    await healthy.settled();
    expect(pongs).toBe(0);
    expect(client.types()).toEqual(['session.created', 'session.updated']);
    expect(client.socket.readyState).toBe(WebSocket.CLOSING);
    expect(scripted.script.requestCount).toBe(0);
    client.socket.terminate();
  });

  it('expires a session, announced or out of the blue', async () => {
    scripted.script.connections
      .next(connectionFault.expire(60))
      .next(connectionFault.expire(1_100, { announced: true }));
    const blue = await BareClient.open(scripted.url);
    const announced = await BareClient.open(scripted.url);
    const now = Date.now() / 1000;
    expect(Number(at(blue.frames[0], 'session.expires_at'))).toBeGreaterThan(now + 3_000);
    expect(Number(at(announced.frames[0], 'session.expires_at'))).toBeLessThan(now + 2);
    expect((await blue.untilClosed()).code).toBe(1001);
    expect(at(blue.frames.at(-1), 'error')).toMatchObject({ code: 'session_expired', event_id: null });
    expect((await announced.untilClosed()).code).toBe(1001);
  });
});

describe('refused handshakes', () => {
  it.each([401, 403, 404, 429, 503])('answer the upgrade with %i, once, and are counted', async (status) => {
    const scripted = await startScripted();
    const retry = status === 429 ? { retryAfterS: 7 } : {};
    scripted.script.connections.next(
      connectionFault.rejectUpgrade(status, { ...retry, body: '{"error":{"code":"x"}}' }),
    );
    const answer = await new Promise<{
      status: number | undefined;
      retryAfter: string | undefined;
      body: string;
    }>((resolve) => {
      const socket = new WebSocket(scripted.url);
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'], body });
        });
      });
      socket.on('error', () => undefined);
    });
    expect(answer).toEqual({
      status,
      retryAfter: status === 429 ? '7' : undefined,
      body: '{"error":{"code":"x"}}',
    });
    await BareClient.open(scripted.url);
    expect(scripted.script.handshakes.map(({ number }) => number)).toEqual([1, 2]);
    expect(scripted.script.sockets.map(({ number }) => number)).toEqual([2]);
    await scripted.close();
  });
});
