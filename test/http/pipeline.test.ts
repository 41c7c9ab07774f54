/** The pipeline: the server runs it directly, Express as a middleware, and both answer alike. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/errors.js';
import { createLimiter } from '../../src/quota/limiter.js';
import { silent } from '../support/pool.js';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createErrorHandler } from '../../src/http/error-handler.js';
import { createHttpServer } from '../../src/http/server.js';
import { createPipeline, type Route } from '../../src/http/pipeline.js';
import { startHttp, until, type HttpFixture } from '../support/http.js';

const PATH = '/api/realtime/translate';

const KEY = { Authorization: 'Bearer some-key' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

let http: HttpFixture;
let draining = false;

beforeEach(async () => {
  draining = false;
  http = await startHttp({
    env: { API_KEYS: 'some-key', CORS_ORIGINS: 'https://page.example', TRUST_PROXY: '1' },
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

/** What does not differ from one request to the next. */
async function answerOf(url: string, init: RequestInit): Promise<object> {
  const response = await fetch(url + PATH, { method: 'POST', ...init });
  const bytes = Buffer.from(await response.arrayBuffer());
  // It depends on the number of digits of a time, so it is compared with the body.
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

/** The URL of the Express app, behind a server of its own. */
async function withExpress<T>(use: (url: string) => Promise<T>): Promise<T> {
  const server = createHttpServer(http.app, silent).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe.each(Object.entries(REQUESTS))('%s', (_name, make) => {
  it('is answered through Express as by the server', async () => {
    const byServer = await answerOf(http.url, make());
    expect(await withExpress((url) => answerOf(url, make()))).toEqual(byServer);
  });
});

it('a service that is shutting down takes no work', async () => {
  draining = true;
  expect(await answerOf(http.url, REQUESTS['a sentence']?.() ?? {})).toMatchObject({
    status: 503,
    headers: { connection: 'close' },
  });
});

it('points are spent, and the request after the last is refused', async () => {
  const statuses: number[] = [];
  for (let asked = 0; asked < 51; asked += 1) {
    const response = await fetch(http.url + PATH, {
      method: 'POST',
      headers: { ...KEY, ...JSON_TYPE },
      body: '{"text":"Good morning"}',
    });
    statuses.push(response.status);
    await response.arrayBuffer();
  }
  expect(statuses).toEqual([...Array<number>(50).fill(200), 429]);
});

it('every request leaves a line in the log', async () => {
  await answerOf(http.url, REQUESTS['a sentence']?.() ?? {});
  await until(() => http.log.length > 0);
  expect(http.log).toMatchObject([{ method: 'POST', path: PATH, status: 200, msg: 'request' }]);
});

it('a fault of the service is answered as one, and the next request is served', async () => {
  await http.close();
  http = await startHttp({
    translate: async function* () {
      await Promise.resolve();
      yield { type: 'started', connectId: 'ab'.repeat(16) };
      throw new TypeError('x is not a function');
    },
  });
  const internal = { status: 500, body: expect.stringContaining('"code":"internal"') };
  expect(await answerOf(http.url, { headers: JSON_TYPE, body: '{"text":"hi"}' })).toMatchObject(internal);
  expect(await answerOf(http.url, { headers: JSON_TYPE, body: '{"text":"hi"}' })).toMatchObject(internal);
});

it('what a middleware throws on purpose reaches the client', async () => {
  await http.close();
  http = await startHttp({
    deps: {
      draining: () => {
        throw new GatewayError('forbidden', 'Not today.');
      },
    },
  });
  expect(await answerOf(http.url, { headers: JSON_TYPE, body: '{"text":"hi"}' })).toMatchObject({
    status: 403,
  });
});

describe('a route that writes errors in an envelope of its own', () => {
  it('does so for what its guards and its methods refuse too, and leaves other paths alone', async () => {
    const own: Route = {
      method: 'GET',
      path: '/v1/{name}',
      access: 'key',
      handler: (req, res) => {
        res.end(req.context.params.name);
      },
      error: (res, { status, code }) => res.writeHead(status).write(`own ${code}`),
    };
    const refuse = (req: { url?: string | undefined }): void => {
      if (req.url?.includes('refuse')) throw new GatewayError('unauthorized', 'No.');
    };
    const handle = createPipeline({
      routes: [own],
      always: [],
      guards: {
        key: [
          (req, _res, next) => {
            refuse(req);
            next();
          },
        ],
        ...{ open: [], conversation: [], sound: [], metrics: [] },
      },
      fallback: (_req, _res, next) => {
        next();
      },
      onError: createErrorHandler(silent, 100),
      logger: silent,
    });
    const server = createServer(handle).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = async (path: string, method = 'GET'): Promise<[number, string]> => {
      const response = await fetch(url + path, { method });
      return [response.status, await response.text()];
    };
    expect(await ask('/V1/M%C3%BCller/')).toEqual([200, 'Müller']);
    expect(await ask('/v1/refuse')).toEqual([401, 'own unauthorized']);
    expect(await ask('/v1/a', 'DELETE')).toEqual([405, 'own method-not-allowed']);
    expect(await ask('/v1/%E0%A4%A')).toEqual([400, 'own invalid-request']);
    expect((await ask('/v1/a/b'))[1]).toContain('"code":"not-found"');
    server.close();
    server.closeAllConnections();
  });
});
