/** Headers that protect readers, and origins that may read. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startHttp, type HttpFixture } from '../support/http.js';

describe('every answer', () => {
  let http: HttpFixture;
  beforeAll(async () => {
    http = await startHttp();
  });
  afterAll(() => http.close());

  it.each(['/health', '/nothing', '/api/capabilities', '/api/realtime/sessions/none'])(
    'protects its reader: %s',
    async (path) => {
      const { headers } = await request(http.url).get(path);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-powered-by']).toBeUndefined();
      const csp = String(headers['content-security-policy']);
      expect(csp).toContain("default-src 'self'");
      expect(csp).toContain("frame-ancestors 'none'");
      expect(csp).toContain("connect-src 'self';");
      expect(csp).not.toContain('unsafe-inline');
      expect(headers['x-frame-options']).toBe('DENY');
    },
  );

  it('returns the request’s id where it is good, and one of ours where it is not', async () => {
    const idFor = async (id: string): Promise<string> =>
      String((await request(http.url).get('/health').set('X-Request-Id', id)).headers['x-request-id']);
    for (const good of ['a', 'A.b_c-9', 'x'.repeat(128)]) expect(await idFor(good)).toBe(good);
    for (const bad of ['x'.repeat(129), 'a b', 'a/b', 'ü', '<x>']) {
      expect(await idFor(encodeURI(bad) === bad ? bad : 'a b')).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect((await request(http.url).get('/health')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a page of another origin', () => {
  let http: HttpFixture;
  beforeAll(async () => {
    http = await startHttp({ env: { CORS_ORIGINS: 'https://good.example', API_KEYS: 'k' } });
  });
  afterAll(() => http.close());

  const preflight = (origin: string, path = '/api/realtime/translate') =>
    request(http.url).options(path).set({
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'x-api-key',
    });

  it('that is allowed may ask with a key, and remember for a day that it may', async () => {
    const answer = await preflight('https://good.example');
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://good.example',
      'access-control-allow-methods': 'GET,POST,PATCH,DELETE',
      'access-control-max-age': '86400',
    });
    const allowed = String(answer.headers['access-control-allow-headers']).toLowerCase().split(',');
    expect(allowed).toEqual(
      expect.arrayContaining(['x-api-key', 'authorization', 'content-type', 'x-request-id']),
    );
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('that is traced may call: what tracing adds to its requests is allowed', async () => {
    const answer = await preflight('https://good.example');
    const allowed = String(answer.headers['access-control-allow-headers']).toLowerCase().split(',');
    for (const name of ['traceparent', 'tracestate', 'baggage', 'sentry-trace'])
      expect(allowed).toContain(name);
  });

  it('that is allowed may read what the answers tell in headers, failures included', async () => {
    for (const key of ['k', 'wrong']) {
      const answer = await request(http.url)
        .post('/api/realtime/translate')
        .set({ Origin: 'https://good.example', 'X-API-Key': key })
        .send({ text: 'hi' });
      expect(answer.headers['access-control-allow-origin']).toBe('https://good.example');
      expect(answer.headers.vary).toContain('Origin');
      const exposed = String(answer.headers['access-control-expose-headers']).split(',');
      for (const name of [
        'X-Connect-Id',
        'X-Request-Id',
        'X-Translation-Text',
        'X-Translation-Text-Truncated',
        'X-Translation-Transcript',
        'X-Translation-Transcript-Truncated',
        'X-Translation-Warnings',
        'X-Detected-Source',
        'Server-Timing',
        'Retry-After',
        'RateLimit',
        'RateLimit-Policy',
        'Location',
        'Allow',
      ]) {
        expect(exposed).toContain(name);
      }
    }
  });

  it.each(['https://evil.example', 'https://good.example.evil.example', 'null'])(
    'that is not allowed is not: %s',
    async (origin) => {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
      const answer = await request(http.url).get('/health').set('Origin', origin);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('that is the service’s own is answered like any client', async () => {
    const answer = await request(http.url)
      .post('/api/realtime/translate')
      .set({ Origin: http.url, 'X-API-Key': 'k' })
      .send({ text: 'hi' });
    expect(answer.status).toBe(200);
  });

  it('may be any where CORS_ORIGINS says so', async () => {
    const open = await startHttp({ env: { CORS_ORIGINS: '*' } });
    const answer = await request(open.url).get('/health').set('Origin', 'https://any.example');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    await open.close();
  });
});
