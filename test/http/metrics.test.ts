/** GET /metrics: access to it, and that its labels have few values. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startHttp, until, type HttpFixture } from '../support/http.js';

let http: HttpFixture;
afterEach(() => http.close());

/** Lines of one metric, without its comments. */
async function samplesOf(name: string): Promise<string[]> {
  const { text } = await request(http.url).get('/metrics');
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('GET /metrics', () => {
  it('is the text format of Prometheus, not to be stored, and open where no token is set', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' } });
    const answer = await request(http.url).get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.text).toContain('# TYPE translation_http_requests_total counter');
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['another token', { Authorization: 'Bearer guess' }],
    ['a part of the token', { Authorization: 'Bearer s3same' }],
    ['another scheme', { Authorization: 'Basic s3same-t0ken' }],
    ['the token as an API key', { 'X-API-Key': 's3same-t0ken' }],
    ['an API key', { Authorization: 'Bearer k' }],
  ])('is refused to who shows %s', async (_what, headers) => {
    http = await startHttp({ env: { METRICS_TOKEN: 's3same-t0ken', API_KEYS: 'k' } });
    const answer = await request(http.url).get('/metrics').set(headers);
    expect(answer.status).toBe(401);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'unauthorized' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="metrics"');
    expect(answer.text).not.toContain('translation_');
  });

  it('is sent for the token, also while the service drains', async () => {
    http = await startHttp({ env: { METRICS_TOKEN: 's3same-t0ken' }, deps: { draining: () => true } });
    const answer = await request(http.url).get('/METRICS/').set('Authorization', 'bearer s3same-t0ken');
    expect(answer.status).toBe(200);
  });

  it('answers HEAD, and refuses other methods with Allow', async () => {
    http = await startHttp();
    const head = await request(http.url).head('/metrics');
    expect(head.status).toBe(200);
    expect(head.headers['content-type']).toContain('text/plain');
    const posted = await request(http.url).post('/metrics');
    expect(posted.status).toBe(405);
    expect(posted.headers.allow).toBe('GET, HEAD, OPTIONS');
  });
});

describe('requests', () => {
  it('are counted by pattern, method, status and code, and timed by pattern', async () => {
    http = await startHttp();
    const created = await request(http.url).post('/api/realtime/sessions').send({ target: 'es' });
    const { connectId } = created.body as { connectId: string };
    await request(http.url).get(`/api/Realtime/sessions/${connectId}`);
    await request(http.url).delete(`/api/realtime/sessions/${connectId}/`);
    await request(http.url).get(`/api/realtime/sessions/${connectId}?x=1`);
    await request(http.url).post('/api/realtime/translate').send({ text: 'Good morning', connectId });
    await request(http.url).post('/api/realtime/translate').send({ text: 'Good morning' });
    await request(http.url).get('/nothing/at/all');
    await until(() => http.log.length === 7);
    expect(await samplesOf('translation_http_requests_total')).toEqual([
      'translation_http_requests_total{route="/api/realtime/sessions",method="POST",status="201",code=""} 1',
      'translation_http_requests_total{route="/api/realtime/sessions/{connectId}",method="GET",status="200",code=""} 1',
      'translation_http_requests_total{route="/api/realtime/sessions/{connectId}",method="DELETE",status="204",code=""} 1',
      'translation_http_requests_total{route="/api/realtime/sessions/{connectId}",method="GET",status="404",code="session-not-found"} 1',
      'translation_http_requests_total{route="/api/realtime/translate",method="POST",status="404",code="session-not-found"} 1',
      'translation_http_requests_total{route="/api/realtime/translate",method="POST",status="200",code=""} 1',
      'translation_http_requests_total{route="other",method="GET",status="404",code="not-found"} 1',
    ]);
    expect(await samplesOf('translation_http_request_duration_seconds_count')).toContain(
      'translation_http_request_duration_seconds_count{route="/api/realtime/sessions/{connectId}"} 3',
    );
    expect(await samplesOf('translation_stage_duration_seconds_sum')).toEqual([
      'translation_stage_duration_seconds_sum{stage="queue"} 0',
      'translation_stage_duration_seconds_sum{stage="upstream"} 0.31026',
      'translation_stage_duration_seconds_sum{stage="first_delta"} 0.12',
    ]);
  });

  it('that a client gives up are counted as such', async () => {
    http = await startHttp({
      // Never says a word.
      translate: async function* (_request, signal) {
        yield* [];
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        });
      },
    });
    const leaving = new AbortController();
    const asking = fetch(`${http.url}/api/realtime/translate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"Good morning"}',
      signal: leaving.signal,
    });
    await until(() => http.asked.length === 1);
    leaving.abort();
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => http.log.length === 1);
    expect(await samplesOf('translation_http_requests_total')).toEqual([
      'translation_http_requests_total{route="/api/realtime/translate",method="POST",status="499",code="client-gone"} 1',
    ]);
  });

  it('have few names, whatever clients send', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' } });
    const strange = Array.from({ length: 40 }, (_, number) => `/api/x${number}/sessions/${number}`);
    for (const path of strange) await request(http.url).get(path).set('X-API-Key', 'k');
    for (const method of ['PROPFIND', 'PURGE', 'REPORT', 'LOCK'])
      await fetch(`${http.url}/health`, { method });
    await request(http.url)
      .get('/api/realtime/sessions/a')
      .set('X-API-Key', `wrong-${'x'.repeat(50)}`);
    await until(() => http.log.length === 45);
    const samples = await samplesOf('translation_http_requests_total');
    expect(samples).toEqual([
      'translation_http_requests_total{route="other",method="GET",status="404",code="not-found"} 40',
      'translation_http_requests_total{route="/health",method="other",status="405",code="method-not-allowed"} 4',
      'translation_http_requests_total{route="/api/realtime/sessions/{connectId}",method="GET",status="401",code="unauthorized"} 1',
    ]);
  });
});
