/** Translations at a time per client: the limit, and that each is counted off however it ended. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { GatewayError } from '../../src/errors.js';
import { startBeforeScript } from '../support/gateway.js';
import {
  MULTIPART,
  multipart,
  part,
  RawClient,
  resultOf,
  startHttp,
  until,
  type HttpFixture,
  type HttpFixtureOptions,
  type Acted,
} from '../support/http.js';
import { requestFault } from '../support/offline.js';

/** Waits for its end, or fails, where the context says so. */
const asTold: Acted = async function* (asked, signal) {
  yield { type: 'started', connectId: 'c' };
  if (asked.context === 'fail') throw new GatewayError('upstream-unavailable', 'No.');
  if (asked.context === 'break') throw new TypeError('oops');
  if (asked.context === 'wait') {
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  }
  yield { type: 'done', result: resultOf(asked, 'c', 'hola') };
};

let http: HttpFixture;
const closeHttp = (): Promise<void> => http.close();

async function start(max: number, options: HttpFixtureOptions = {}): Promise<void> {
  http = await startHttp({
    translate: asTold,
    ...options,
    env: { MAX_CONCURRENT_PER_KEY: String(max), ...options.env },
  });
}

const post = (body: object, headers: Record<string, string> = {}) =>
  request(http.url).post('/api/realtime/translate').set(headers).send(body);

/** A request by hand, which leaves on `leave()`. */
function ask(headers: Record<string, string>, body: string | Buffer): RawClient {
  const client = new RawClient(http.port);
  const lines = Object.entries({ Host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  client.write(`POST /api/realtime/translate HTTP/1.1\r\n${lines.join('')}\r\n`);
  client.write(body);
  return client;
}

function wait(headers: Record<string, string> = {}): RawClient {
  const body = '{"text":"hi","context":"wait"}';
  return ask({ 'Content-Type': 'application/json', 'Content-Length': String(body.length), ...headers }, body);
}

async function expectFree(): Promise<void> {
  await until(async () => (await post({ text: 'hi' })).status === 200);
}

describe('one translation too many at a time', () => {
  afterEach(closeHttp);

  it('is 429 before its body is read, with the time to wait', async () => {
    await start(2);
    const running = [wait(), wait()];
    await until(() => http.asked.length === 2);
    const over = ask({ 'Content-Type': MULTIPART, 'Content-Length': '8000000' }, '');
    await over.sees(/^HTTP\/1.1 429 [^]*Retry-After: 1\r\n[^]*"code":"rate-limited"/);
    expect(over.received).toContain('"retryable":true');
    expect(http.asked).toHaveLength(2);
    for (const client of [...running, over]) client.leave();
    await expectFree();
  });

  it('is limited on the original path too, but not in sessions or tickets', async () => {
    await start(1);
    const running = wait();
    await until(() => http.asked.length === 1);
    const old = await request(http.url).post('/api/RealTime/AudioTranslate').send({ question: 'hi' });
    expect(old.status).toBe(429);
    expect((await request(http.url).post('/api/realtime/sessions')).status).toBe(201);
    running.leave();
    await expectFree();
  });

  it('is limited for its key alone', async () => {
    await start(1, { env: { API_KEYS: 'one,two' } });
    const running = wait({ 'X-API-Key': 'one' });
    await until(() => http.asked.length === 1);
    expect((await post({ text: 'hi' }, { 'X-API-Key': 'one' })).status).toBe(429);
    expect((await post({ text: 'hi' }, { 'X-API-Key': 'two' })).status).toBe(200);
    running.leave();
  });

  it('is limited for its address alone where the service is open', async () => {
    await start(1, { env: { TRUST_PROXY: '1' } });
    const running = wait({ 'X-Forwarded-For': '192.0.2.1' });
    await until(() => http.asked.length === 1);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '192.0.2.1' })).status).toBe(429);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '192.0.2.2' })).status).toBe(200);
    running.leave();
  });

  it('is accepted where there is no limit', async () => {
    await start(0);
    const running = Array.from({ length: 70 }, () => wait());
    await until(() => http.asked.length === 70);
    for (const client of running) client.leave();
  });
});

describe('a place is free again', () => {
  afterEach(closeHttp);

  it.each([
    ['was answered', { text: 'hi' }, 200],
    ['was at fault', {}, 400],
    ['failed upstream', { text: 'hi', context: 'fail' }, 502],
    ['broke off in a stream', { text: 'hi', context: 'fail', stream: true }, 200],
    ['failed unforeseen', { text: 'hi', context: 'break' }, 500],
  ])('where a request %s', async (_how, body, status) => {
    await start(1);
    expect((await post(body)).status).toBe(status);
    expect((await post({ text: 'hi' })).status).toBe(200);
  });

  it('where a client left while it waited', async () => {
    await start(1);
    for (const headers of [{}, { Accept: 'text/event-stream' }]) {
      const before = http.asked.length;
      const client = wait(headers);
      await until(() => http.asked.length > before);
      expect((await post({ text: 'hi' })).status).toBe(429);
      client.leave();
      await expectFree();
    }
  });

  it('where a client left in the middle of its upload', async () => {
    await start(1);
    const whole = multipart(part('name="file"; filename="a.wav"', Buffer.alloc(100_000), 'audio/wav'));
    const client = ask(
      { 'Content-Type': MULTIPART, 'Content-Length': String(whole.length) },
      whole.subarray(0, 50_000),
    );
    await until(async () => (await http.uploads()).length === 1);
    expect((await post({ text: 'hi' })).status).toBe(429);
    client.leave();
    await expectFree();
    expect(await http.uploads()).toEqual([]);
  });

  it('where a body came too slowly', async () => {
    await start(1, { deps: { timing: { slowBodyWindowMs: 100 } } });
    const client = ask({ 'Content-Type': 'application/json', 'Content-Length': '5000' }, '{');
    await client.sees(/^HTTP\/1.1 408 /);
    await expectFree();
    client.leave();
  });
});

describe('a service that stops', () => {
  it('ends although all places are taken', async () => {
    const running = await startBeforeScript({ MAX_CONCURRENT_PER_KEY: '1', SHUTDOWN_GRACE_MS: '50' });
    running.script.requests.every(requestFault.hang());
    const asked = fetch(`${running.url}/api/realtime/translate`, {
      method: 'POST',
      body: new URLSearchParams({ text: 'hi' }),
    });
    await running.script.until(() => running.script.answering === 1);
    await running.close();
    expect((await asked).status).toBe(503);
  });
});
