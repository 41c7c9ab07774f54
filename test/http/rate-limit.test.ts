/** Points: what each request costs, which client pays, and the headers that say what is left. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { createLimiter } from '../../src/quota/limiter.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { resultOf, say, startHttp, type HttpFixture, type HttpFixtureOptions } from '../support/http.js';

let http: HttpFixture;
afterEach(() => http.close());

const logger = createLogger('silent');

async function start(perMinute: number, options: HttpFixtureOptions = {}): Promise<void> {
  http = await startHttp({
    ...options,
    deps: { limiter: createLimiter({ name: 'points', perMinute, logger }), ...options.deps },
  });
}

const post = (body: object, headers: Record<string, string> = {}) =>
  request(http.url).post('/api/realtime/translate').set(headers).send(body);

const remaining = (answer: { headers: Record<string, unknown> }) =>
  Number(/^"points";r=(\d+);t=\d+$/.exec(String(answer.headers.ratelimit))?.[1]);

describe('points', () => {
  it('are in the headers of every answer: the quota, what is left, and until when', async () => {
    await start(100);
    const answer = await post({ text: 'hi' });
    expect(answer.headers['ratelimit-policy']).toBe('"points";q=100;w=60');
    expect(answer.headers.ratelimit).toMatch(/^"points";r=99;t=(59|60)$/);
    const refused = await post({});
    expect(refused.status).toBe(400);
    expect(remaining(refused)).toBe(98);
    expect(remaining(await request(http.url).get('/api/nothing'))).toBe(97);
  });

  it('are one for a request, and one more for each 1 000 characters', async () => {
    await start(100);
    expect(remaining(await post({ text: 'a'.repeat(999) }))).toBe(99);
    expect(remaining(await post({ text: 'a'.repeat(1_000) }))).toBe(97);
    expect(remaining(await post({ text: '😀'.repeat(2_999) }))).toBe(94);
    expect(remaining(await request(http.url).get('/api/realtime/sessions'))).toBe(93);
  });

  it('are one more for each 10 s of audio, charged once it is known', async () => {
    await start(100, {
      translate: (asked) => {
        const result = resultOf(asked, 'c', 'hola');
        return say(
          { type: 'started', connectId: 'c' },
          { type: 'done', result: { ...result, usage: { ...result.usage, inputAudioMs: 39_999 } } },
        );
      },
    });
    const upload = () =>
      request(http.url).post('/api/realtime/translate').attach('file', Buffer.from('RIFF'), 'a.wav');
    expect(remaining(await upload())).toBe(96);
    await upload().set('Accept', 'text/event-stream');
    expect(remaining(await request(http.url).get('/api/realtime/sessions'))).toBe(91);
  });

  it('of a recording do not hold its answer back where they take long to count', async () => {
    let count = (): void => undefined;
    const counted = new Promise<void>((resolve) => (count = resolve));
    const taken: number[] = [];
    http = await startHttp({
      deps: {
        limiter: {
          take: async (_client, points) => {
            taken.push(points);
            if (taken.length > 1) await counted;
            return { allowed: true, limit: 100, remaining: 100 - points, resetMs: 60_000 };
          },
        },
      },
      translate: (asked) => {
        const result = resultOf(asked, 'c', 'hola');
        const usage = { ...result.usage, inputAudioMs: 39_999 };
        return say({ type: 'started', connectId: 'c' }, { type: 'done', result: { ...result, usage } });
      },
    });
    const answer = await request(http.url)
      .post('/api/realtime/translate')
      .attach('file', Buffer.from('RIFF'), 'a.wav');
    expect(answer.body).toMatchObject({ text: 'hola' });
    expect(remaining(answer)).toBe(99);
    expect(taken).toEqual([1, 3]);
    count();
  });

  it('that are spent are 429, with the time to wait, and nothing is translated', async () => {
    await start(2);
    await post({ text: 'hi' });
    await post({ text: 'hi' });
    const answer = await post({ text: 'hi' });
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ code: 'rate-limited', retryable: true });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(55);
    expect(answer.headers.ratelimit).toMatch(/^"points";r=0;t=/);
    expect(http.asked).toHaveLength(2);
  });

  it('that a long text lacks are 429 before it is translated', async () => {
    await start(10);
    expect((await post({ text: 'a'.repeat(5_000) })).status).toBe(200);
    expect((await post({ text: 'a'.repeat(5_000) })).status).toBe(429);
    expect(http.asked).toHaveLength(1);
  });

  it('of a text that costs more than a minute has do not shut it out for ever', async () => {
    await start(5);
    expect((await post({ text: 'hi' })).status).toBe(200);
    // One for the request, at most five for the text: over, for this minute.
    expect((await post({ text: 'a'.repeat(20_000) })).status).toBe(429);
    await http.close();
    await start(21);
    expect((await post({ text: 'a'.repeat(20_000) })).status).toBe(200);
  });

  it('are not asked for by the probes', async () => {
    await start(1);
    for (const path of ['/health', '/livez', '/readyz', '/health']) {
      const answer = await request(http.url).get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.ratelimit).toBeUndefined();
    }
  });

  it('cannot be saved by another spelling of the path', async () => {
    await start(1);
    await request(http.url).post('/API/REALTIME/translate').send({ text: 'hi' });
    expect((await post({ text: 'hi' })).status).toBe(429);
  });

  it('are not counted where there is no limit', async () => {
    http = await startHttp();
    const answer = await post({ text: 'hi' });
    expect(answer.headers.ratelimit).toBeUndefined();
    expect(answer.headers['ratelimit-policy']).toBeUndefined();
  });
});

describe('a client', () => {
  it('is its key, where there are keys', async () => {
    await start(1, { env: { API_KEYS: 'a,b' } });
    expect((await post({ text: 'hi' }, { 'X-API-Key': 'a' })).status).toBe(200);
    expect((await post({ text: 'hi' }, { 'X-API-Key': 'a' })).status).toBe(429);
    expect((await post({ text: 'hi' }, { 'X-API-Key': 'b' })).status).toBe(200);
  });

  it('is its address where the service is open, and cannot say that it has another', async () => {
    await start(1);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '192.0.2.1' })).status).toBe(200);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '192.0.2.2' })).status).toBe(429);
  });

  it('behind a proxy that is trusted is the address that the proxy saw', async () => {
    await start(1, { env: { TRUST_PROXY: '1' } });
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '192.0.2.1' })).status).toBe(200);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '192.0.2.2' })).status).toBe(200);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '6.6.6.6, 192.0.2.2' })).status).toBe(429);
  });

  it('with IPv6 is its /64', async () => {
    await start(1, { env: { TRUST_PROXY: '1' } });
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '2001:db8:1:2::1' })).status).toBe(200);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '2001:db8:1:2:f::2' })).status).toBe(429);
    expect((await post({ text: 'hi' }, { 'X-Forwarded-For': '2001:db8:1:3::1' })).status).toBe(200);
  });
});
