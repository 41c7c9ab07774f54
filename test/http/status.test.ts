/** The probes, `/health` and `/api/capabilities`. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { CAPABILITIES, HEALTH, startHttp, type HttpFixture } from '../support/http.js';

let http: HttpFixture;
afterEach(() => http.close());

describe('GET /health', () => {
  it('has the fields of the contract, in their order, and needs no key', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' } });
    const answer = await request(http.url).get('/health');
    expect(answer.status).toBe(200);
    const { uptimeMs } = answer.body as { uptimeMs: number };
    expect(Number.isInteger(uptimeMs)).toBe(true);
    expect(answer.text).toBe(
      JSON.stringify({
        status: 'ok',
        provider: 'offline',
        model: 'offline-1',
        version: '1.2.3',
        uptimeMs,
        pool: HEALTH.pool,
        relay: { conversations: 0 },
        jobs: { running: 0, queued: 0 },
        sessions: 5,
      }),
    );
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});

describe('GET /livez', () => {
  it('answers as long as the process does, and needs no key', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' }, deps: { draining: () => true } });
    const answer = await request(http.url).get('/livez');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: 'ok' });
  });
});

describe('GET /readyz', () => {
  const good = { name: 'store', ok: true, detail: 'Sessions are kept in memory.' };

  it('is 200 when every check passes, and needs no key', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' }, deps: { ready: () => Promise.resolve([good]) } });
    const answer = await request(http.url).get('/readyz');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: 'ok', checks: [good] });
  });

  it('is 503 and names each check that fails', async () => {
    const ffmpeg = { name: 'ffmpeg', ok: false, detail: 'ffmpeg is missing; install it.' };
    const upstream = { name: 'upstream', ok: false, detail: 'The key was refused.' };
    http = await startHttp({ deps: { ready: () => Promise.resolve([ffmpeg, good, upstream]) } });
    const answer = await request(http.url).get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      status: 503,
      code: 'not-ready',
      retryable: true,
      detail: 'ffmpeg: ffmpeg is missing; install it. upstream: The key was refused.',
      checks: [ffmpeg, good, upstream],
    });
    expect(answer.headers['retry-after']).toBe('5');
  });

  it('is 503 while the service drains', async () => {
    http = await startHttp({ deps: { draining: () => true } });
    const answer = await request(http.url).get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ detail: expect.stringContaining('draining') });
  });
});

describe('GET /api/capabilities', () => {
  it('has the capabilities, the limits and the formats', async () => {
    http = await startHttp({ env: { MAX_UPLOAD_MB: '2', MAX_AUDIO_SECONDS: '30' } });
    const answer = await request(http.url).get('/api/capabilities');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      ...CAPABILITIES,
      limits: {
        maxTextChars: 20_000,
        maxPromptChars: 8_000,
        maxAudioSeconds: 30,
        maxRecordingSeconds: 30,
        maxUploadBytes: 2_097_152,
        maxRecordingBytes: 2_097_152,
      },
      formats: expect.arrayContaining(['wav', 'mp3', 'm4a', 'ogg', 'opus', 'webm', 'flac', 'amr', 'aiff']),
    });
    expect(Object.keys(answer.body as object)).toEqual([
      'provider',
      'model',
      'dialect',
      'isolation',
      'maxConcurrent',
      'languages',
      'chains',
      'speechSources',
      'voices',
      'limits',
      'formats',
    ]);
  });

  it('needs a key where there are keys', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' } });
    expect((await request(http.url).get('/api/capabilities')).status).toBe(401);
  });
});
