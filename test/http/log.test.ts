/** The log: one line a request, and nothing in it that is not for the operator. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startHttp, until, type HttpFixture } from '../support/http.js';

let http: HttpFixture;
afterEach(() => http.close());

describe('a request', () => {
  it('leaves one line, with its id, status and timings', async () => {
    http = await startHttp();
    await request(http.url).post('/api/realtime/translate').set('X-Request-Id', 'r-1').send({ text: 'hi' });
    await until(() => http.log.length > 0);
    expect(http.log).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        requestId: 'r-1',
        method: 'POST',
        path: '/api/realtime/translate',
        status: 200,
        owner: 'anonymous',
        durationMs: expect.any(Number),
        timings: { queueMs: 0, upstreamMs: 310.26, firstDeltaMs: 120 },
        usage: { inputTokens: 41, outputTokens: 6, totalTokens: 47 },
        attempts: 1,
        upstreamId: 'req_1',
        msg: 'request',
      },
    ]);
  });

  it('that failed leaves its code', async () => {
    http = await startHttp();
    await request(http.url).get('/nothing');
    await until(() => http.log.length > 0);
    expect(http.log).toMatchObject([{ status: 404, code: 'not-found' }]);
  });

  it('leaves no text, sound, prompt, key or query', async () => {
    http = await startHttp({ env: { API_KEYS: 'sesame-key' } });
    const secrets = { text: 'sesame-text', prompt: 'sesame-prompt', context: 'sesame-context' };
    await request(http.url)
      .post('/api/realtime/translate?ticket=sesame-ticket')
      .set('Authorization', 'Bearer sesame-key')
      .send(secrets);
    await request(http.url)
      .post('/api/realtime/translate?key=sesame-query')
      .set('X-API-Key', 'sesame-wrong')
      .send(secrets);
    await request(http.url)
      .post('/api/realtime/translate')
      .set('X-API-Key', 'sesame-key')
      .type('json')
      .send('{"text":"sesame-broken');
    await until(() => http.log.length === 3);
    expect(JSON.stringify(http.log)).not.toContain('sesame');
  });
});
