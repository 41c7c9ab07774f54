/** Sessions as a resource. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startHttp, type HttpFixture } from '../support/http.js';

const PATH = '/api/realtime/sessions';
let http: HttpFixture;

beforeAll(async () => {
  http = await startHttp({ env: { API_KEYS: 'alice-key,bob-key,carol-key,dora-key' } });
});
afterAll(() => http.close());

const as = (key: string) => ({
  post: (body: object) => request(http.url).post(PATH).set('X-API-Key', key).send(body),
  get: (path = '') =>
    request(http.url)
      .get(PATH + path)
      .set('X-API-Key', key),
  delete: (path: string) =>
    request(http.url)
      .delete(PATH + path)
      .set('X-API-Key', key),
});
const alice = as('alice-key');
const bob = as('bob-key');

interface Shape {
  connectId: string;
  createdAt: string;
  expiresAt: string;
}

describe('POST', () => {
  it('makes a session, says where it is and shows it whole', async () => {
    const answer = await alice.post({ source: 'EN', target: 'es', voice: 'slt', ttlMs: 60_000 });
    expect(answer.status).toBe(201);
    const session = answer.body as Shape;
    expect(answer.headers.location).toBe(`${PATH}/${session.connectId}`);
    expect(Object.keys(session)).toEqual([
      'connectId',
      'createdAt',
      'lastUsedAt',
      'expiresAt',
      'requests',
      'source',
      'target',
      'voice',
      'prompt',
    ]);
    expect(session).toMatchObject({
      connectId: expect.stringMatching(/^[0-9a-f]{32}$/),
      requests: 0,
      source: 'en',
      target: 'es',
      voice: 'slt',
      prompt: expect.stringContaining('Spanish'),
    });
    expect(session.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(60_000);
  });

  it('needs no body', async () => {
    const answer = await request(http.url).post(PATH).set('X-API-Key', 'alice-key');
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      source: null,
      target: null,
      voice: null,
      prompt: expect.any(String),
    });
  });

  it('takes a form too, in which numbers are text', async () => {
    const answer = await alice.post({}).type('form').send('target=es&ttlMs=5000');
    expect(answer.status).toBe(201);
    const session = answer.body as Shape;
    expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(5_000);
  });

  it('refuses what it does not know or cannot take, all at once and by name', async () => {
    const answer = await alice.post({
      target: 'spanish',
      ttlMs: 999,
      prompt: 7,
      text: 'hi',
      source_lang: 'en',
    });
    expect(answer.status).toBe(400);
    const { errors } = answer.body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/prompt',
      '/source_lang',
      '/target',
      '/text',
      '/ttlMs',
    ]);
  });

  it.each([1_000, 86_400_000])('takes a ttlMs of %d', async (ttlMs) => {
    expect((await alice.post({ ttlMs })).status).toBe(201);
  });

  it.each([999, 86_400_001, 1_000.5, '5000', true, -1])('refuses a ttlMs of %p', async (ttlMs) => {
    const answer = await alice.post({ ttlMs });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ pointer: '/ttlMs' }] });
  });

  it('refuses a voice that the provider has not', async () => {
    expect((await alice.post({ voice: 'nobody' })).body).toMatchObject({ errors: [{ pointer: '/voice' }] });
  });

  it('takes no recordings', async () => {
    const answer = await request(http.url)
      .post(PATH)
      .set('X-API-Key', 'alice-key')
      .attach('file', Buffer.from('RIFF'), 'a.wav');
    expect(answer.status).toBe(415);
    expect(answer.body).toMatchObject({ hint: expect.stringContaining('application/json') });
  });

  it('past SESSION_MAX is 429, and says when to come again', async () => {
    const full = await startHttp({ env: { SESSION_MAX: '1', SESSION_TTL_MS: '60000' } });
    expect((await request(full.url).post(PATH)).status).toBe(201);
    const answer = await request(full.url).post(PATH);
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ code: 'session-limit', retryable: true });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50);
    await full.close();
  });
});

describe('GET of one', () => {
  it('shows it, and does not make it live longer', async () => {
    const { connectId, expiresAt } = (await alice.post({})).body as Shape;
    const answer = await alice.get(`/${connectId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ connectId, expiresAt });
  });

  it('of another key is 404, as of none', async () => {
    const { connectId } = (await alice.post({})).body as Shape;
    for (const answer of [await bob.get(`/${connectId}`), await alice.get('/nonsense')]) {
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ code: 'session-not-found' });
    }
  });
});

describe('DELETE', () => {
  it('ends it: 204, and from then on it is unknown', async () => {
    const { connectId } = (await alice.post({})).body as Shape;
    const answer = await alice.delete(`/${connectId}`);
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect((await alice.get(`/${connectId}`)).status).toBe(404);
    const again = await alice.delete(`/${connectId}`);
    expect(again.status).toBe(404);
    expect(again.body).toMatchObject({ code: 'session-not-found' });
  });

  it('of another key is 404 and ends nothing', async () => {
    const { connectId } = (await alice.post({})).body as Shape;
    expect((await bob.delete(`/${connectId}`)).status).toBe(404);
    expect((await alice.get(`/${connectId}`)).status).toBe(200);
  });
});

describe('GET of all', () => {
  interface Page {
    sessions: Shape[];
    nextCursor: string | null;
  }

  it('lists the caller’s own, newest first, page by page', async () => {
    const carol = as('carol-key');
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push(((await carol.post({})).body as Shape).connectId);
    const seen: string[] = [];
    let path = '?limit=2';
    for (;;) {
      const page = (await carol.get(path)).body as Page;
      seen.push(...page.sessions.map(({ connectId }) => connectId));
      if (page.nextCursor === null) break;
      path = `?limit=2&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual(made.reverse());
  });

  it('lists 50 where no limit is given, and at most 200', async () => {
    const dora = as('dora-key');
    for (let n = 0; n < 51; n += 1) await dora.post({});
    expect(((await dora.get()).body as Page).sessions).toHaveLength(50);
    expect(((await dora.get('?limit=&cursor=')).body as Page).sessions).toHaveLength(50);
    expect(((await dora.get('?limit=200')).body as Page).sessions).toHaveLength(51);
  });

  it.each(['0', '201', '-1', '1.5', 'many', '1&limit=2'])('refuses a limit of %s', async (limit) => {
    const answer = await alice.get(`?limit=${limit}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/limit' }] });
  });

  it('refuses a cursor that is none', async () => {
    for (const cursor of ['nonsense!', 'x'.repeat(300)]) {
      const answer = await alice.get(`?cursor=${cursor}`);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/cursor' }] });
    }
  });
});
