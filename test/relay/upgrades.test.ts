/** What an upgrade is checked for: keys, origin, limits, its query, and its own form. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { post, startBeforeScript } from '../support/gateway.js';
import { RawClient, until } from '../support/http.js';
import { at, BareClient } from '../support/offline-client.js';
import { requestFault } from '../support/offline.js';
import { eventually } from '../support/pool.js';
import { clientFrame, converse, RawUpgrade, refusal, wsUrl } from '../support/relay.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

const PATHS = ['/realtime-voice', '/text-chat'];

/** Nothing of it may have reached upstream, and no place may be taken. */
function expectNoTrace(): void {
  expect(running.gateway.stats().relay.conversations).toBe(0);
  expect(running.script.handshakes).toHaveLength(0);
}

const COLD = { POOL_WARM: '0' };

describe.each(PATHS)('%s', (path) => {
  it('asks for a key where there are keys, and takes it as a header', async () => {
    running = await startBeforeScript({ ...COLD, API_KEYS: 'secret' });
    for (const headers of [{}, { 'X-API-Key': 'other' }, { Authorization: 'Basic c2VjcmV0' }]) {
      const told = await refusal(running.url, path, headers);
      expect([told.status, told.body.code]).toEqual([401, 'unauthorized']);
      expect(told.headers['www-authenticate']).toContain('Bearer');
      expect(told.headers['content-type']).toBe('application/problem+json');
    }
    expect((await refusal(running.url, `${path}?api_key=secret`)).status).toBe(400);
    expectNoTrace();
    for (const headers of [{ 'X-API-Key': 'secret' }, { Authorization: 'Bearer secret' }])
      await (await converse(running.url, path, { headers })).close();
  });

  it('is the same path in any spelling', async () => {
    running = await startBeforeScript({ API_KEYS: 'secret' });
    const loud = path.toUpperCase();
    expect((await refusal(running.url, loud)).status).toBe(401);
    await (await converse(running.url, loud, { headers: { 'X-API-Key': 'secret' } })).close();
  });

  it('is refused while the service stops, with the time to wait', async () => {
    running = await startBeforeScript();
    const closed = running.gateway.close();
    const told = await refusal(running.url, path);
    expect([told.status, told.body.code]).toEqual([503, 'draining']);
    expect(told.headers['retry-after']).toBe('5');
    await closed;
  });

  it('says that it is for WebSockets, and for GET', async () => {
    running = await startBeforeScript(COLD);
    const plain = await fetch(running.url + path);
    expect(plain.status).toBe(400);
    expect(await plain.json()).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining('upgrade'),
    });
    const other = await post(running.url + path, {});
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    expect((await refusal(running.url, path, {}, 'POST')).status).toBe(405);
    expectNoTrace();
  });
});

describe('the query', () => {
  it.each([
    ['an unknown name', 'targt=es', '/targt'],
    ['a name sent twice', 'target=es&target=fr', '/target'],
    ['a name and its alias', 'target=es&target_lang=fr', '/target_lang'],
    ['a target that is no language', 'target=spanish', '/target'],
    ['a source that is no language', 'source=en_US', '/source'],
    ['another dialect', 'dialect=beta', '/dialect'],
    ['a prompt that is too long', `prompt=${'a'.repeat(8_001)}`, '/prompt'],
    ['a voice with too long a name', `voice=${'a'.repeat(65)}`, '/voice'],
    ['a voice of nobody', 'voice=caruso', '/voice'],
  ])('with %s is refused, the field named', async (_what, query, pointer) => {
    running = await startBeforeScript({ ...COLD, REALTIME_PROVIDER: 'openai', OPENAI_API_KEY: 'key' });
    const told = await refusal(running.url, `/realtime-voice?${query}`);
    expect([told.status, told.body.code]).toEqual([400, 'invalid-request']);
    expect(told.body.errors).toEqual([{ pointer, detail: expect.stringContaining(pointer.slice(1)) }]);
    expectNoTrace();
  });

  it.each([
    ['nothing', '', /^You are a helpful assistant in a spoken conversation\./, undefined],
    ['empty fields', 'target=&prompt=&source=&voice=&ticket=', /^You are a helpful assistant/, undefined],
    ['a target', 'target=es', /^You are an interpreter\. .* to Spanish\./, undefined],
    ['both languages', 'source=en-US&target=pt-BR', /from American English to Brazilian Portuguese/, 'en'],
    ['a source alone', 'source=de', /^You are a helpful assistant/, 'de'],
    ['a source to be found out', 'source=auto&target=es', /^You are an interpreter/, undefined],
    ['a prompt', 'prompt=Speak%20like%20a%20pirate.&target=es', /^Speak like a pirate\.$/, undefined],
  ])('with %s shapes the session', async (_what, query, instructions, language) => {
    running = await startBeforeScript({ DEFAULT_TARGET: 'fr' });
    const client = await converse(running.url, `/realtime-voice?${query}`);
    const configured = running.script.sockets.at(-1)?.events[0];
    const interrupts = !/target=[^&]/.test(query);
    expect(configured).toMatchObject({
      type: 'session.configure',
      session: {
        ...{ output: 'audio', inputFormat: 'pcm16', outputFormat: 'pcm16', tools: [], toolChoice: 'none' },
        instructions: expect.stringMatching(instructions),
        turnDetection: { type: 'server_vad', createResponse: interrupts, interruptResponse: interrupts },
      },
    });
    expect(at(configured, 'session.transcription')).toEqual({
      model: 'gpt-transcribe',
      ...(language !== undefined && { language }),
    });
    expect(at(client.frames[0], 'session.instructions')).toMatch(instructions);
    await client.close();
  });

  it('chooses a voice over the one of the service', async () => {
    running = await startBeforeScript({ REALTIME_VOICE: 'verse' });
    const client = await converse(running.url, '/realtime-voice?voice=echo');
    expect(at(client.frames[0], 'session.audio.output.voice')).toBe('echo');
    await client.close();
  });
});

describe('a page', () => {
  const own = (): string => running.url;

  it('of the service may converse, as may a client that is not a page', async () => {
    running = await startBeforeScript();
    for (const headers of [{}, { Origin: own() }, { Origin: own().toUpperCase() }])
      await (await converse(running.url, '/text-chat', { headers })).close();
  });

  it.each([
    ['of another origin', 'https://elsewhere.example'],
    ['of our host on another port', 'http://127.0.0.1:1'],
    ['in a sandbox', 'null'],
    ['of a file', 'file://'],
    ['of an address that begins like ours', 'http://127.0.0.1.elsewhere.example'],
  ])('%s may not', async (_where, origin) => {
    running = await startBeforeScript(COLD);
    const told = await refusal(running.url, '/text-chat', { Origin: origin });
    expect([told.status, told.body.code]).toEqual([403, 'forbidden']);
    expect(String(told.body.hint)).toContain('CORS_ORIGINS');
    expectNoTrace();
  });

  it('of an origin in CORS_ORIGINS may', async () => {
    running = await startBeforeScript({ CORS_ORIGINS: 'https://app.example' });
    await (await converse(running.url, '/text-chat', { headers: { Origin: 'https://app.example' } })).close();
    expect((await refusal(running.url, '/text-chat', { Origin: 'https://b.example' })).status).toBe(403);
  });

  it('is of the service where a trusted proxy sends the host that it was asked for, TLS and its port included', async () => {
    const proxied = { Origin: 'https://translate.example', 'X-Forwarded-Host': 'translate.example:443' };
    running = await startBeforeScript({ TRUST_PROXY: 'true' });
    await (await converse(running.url, '/text-chat', { headers: proxied })).close();
    await running.close();
    running = await startBeforeScript();
    expect((await refusal(running.url, '/text-chat', proxied)).status).toBe(403);
  });
});

describe('an upgrade', () => {
  it.each([
    ['without a key', { 'Sec-WebSocket-Key': undefined }, /Sec-WebSocket-Key/],
    ['with half a key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, /Sec-WebSocket-Key/],
    ['of another version', { 'Sec-WebSocket-Version': '7' }, /Sec-WebSocket-Version/],
    ['with subprotocols that are no list', { 'Sec-WebSocket-Protocol': ',,' }, /Sec-WebSocket-Protocol/],
  ])('%s is refused in words of ours, and its connection ends', async (_what, headers, detail) => {
    running = await startBeforeScript(COLD);
    const told = await refusal(running.url, '/text-chat', headers);
    expect([told.status, told.body.code]).toEqual([400, 'invalid-request']);
    expect(told.body.detail).toMatch(detail);
    expect(told.body.errors).toEqual([{ pointer: '', detail: told.body.detail }]);
    expect(told.headers['sec-websocket-version']).toBe('13');
    expect(told.headers.connection).toBe('close');
    expectNoTrace();
  });

  it('brings its id and what is left of the points with 101', async () => {
    running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '20' });
    const client = new BareClient(wsUrl(running.url, '/text-chat'), [], {
      headers: { 'X-Request-Id': 'my-call' },
    });
    const [answer] = (await once(client.socket, 'upgrade')) as [{ headers: Record<string, string> }];
    expect(answer.headers).toMatchObject({
      'x-request-id': 'my-call',
      'x-content-type-options': 'nosniff',
      ratelimit: expect.stringMatching(/^"points";r=10;t=\d+$/),
    });
    expect(answer.headers).not.toHaveProperty('sec-websocket-version');
    await (await converse(running.url, '/text-chat')).close();
    const told = await refusal(running.url, '/text-chat');
    expect([told.status, told.body.code]).toEqual([429, 'rate-limited']);
    expect(told.headers).toMatchObject({
      ratelimit: expect.stringMatching(/^"points";r=0;t=\d+$/),
      'ratelimit-policy': '"points";q=20;w=60',
      'retry-after': expect.stringMatching(/^\d+$/),
    });
    await client.close();
  });

  it('chooses the protocol by its name where subprotocols are offered', async () => {
    running = await startBeforeScript();
    const client = new BareClient(wsUrl(running.url, '/text-chat'), ['other', 'realtime']);
    await client.next('session.created');
    expect(client.socket.protocol).toBe('realtime');
    await client.close();
  });

  it('may be followed by frames at once', async () => {
    running = await startBeforeScript();
    const clear = clientFrame('{"type":"input_audio_buffer.clear"}');
    const client = new RawUpgrade(running.url, '/text-chat', Buffer.concat([clear, clear]));
    await eventually(() => client.received.split('input_audio_buffer.cleared').length === 3);
    expect(client.received).toMatch(/^HTTP\/1.1 101 /);
    client.socket.destroy();
  });

  it('that is refused leaves no connection behind, even of a client that does not hang up', async () => {
    running = await startBeforeScript(COLD);
    const client = new RawClient(Number(new URL(running.url).port));
    client.write(
      'GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nand more',
    );
    await client.sees(/^HTTP\/1.1 404 [^]*"code":"not-found"/);
    await client.ended();
    const open = (): Promise<number> =>
      new Promise((resolve, reject) => {
        running.gateway.server.getConnections((error, count) => {
          if (error) reject(error);
          else resolve(count);
        });
      });
    await until(async () => (await open()) === 0);
    client.leave();
  });

  it('pipelined behind a request that is not answered yet ends its connection, and nothing else', async () => {
    running = await startBeforeScript();
    running.script.requests.next(requestFault.hang());
    const client = new RawClient(Number(new URL(running.url).port));
    const body = '{"text":"hi"}';
    client.write(
      `POST /api/realtime/translate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await running.script.until(() => running.script.answering === 1);
    client.write('GET /text-chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await client.ended();
    await running.script.until(() => running.script.answering === 0);
    expect((await fetch(`${running.url}/livez`)).status).toBe(200);
  });

  it('to another protocol is ignored: the request is served without it, with its body', async () => {
    running = await startBeforeScript();
    const body = JSON.stringify({ text: `Good morning. ${'x'.repeat(9_000)} The end.` });
    const client = new RawClient(Number(new URL(running.url).port));
    client.write(
      'POST /api/realtime/translate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n` +
        body.slice(0, 100),
    );
    await eventually(() => client.socket.bytesWritten > 0);
    client.write(body.slice(100));
    await client.sees(/^HTTP\/1.1 200 [^]*The end\./);

    // Java's client asks again with every request of a connection.
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on('warning', warned);
    for (let count = 2; count <= 15; count += 1) {
      client.write('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
      await until(() => client.received.split('HTTP/1.1 200 ').length === count + 1);
    }
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    client.leave();
  });
});
