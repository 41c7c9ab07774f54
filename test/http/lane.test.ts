/** The busiest route has a lane past Express's router: whatever is asked there is answered as Express answers it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/errors.js';
import { createLimiter } from '../../src/quota/limiter.js';
import { silent } from '../support/pool.js';
import { startHttp, until, type HttpFixture } from '../support/http.js';

/** Exactly as documented, and in a spelling that is as good but only the router knows. */
const LANE = '/api/realtime/translate';
const ROUTER = '/API/Realtime/Translate';

const KEY = { Authorization: 'Bearer lane-key' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

let http: HttpFixture;
let draining = false;

beforeEach(async () => {
  draining = false;
  http = await startHttp({
    env: { API_KEYS: 'lane-key', CORS_ORIGINS: 'https://page.example', TRUST_PROXY: '1' },
    deps: {
      draining: () => draining,
      limiter: createLimiter({ name: 'points', perMinute: 50, redis: undefined, logger: silent }),
    },
  });
});

afterEach(() => http.close());

function form(): FormData {
  const body = new FormData();
  body.set('file', new Blob([Buffer.alloc(100)]), 'recording.wav');
  return body;
}

const REQUESTS: Record<string, () => RequestInit> = {
  'a sentence': () => ({ headers: { ...KEY, ...JSON_TYPE }, body: '{"text":"Good morning"}' }),
  'a sentence behind a byte order mark': () => ({
    headers: { ...KEY, ...JSON_TYPE },
    body: '\ufeff{"text":"Good morning"}',
  }),
  'a sentence in UTF-16': () => ({
    headers: { ...KEY, 'Content-Type': 'application/json; charset=utf-16' },
    body: Buffer.from('{"text":"Good morning"}', 'utf16le'),
  }),
  'a form': () => ({ headers: KEY, body: new URLSearchParams({ text: 'Good morning' }) }),
  'a recording': () => ({ headers: KEY, body: form() }),
  'the recording as the answer': () => ({
    headers: { ...KEY, ...JSON_TYPE, Accept: 'audio/wav;q=0.9, application/json;q=0.1' },
    body: '{"text":"Good morning"}',
  }),
  'a stream': () => ({
    headers: { ...KEY, ...JSON_TYPE, Accept: 'text/event-stream' },
    body: '{"text":"Good morning"}',
  }),
  'a page of another origin that may call': () => ({
    headers: { ...KEY, ...JSON_TYPE, Origin: 'https://page.example' },
    body: '{"text":"Good morning"}',
  }),
  'a page of one that may not': () => ({
    headers: { ...KEY, ...JSON_TYPE, Origin: 'https://other.example' },
    body: '{"text":"Good morning"}',
  }),
  'no key': () => ({ headers: JSON_TYPE, body: '{"text":"Good morning"}' }),
  'no JSON': () => ({ headers: { ...KEY, ...JSON_TYPE }, body: '{"text":' }),
  'an unknown field': () => ({ headers: { ...KEY, ...JSON_TYPE }, body: '{"txt":"Good morning"}' }),
  'a body of no known type': () => ({ headers: { ...KEY, 'Content-Type': 'text/plain' }, body: 'hello' }),
  'a body that is too large': () => ({
    headers: { ...KEY, ...JSON_TYPE },
    body: JSON.stringify({ text: 'x'.repeat(1_100_000) }),
  }),
  'no body': () => ({ headers: KEY }),
};

/** Of what was answered all that does not differ from one request to the next. */
async function answerOf(path: string, init: RequestInit): Promise<object> {
  const response = await fetch(http.url + path, { method: 'POST', ...init });
  const bytes = Buffer.from(await response.arrayBuffer());
  // It depends on how many digits a time has, so it is compared with what came.
  const length = response.headers.get('content-length');
  if (length !== null) expect(Number(length)).toBe(bytes.length);
  const body = bytes.toString('latin1').replaceAll(/[0-9a-f]{32}|[0-9a-f-]{36}/g, 'ID');
  const headers = Object.fromEntries(
    [...response.headers]
      .filter(
        ([name]) => !['date', 'server-timing', 'x-connect-id', 'ratelimit', 'content-length'].includes(name),
      )
      .map(([name, value]) => [name, name === 'x-request-id' ? 'ID' : value]),
  );
  return { status: response.status, headers, body: body.replaceAll(/"uploadMs":\d+/g, '"uploadMs":0') };
}

describe.each(Object.entries(REQUESTS))('%s', (_name, make) => {
  it('is answered on the lane as by the router', async () => {
    const byRouter = await answerOf(ROUTER, make());
    expect(await answerOf(LANE, make())).toEqual(byRouter);
  });
});

it('a service that is shutting down takes no work on the lane', async () => {
  draining = true;
  const byRouter = await answerOf(ROUTER, REQUESTS['a sentence']?.() ?? {});
  expect(byRouter).toMatchObject({ status: 503, headers: { connection: 'close' } });
  expect(await answerOf(LANE, REQUESTS['a sentence']?.() ?? {})).toEqual(byRouter);
});

it('points are spent on the lane, and the last is told as anywhere', async () => {
  const statuses: number[] = [];
  for (let asked = 0; asked < 51; asked += 1) {
    const response = await fetch(http.url + LANE, {
      method: 'POST',
      headers: { ...KEY, ...JSON_TYPE },
      body: '{"text":"Good morning"}',
    });
    statuses.push(response.status);
    await response.arrayBuffer();
  }
  expect(statuses).toEqual([...Array<number>(50).fill(200), 429]);
});

it('what is answered on the lane leaves its line in the log', async () => {
  await answerOf(LANE, REQUESTS['a sentence']?.() ?? {});
  await until(() => http.log.length > 0);
  expect(http.log).toMatchObject([{ method: 'POST', path: LANE, status: 200, msg: 'request' }]);
});

it('a fault of ours is told as one, and the lane goes on', async () => {
  await http.close();
  http = await startHttp({
    translate: async function* () {
      await Promise.resolve();
      yield { type: 'started', connectId: 'ab'.repeat(16) };
      throw new TypeError('x is not a function');
    },
  });
  const told = { status: 500, body: expect.stringContaining('"code":"internal"') };
  expect(await answerOf(LANE, { headers: JSON_TYPE, body: '{"text":"hi"}' })).toMatchObject(told);
  expect(await answerOf(LANE, { headers: JSON_TYPE, body: '{"text":"hi"}' })).toMatchObject(told);
});

it('what a step throws on purpose reaches the client', async () => {
  await http.close();
  http = await startHttp({
    deps: {
      draining: () => {
        throw new GatewayError('forbidden', 'Not today.');
      },
    },
  });
  expect(await answerOf(LANE, { headers: JSON_TYPE, body: '{"text":"hi"}' })).toMatchObject({ status: 403 });
});
