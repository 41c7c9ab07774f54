/** Opening and ending a connection to the offline server: paths, the first event, refusals, expiry, keep-alive. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { BareClient, at } from '../support/offline-client.js';
import { startScripted, type Scripted } from '../support/offline.js';
import { SPELLINGS } from '../support/offline-spelling.js';
import { until } from '../support/until.js';

const running: Scripted[] = [];

async function start(options: Parameters<typeof startScripted>[0] = {}): Promise<Scripted> {
  const scripted = await startScripted(options);
  running.push(scripted);
  return scripted;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((scripted) => scripted.close()));
});

describe.each(SPELLINGS)('opening a session in $name', ({ name, vadPath, voicePath }) => {
  it('says session.created first, with the whole session: model, expiry, voice and detection that answers', async () => {
    const { url } = await start({ dialect: name });
    const before = Math.floor(Date.now() / 1000);
    const client = await BareClient.open(`${url}?model=gpt-realtime-2.1`);
    const [first] = client.frames;
    const session = at(first, 'session');
    expect(first?.type).toBe('session.created');
    expect(at(session, 'id')).toMatch(/^sess_/);
    expect(at(session, 'model')).toBe('gpt-realtime-2.1');
    expect(at(session, 'expires_at')).toBeGreaterThanOrEqual(before + 3_599);
    expect(at(session, 'expires_at')).toBeLessThanOrEqual(before + 3_602);
    expect(at(session, voicePath)).toBe('alloy');
    expect(at(session, vadPath)).toMatchObject({
      type: 'server_vad',
      threshold: 0.5,
      prefix_padding_ms: 300,
      silence_duration_ms: 500,
      create_response: true,
      interrupt_response: true,
    });
    expect(typeof at(first, 'event_id')).toBe('string');
  });

  it('closes a session that reached its length with session_expired and a clean 1001', async () => {
    const { url } = await start({ dialect: name, sessionMs: 1_100 });
    const client = await BareClient.open(url);
    const closed = await client.untilClosed();
    expect(at(client.frames.at(-1), 'error')).toMatchObject({ code: 'session_expired', event_id: null });
    expect(closed.code).toBe(1001);
    expect(closed.reason).toMatch(/^Your session hit the maximum duration of/);
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(Number(at(client.frames[0], 'session.expires_at')));
  });

  it('refuses a frame that is no JSON, one of unknown type and a binary one, and goes on', async () => {
    const { url } = await start({ dialect: name });
    const client = await BareClient.open(url);
    client.socket.send('{"type":');
    expect(await client.error(1)).toMatchObject({ type: 'invalid_request_error', code: 'invalid_json' });
    client.send({ type: 'response.dream', event_id: 'd1' });
    expect(await client.error(2)).toMatchObject({ code: 'invalid_value', param: 'type', event_id: 'd1' });
    client.socket.send(Buffer.from([1, 2, 3]));
    expect(await client.error(3)).toMatchObject({ code: 'invalid_event' });
    await client.settled();
    expect(client.closed).toBeUndefined();
  });
});

describe('opening a connection', () => {
  it.each([
    '/v1/realtime',
    '/v1/realtime?model=m',
    '/openai/v1/realtime?model=d',
    '/openai/realtime?api-version=v&deployment=d',
  ])('takes %s', async (path) => {
    const { server } = await start();
    const client = await BareClient.open(`ws://127.0.0.1:${server.port}${path}`, {
      headers: { authorization: 'Bearer any' },
    });
    expect(client.frames).toHaveLength(1);
  });

  it('answers an upgrade on another path with 404, and a plain request with 426', async () => {
    const { server } = await start();
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/v1/chat`);
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode);
      });
      socket.on('error', () => undefined);
    });
    expect(status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.port}/v1/realtime`)).status).toBe(426);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  });

  it('chooses the realtime subprotocol of a browser and ignores the key beside it', async () => {
    const { url } = await start();
    const client = new BareClient(url, ['realtime', 'openai-insecure-api-key.sk-any']);
    await client.next('session.created');
    expect(client.socket.protocol).toBe('realtime');
  });

  it.each([
    ['header', [], { headers: { 'openai-beta': 'realtime=v1' } }],
    ['subprotocol', ['realtime', 'openai-beta.realtime-v1'], {}],
  ])(
    'refuses the beta %s in GA after the upgrade: error, then close 4000',
    async (_how, protocols, options) => {
      const { url } = await start({ dialect: 'ga' });
      const client = new BareClient(url, protocols, options);
      const closed = await client.untilClosed();
      expect(client.types()).toEqual(['error']);
      expect(at(client.frames[0], 'error.code')).toBe('beta_api_shape_disabled');
      expect(closed).toEqual({ code: 4000, reason: 'invalid_request_error.beta_api_shape_disabled' });
    },
  );

  it('takes the beta header where the preview is spoken', async () => {
    const { url } = await start({ dialect: 'preview' });
    const client = await BareClient.open(url, { headers: { 'openai-beta': 'realtime=v1' } });
    expect(client.types()).toEqual(['session.created']);
  });

  it('pings, and drops a client that does not answer', async () => {
    const { url } = await start({ pingMs: 60 });
    const lively = await BareClient.open(url);
    const deaf = await BareClient.open(url, { autoPong: false });
    const pings: number[] = [];
    lively.socket.on('ping', () => pings.push(Date.now()));
    expect(await deaf.untilClosed()).toEqual({ code: 1011, reason: 'keepalive ping timeout' });
    expect(lively.closed).toBeUndefined();
    expect(pings.length).toBeGreaterThan(0);
  });

  it('keeps a client whose pong it could not read in time, because its own process was busy', async () => {
    const { url } = await start({ pingMs: 60 });
    const client = await BareClient.open(url);
    let pings = 0;
    client.socket.on('ping', () => {
      pings += 1;
      const from = performance.now();
      if (pings === 1) while (performance.now() - from < 200);
    });
    await until('the third ping has come', () => pings === 3 || client.closed !== undefined);
    expect(client.closed).toBeUndefined();
  });

  it('says goodbye with 1001 when it closes, and may be closed twice', async () => {
    const { url, server } = await start();
    const client = await BareClient.open(url);
    expect(server.connections).toBe(1);
    await Promise.all([server.close(), server.close()]);
    expect((await client.untilClosed()).code).toBe(1001);
    expect(server.connections).toBe(0);
  });
});
