/** Redis is killed or frozen for a while. The service stays up, reports it, and reconnects by itself. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { post, startBeforeScript } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import { eventually } from '../support/programs.js';
import { refusal } from '../support/relay.js';
import { startRedis, type TestRedis } from '../support/redis.js';

const LIMIT = 500;
/** Slack for the kernel and a busy machine, on top of the timeout of 1 s for Redis. */
const SOON_MS = 5_000;

let redis: TestRedis;
let running: Awaited<ReturnType<typeof startBeforeScript>>;
let connectId: string;

beforeEach(async () => {
  redis = await startRedis();
  running = await startBeforeScript({ REDIS_URL: redis.url, RATE_LIMIT_PER_MINUTE: String(LIMIT) });
  await untilReady();
  const made = await post(`${running.url}/api/realtime/sessions`, { target: 'es' });
  ({ connectId } = (await made.json()) as { connectId: string });
});
afterEach(async () => {
  redis.thaw();
  await running.close();
  await redis.stop();
});

interface Ready {
  readonly status?: number | string;
  readonly checks?: { name: string; ok: boolean }[];
}

async function ready(): Promise<Ready> {
  return (await (await fetch(`${running.url}/readyz`)).json()) as Ready;
}

async function untilReady(): Promise<void> {
  await eventually(ready, ({ status }) => status === 'ok');
}

function failing({ checks = [] }: Ready): string[] {
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

function translate(body: object): Promise<Response> {
  return post(`${running.url}/api/realtime/translate`, body);
}

/** Every request that needs a session or a ticket. */
const CALLS: [string, () => Promise<Response>][] = [
  ['a translation in a session', () => translate({ connectId, text: 'Hello' })],
  ['a translation in a new session', () => translate({ text: 'Hello' })],
  ['a session', () => fetch(`${running.url}/api/realtime/sessions/${connectId}`)],
  ['the list of sessions', () => fetch(`${running.url}/api/realtime/sessions`)],
  ['a new session', () => post(`${running.url}/api/realtime/sessions`, {})],
  ['a deletion', () => fetch(`${running.url}/api/realtime/sessions/${connectId}`, { method: 'DELETE' })],
  ['a new ticket', () => post(`${running.url}/api/realtime/tickets`, {})],
];

async function expectStoreAway(): Promise<void> {
  await Promise.all(
    CALLS.map(async ([what, call]) => {
      const from = performance.now();
      const answer = await call();
      const response = { what, status: answer.status, ...((await answer.json()) as { code: string }) };
      expect(response).toMatchObject({ what, status: 503, code: 'store-unavailable', retryable: true });
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(performance.now() - from).toBeLessThan(SOON_MS);
    }),
  );
  const ticket = await refusal(running.url, `/text-chat?ticket=${'x'.repeat(32)}`);
  expect(ticket).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
  expect(failing(await ready())).toEqual(['sessions']);
}

/** Requests that need no session are served as usual, and limits stay in force. */
async function expectTheRest(): Promise<void> {
  const capabilities = await fetch(`${running.url}/api/capabilities`);
  expect(capabilities.status).toBe(200);
  expect(capabilities.headers.get('ratelimit')).toMatch(/\d/);
  const health = await fetch(`${running.url}/health`);
  expect(await health.json()).toMatchObject({ status: 'ok', sessions: null });
  expect((await fetch(`${running.url}/livez`)).status).toBe(200);
}

async function expectAllWell(): Promise<void> {
  const answer = await translate({ connectId, text: 'Hello again' });
  expect(await answer.json()).toMatchObject({ connectId, text: 'Hello again', target: 'es' });
  const { ticket } = (await (await post(`${running.url}/api/realtime/tickets`, {})).json()) as {
    ticket: string;
  };
  expect(ticket).toMatch(/^[\w-]{32}$/);
}

describe('while Redis is away', () => {
  it.each([
    ['killed', () => redis.kill(), () => redis.restart()],
    [
      'frozen',
      () => {
        redis.freeze();
        return Promise.resolve();
      },
      () => {
        redis.thaw();
        return Promise.resolve();
      },
    ],
  ])(
    '(%s) sessions are answered with 503, never 404, the rest as ever; and soon after, all is well',
    async (_how, lose, find) => {
      for (let times = 0; times < 2; times += 1) {
        await lose();
        for (let again = 0; again < 3; again += 1) await expectStoreAway();
        await expectTheRest();
        await find();
        await untilReady();
        await expectAllWell();
      }
    },
  );

  it('a running translation completes', async () => {
    running.script.requests.next(requestFault.slow({ firstMs: 500, betweenMs: 10 }));
    const answer = translate({ connectId, text: 'Hello there' });
    await running.script.until(() => running.script.answering === 1);
    await redis.kill();
    expect(await (await answer).json()).toMatchObject({ connectId, text: 'Hello there' });
    await redis.restart();
    await untilReady();
  });

  it('many requests are answered quickly, each with 503, and none waits for Redis afterwards', async () => {
    redis.freeze();
    const from = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => translate({ connectId, text: 'Hi' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(performance.now() - from).toBeLessThan(2 * SOON_MS);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    redis.thaw();
    await untilReady();
    const shown = await fetch(`${running.url}/api/realtime/sessions/${connectId}`);
    expect(await shown.json()).toMatchObject({ requests: 0 });
  });

  it('points are still counted, and requests above the limit rejected', async () => {
    await redis.kill();
    const statuses = new Set<number>();
    for (let n = 0; n < LIMIT + 20 && !statuses.has(429); n += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => fetch(`${running.url}/api/capabilities`)),
      );
      for (const answer of answers) statuses.add(answer.status);
    }
    expect(statuses).toEqual(new Set([200, 429]));
    await redis.restart();
  });

  it('the service stops in time', async () => {
    redis.freeze();
    await expectStoreAway();
    const from = performance.now();
    await running.gateway.close();
    expect(performance.now() - from).toBeLessThan(SOON_MS);
  });
});
