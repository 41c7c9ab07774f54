/** Redis neither answers nor disconnects. No response waits for what it does not need from it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { post, startGateway, type Running } from '../support/gateway.js';
import { startScripted, type Scripted } from '../support/offline.js';
import { eventually } from '../support/programs.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
let upstream: Scripted;
let running: Running;
let log: Record<string, unknown>[];

beforeEach(async () => {
  log = [];
  redis = await startRedis();
  upstream = await startScripted();
  running = await start();
});
afterEach(async () => {
  redis.thaw();
  await running.close();
  await upstream.close();
  await redis.stop();
});

async function start(): Promise<Running> {
  const write = (line: string): void => {
    log.push(JSON.parse(line) as Record<string, unknown>);
  };
  const env = { REDIS_URL: redis.url, REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url };
  const service = await startGateway(env, createLogger('info', { write }));
  await eventually(
    async () => (await fetch(`${service.url}/readyz`)).status,
    (status) => status === 200,
  );
  return service;
}

async function newSession(): Promise<string> {
  const made = await post(`${running.url}/api/realtime/sessions`, { target: 'es' });
  return ((await made.json()) as { connectId: string }).connectId;
}

async function requestsOf(connectId: string): Promise<number> {
  const shown = await fetch(`${running.url}/api/realtime/sessions/${connectId}`);
  return ((await shown.json()) as { requests: number }).requests;
}

/** A form: the question beside `fields`, and what is accepted. */
function translate(path: string, fields: Record<string, string | Blob>, accept = '*/*'): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, value, 'recording.wav');
  }
  return fetch(running.url + path, { method: 'POST', body, headers: { Accept: accept } });
}

/** Upstream answers nothing until it is called. */
function holdUpstream(answer: () => string): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  upstream.script.answer = async () => {
    await released;
    return answer();
  };
  return release;
}

/** The result of `act`; rejects if it takes as long as the timeout of a Redis command. */
async function beforeRedisIsGivenUp<T>(act: () => Promise<T>): Promise<T> {
  const givenUp = fetch(`${running.url}/api/realtime/sessions`).then(async (refused) => {
    expect(await refused.json()).toMatchObject({ code: 'store-unavailable' });
  });
  const tooLate = givenUp.then(() => {
    throw new Error('Redis was waited for.');
  });
  const [first] = await Promise.all([Promise.race([act(), tooLate]), givenUp]);
  return first;
}

const STRICT = '/api/realtime/translate';
const RECORDING = new Blob([encodeWav(Buffer.alloc(48_000, 3))]);

describe('while Redis is frozen', () => {
  it.each<[string, string, Record<string, string | Blob>, string]>([
    ['JSON', STRICT, { text: 'Hello' }, 'application/json'],
    ['WAV', STRICT, { text: 'Hello' }, 'audio/wav'],
    ['server-sent events', STRICT, { text: 'Hello' }, 'text/event-stream'],
    ['the JSON of a recording', STRICT, { file: RECORDING }, 'application/json'],
    ['JSON on the original route', '/api/RealTime/AudioTranslate', { question: 'Hello' }, '*/*'],
  ])(
    'a finished translation is not held back, and counted later: %s',
    async (_form, path, fields, accept) => {
      const connectId = await newSession();
      const release = holdUpstream(() => 'Hola');
      const answer = translate(path, { ...fields, connectId }, accept).then(async (response) => {
        expect(response.status).toBe(200);
        return Buffer.from(await response.arrayBuffer());
      });
      await upstream.script.until(() => upstream.script.answering === 1);
      redis.freeze();
      const response = await beforeRedisIsGivenUp(() => {
        release();
        return answer;
      });
      expect(response.length).toBeGreaterThan(0);
      redis.thaw();
      await eventually(
        () => requestsOf(connectId),
        (requests) => requests === 1,
      );
    },
  );

  it('a failure is not delayed, and the session created for it is removed later', async () => {
    const release = holdUpstream(() => {
      throw new Error('The script fails.');
    });
    const answer = post(running.url + STRICT, { text: 'Hello' }).then((response) => response.json());
    await upstream.script.until(() => upstream.script.answering === 1);
    redis.freeze();
    const response = await beforeRedisIsGivenUp(() => {
      release();
      return answer;
    });
    expect(response).toMatchObject({ code: 'upstream-unavailable' });
    redis.thaw();
    await eventually(
      async () => (await fetch(`${running.url}/api/realtime/sessions`)).json(),
      (seen) => JSON.stringify(seen) === '{"sessions":[],"nextCursor":null}',
    );
  });

  it('a translation that was not counted is logged', async () => {
    const release = holdUpstream(() => 'Hola');
    const answer = translate(STRICT, { text: 'Hello' });
    await upstream.script.until(() => upstream.script.answering === 1);
    redis.freeze();
    release();
    expect((await answer).status).toBe(200);
    const line = await eventually(
      () => log.find(({ msg }) => msg === 'a completed translation was not counted'),
      (found) => found !== undefined,
    );
    expect(line).toMatchObject({ requestId: (await answer).headers.get('x-request-id') });
  });

  it.each<[string, (answer: Response) => Promise<void>]>([
    [
      '/health',
      async (answer) => {
        expect(await answer.json()).toMatchObject({ status: 'ok', sessions: 1 });
      },
    ],
    [
      '/metrics',
      async (answer) => {
        expect(await answer.text()).toContain('\ntranslation_sessions{store="redis"} 1\n');
      },
    ],
    [
      '/livez',
      async (answer) => {
        expect(await answer.json()).toEqual({ status: 'ok' });
      },
    ],
  ])('%s answers at once, from what is known, and then that nothing is', async (path, expectKnown) => {
    await newSession();
    redis.freeze();
    await expectKnown(await beforeRedisIsGivenUp(() => fetch(running.url + path)));
    const health = await fetch(`${running.url}/health`);
    expect(await health.json()).toMatchObject({ status: 'ok', sessions: null });
    const metrics = await fetch(`${running.url}/metrics`);
    expect(await metrics.text()).not.toContain('\ntranslation_sessions{');
    redis.thaw();
    await eventually(
      async () => ((await (await fetch(`${running.url}/health`)).json()) as { sessions: unknown }).sessions,
      (sessions) => sessions === 1,
    );
  });

  it('a stopping service waits for pending counts', async () => {
    const connectId = await newSession();
    const release = holdUpstream(() => 'Hola');
    const answer = translate(STRICT, { text: 'Hello', connectId });
    await upstream.script.until(() => upstream.script.answering === 1);
    redis.freeze();
    release();
    expect((await answer).status).toBe(200);
    const closed = running.gateway.close();
    redis.thaw();
    await closed;
    expect(log.filter(({ msg }) => msg === 'a completed translation was not counted')).toEqual([]);
    running = await start();
    expect(await requestsOf(connectId)).toBe(1);
  });
});

it('a client that reads its session right after an answer gets the new count', async () => {
  const connectId = await newSession();
  for (let requests = 1; requests <= 50; requests += 1) {
    expect((await translate(STRICT, { text: 'Hello', connectId })).status).toBe(200);
    expect(await requestsOf(connectId)).toBe(requests);
  }
});

it('/health counts sessions that this node creates and deletes immediately, and others soon', async () => {
  const count = async (url = running.url): Promise<unknown> =>
    ((await (await fetch(`${url}/health`)).json()) as { sessions: unknown }).sessions;
  await eventually(count, (sessions) => sessions === 0);
  const connectId = await newSession();
  expect(await count()).toBe(1);
  await newSession();
  await fetch(`${running.url}/api/realtime/sessions/${connectId}`, { method: 'DELETE' });
  expect(await count()).toBe(1);
  const other = await start();
  try {
    await eventually(
      () => count(other.url),
      (sessions) => sessions === 1,
    );
    await newSession();
    await eventually(
      () => count(other.url),
      (sessions) => sessions === 2,
    );
  } finally {
    await other.close();
  }
});
