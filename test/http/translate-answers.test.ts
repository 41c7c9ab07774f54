/** What a translation answers, as JSON and as a recording. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { resultOf, say, SPOKEN, startHttp, type HttpFixture } from '../support/http.js';

let http: HttpFixture;
const LONG = 'Año '.repeat(3_000);

beforeAll(async () => {
  http = await startHttp();
});
afterAll(() => http.close());

const post = (body: object) => request(http.url).post('/api/realtime/translate').send(body);

describe('an answer as JSON', () => {
  it('has the fields of the contract in their order, without those of recordings', async () => {
    const answer = await post({ text: 'Good morning', source: 'en', target: 'es' }).set(
      'X-Request-Id',
      'r-1',
    );
    const { connectId } = answer.body as { connectId: string };
    expect(connectId).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.text).toBe(
      JSON.stringify({
        connectId,
        text: 'Buenos días',
        responses: ['Buenos días'],
        source: 'en',
        target: 'es',
        usage: { inputTokens: 41, outputTokens: 6, totalTokens: 47 },
        model: 'offline-1',
        requestId: 'r-1',
        timings: { queueMs: 0, upstreamMs: 310, firstDeltaMs: 120 },
      }),
    );
  });

  it('says null for languages that are neither given nor known', async () => {
    expect((await post({ text: 'Good morning' })).body).toMatchObject({ source: null, target: null });
  });

  it('tells of a recording how long it is and how long its way took', async () => {
    const answer = await request(http.url)
      .post('/api/realtime/translate')
      .attach('file', Buffer.from('RIFF'), 'a.wav');
    expect(answer.body).toMatchObject({ usage: { inputAudioMs: 1_860 }, timings: { normalizeMs: 9 } });
    const { timings } = answer.body as { timings: { uploadMs: number } };
    expect(Object.keys(timings)).toEqual([
      'uploadMs',
      'normalizeMs',
      'queueMs',
      'upstreamMs',
      'firstDeltaMs',
    ]);
    expect(Number.isInteger(timings.uploadMs)).toBe(true);
    expect(answer.headers['server-timing']).toMatch(
      /^upload;dur=[\d.]+, normalize;dur=9.4, queue;dur=0, first;dur=120, upstream;dur=310.3$/,
    );
  });

  it('has the spoken reply where it was asked for: a WAV that states its true rate', async () => {
    const answer = await post({ text: 'Good morning', output: 'audio' });
    const { audio } = answer.body as { audio: { base64: string } };
    expect(audio).toMatchObject({
      mimeType: 'audio/wav',
      sampleRate: 24_000,
      channels: 1,
      bitsPerSample: 16,
      durationMs: 100,
    });
    const wav = Buffer.from(audio.base64, 'base64');
    expect(wav.readUInt32LE(24)).toBe(24_000);
    expect(wav.subarray(44)).toEqual(SPOKEN);
    expect(Object.keys(answer.body as object).indexOf('audio')).toBe(5);
  });

  it('carries Server-Timing, and nothing may store it', async () => {
    const answer = await post({ text: 'Good morning' });
    expect(answer.headers['server-timing']).toBe('queue;dur=0, first;dur=120, upstream;dur=310.3');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers.etag).toBeUndefined();
  });

  it.each([
    'application/json',
    '*/*',
    'text/html,*/*;q=0.8',
    'image/png',
    'application/json, text/event-stream',
  ])('goes to a client that accepts %s', async (accept) => {
    const answer = await post({ text: 'Good morning' }).set('Accept', accept);
    expect(answer.status).toBe(200);
    expect(answer.type).toBe('application/json');
  });

  it('of silence is an empty text', async () => {
    const silent = await startHttp({
      translate: (asked) =>
        say(
          { type: 'started', connectId: 'c' },
          { type: 'done', result: { ...resultOf(asked, 'c', ''), audio: Buffer.alloc(0) } },
        ),
    });
    const answer = await request(silent.url)
      .post('/api/realtime/translate')
      .attach('file', Buffer.from('RIFF'), 'a.wav')
      .field('output', 'audio');
    expect(answer.body).toMatchObject({ text: '', responses: [''], audio: { durationMs: 0 } });
    await silent.close();
  });
});

describe('an answer as a recording', () => {
  const wav = (body: object, accept = 'audio/wav') =>
    post(body)
      .set('Accept', accept)
      .buffer(true)
      .parse((res, done) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () => {
          done(null, Buffer.concat(chunks));
        });
      });

  it('is the WAV itself, with the rest in headers', async () => {
    const answer = await wav({ text: 'Good morning' }).set('X-Request-Id', 'r-2');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('audio/wav');
    const body = answer.body as Buffer;
    expect(body.toString('latin1', 0, 4)).toBe('RIFF');
    expect(body.subarray(44)).toEqual(SPOKEN);
    expect(answer.headers['x-connect-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers['x-request-id']).toBe('r-2');
    expect(answer.headers['x-translation-text']).toBe('Buenos%20d%C3%ADas');
    expect(answer.headers['server-timing']).toContain('upstream;dur=310.3');
    expect(answer.headers['x-translation-text-truncated']).toBeUndefined();
  });

  it.each(['audio/wav', 'audio/x-wav', 'audio/*;q=0.9', 'audio/wav, application/json;q=0.5'])(
    'goes to a client that accepts %s, for whom a reply is spoken',
    async (accept) => {
      const answer = await wav({ text: 'Good morning' }, accept);
      expect(answer.type).toBe('audio/wav');
      expect(http.asked.at(-1)?.request.output).toBe('audio');
    },
  );

  it('cuts a text too long for a header on a character’s boundary, and says so', async () => {
    const answer = await wav({ text: LONG });
    const header = String(answer.headers['x-translation-text']);
    expect(header.length).toBeLessThanOrEqual(8_192);
    expect(header.length).toBeGreaterThan(8_180);
    expect(`«${LONG}»`.startsWith(decodeURIComponent(header))).toBe(true);
    expect(answer.headers['x-translation-text-truncated']).toBe('true');
  });

  it('cannot be had of a reply that is to be text', async () => {
    const answer = await post({ text: 'Good morning', output: 'text' }).set('Accept', 'audio/wav');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ pointer: '/output' }] });
  });

  it('is a problem where the translation failed', async () => {
    const answer = await post({ text: 'hi', connectId: '0'.repeat(32) }).set('Accept', 'audio/wav');
    expect(answer.status).toBe(404);
    expect(answer.type).toBe('application/problem+json');
  });
});

describe('the session of an answer', () => {
  it('can be used again, and counts', async () => {
    const first = await post({ text: 'Good morning', target: 'es' });
    const { connectId } = first.body as { connectId: string };
    const second = await post({ text: 'Good morning', connectId });
    expect(second.body).toMatchObject({ connectId, target: 'es' });
    expect(await http.sessions.get('anonymous', connectId)).toMatchObject({ requests: 2 });
  });
});

it('an answer without a result is a fault of ours, told without detail', async () => {
  const broken = await startHttp({
    translate: () => say({ type: 'started', connectId: 'c' }),
  });
  const answer = await request(broken.url).post('/api/realtime/translate').send({ text: 'hi' });
  expect(answer.status).toBe(500);
  expect(answer.body).toMatchObject({ code: 'internal' });
  await broken.close();
});
