/** API keys and owners. */
import { Agent } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { RawClient, startHttp, until, type HttpFixture } from '../support/http.js';

describe('a service with keys', () => {
  let http: HttpFixture;
  beforeAll(async () => {
    http = await startHttp({ env: { API_KEYS: 'first-key, second-key' } });
  });
  afterAll(() => http.close());

  const post = (headers: Record<string, string>) =>
    request(http.url).post('/api/realtime/translate').set(headers).send({ text: 'hi' });

  it.each([
    ['Authorization', { Authorization: 'Bearer first-key' }],
    ['Authorization, in any case', { Authorization: 'bearer second-key' }],
    ['X-API-Key', { 'X-API-Key': 'second-key' }],
    ['X-API-Key beside a proxy’s Basic', { Authorization: 'Basic dTpw', 'X-API-Key': 'first-key' }],
  ])('takes one in %s', async (_where, headers) => {
    expect((await post(headers)).status).toBe(200);
  });

  it.each([
    ['none', {}],
    ['a wrong one', { 'X-API-Key': 'third-key' }],
    ['the beginning of one', { 'X-API-Key': 'first' }],
    ['both at once', { Authorization: 'Bearer first-key, second-key' }],
    ['an empty one', { 'X-API-Key': '' }],
    ['one in Basic', { Authorization: 'Basic first-key' }],
  ])('refuses %s', async (_what, headers) => {
    const answer = await post(headers);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('Bearer') });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="realtime-translation"');
  });

  it('does not take one from the query', async () => {
    const answer = await request(http.url)
      .post('/api/realtime/translate?api_key=first-key')
      .send({ text: 'hi' });
    expect(answer.status).toBe(401);
  });

  it.each(['/API/realtime/translate', '/Api/RealTime/AudioTranslate', '/api/nothing', '/aPi'])(
    'asks for one in every spelling of every path below /api: %s',
    async (path) => {
      expect((await request(http.url).post(path)).status).toBe(401);
    },
  );

  it.each(['/health', '/livez', '/readyz'])('asks for none at %s', async (path) => {
    expect((await request(http.url).get(path)).status).toBe(200);
  });

  it('knows each owner by a digest, the same in both headers, never by the key', async () => {
    await post({ Authorization: 'Bearer first-key' });
    await post({ 'X-API-Key': 'first-key' });
    await post({ 'X-API-Key': 'second-key' });
    const [first, again, second] = http.asked.slice(-3).map((each) => each.request.owner);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
  });

  it('goes by the key of each request, whatever its connection showed before', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (headers: Record<string, string>) => post(headers).agent(agent);
    const seen = http.asked.length;
    const statuses: number[] = [];
    for (const headers of [
      { Authorization: 'Bearer first-key' },
      { Authorization: 'Bearer first-key' },
      { Authorization: 'Bearer third-key' },
      {},
      { Authorization: 'Bearer second-key' },
      { 'X-API-Key': 'first-key' },
      { 'X-API-Key': 'third-key' },
      { Authorization: 'Bearer second-key', 'X-API-Key': 'first-key' },
    ])
      statuses.push((await ask(headers)).status);
    expect(statuses).toEqual([200, 200, 401, 401, 200, 200, 401, 200]);
    const [first, again, second, named, both] = http.asked.slice(seen).map((each) => each.request.owner);
    expect([again, named]).toEqual([first, first]);
    expect(second).not.toBe(first);
    expect(both).toBe(second);
    agent.destroy();
  });

  it('shows no session to another owner', async () => {
    const made = await post({ 'X-API-Key': 'first-key' });
    const { connectId } = made.body as { connectId: string };
    const other = await request(http.url)
      .post('/api/realtime/translate')
      .set('X-API-Key', 'second-key')
      .send({ text: 'hi', connectId });
    expect(other.status).toBe(404);
  });

  it.each(['keep-alive', 'close'])(
    'refuses a large upload before it is in, and the client sees why: Connection %s',
    async (connection) => {
      const client = new RawClient(http.port);
      client.write(
        `POST /api/realtime/translate HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\nContent-Length: 8000000\r\n\r\n`,
      );
      client.write(Buffer.alloc(8_000_000));
      await client.sees(/^HTTP\/1.1 401 [^]*"code":"unauthorized"/);
      await until(() => client.socket.writableLength === 0);
      expect(client.socket.errored).toBeNull();
      client.leave();
    },
  );
});

describe('a service without keys', () => {
  let http: HttpFixture;
  afterEach(() => http.close());

  it('has one owner, whatever keys are sent', async () => {
    http = await startHttp();
    await request(http.url).post('/api/realtime/translate').send({ text: 'hi' });
    await request(http.url).post('/api/realtime/translate').set('X-API-Key', 'any').send({ text: 'hi' });
    expect(http.asked.map((each) => each.request.owner)).toEqual(['anonymous', 'anonymous']);
  });
});
