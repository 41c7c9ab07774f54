/** Guessed keys: after a number of failures an address is blocked, whatever it sends. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { Limiter } from '../../src/quota/limiter.js';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import { startHttp, until, type HttpFixture } from '../support/http.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { converse, refusal } from '../support/relay.js';

type Running = Awaited<ReturnType<typeof startBeforeScript>>;

async function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${url}/api/realtime/sessions`, { headers })).status;
}

describe('an address that sends wrong keys', () => {
  let running: Running;
  afterEach(() => running.close());

  const start = async (env: Record<string, string> = {}): Promise<void> => {
    running = await startBeforeScript({ API_KEYS: 'right-key', FAILED_KEYS_PER_MINUTE: '3', ...env });
  };

  it('is blocked after the limit, with the time to wait, whether the next key is right or not', async () => {
    await start();
    const tried = [{}, { 'X-API-Key': 'wrong' }, { Authorization: 'Bearer wrong' }];
    for (const headers of tried) expect(await statusOf(running.url, headers)).toBe(401);
    const once = await fetch(`${running.url}/api/realtime/sessions`, { headers: { 'X-API-Key': 'wrong' } });
    expect(once.status).toBe(429);
    expect(once.headers.get('ratelimit-policy')).toBe('"failed-keys";q=3;w=60');
    expect(once.headers.get('ratelimit')).toMatch(/^"failed-keys";r=0;t=\d+$/);
    const right = await fetch(`${running.url}/api/realtime/sessions`, {
      headers: { 'X-API-Key': 'right-key' },
    });
    expect(right.status).toBe(429);
    expect(await right.json()).toMatchObject({ code: 'rate-limited', retryable: true });
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(50);
    // What needs no key is not touched.
    expect((await fetch(`${running.url}/livez`)).status).toBe(200);
  });

  it('is refused upgrades too, and wrong tickets count like keys', async () => {
    await start();
    expect(await statusOf(running.url, { 'X-API-Key': 'wrong' })).toBe(401);
    for (const path of ['/text-chat?ticket=wrong', '/realtime-voice'])
      expect((await refusal(running.url, path)).status).toBe(401);
    expect((await refusal(running.url, '/text-chat?ticket=wrong')).status).toBe(429);
    const told = await refusal(running.url, '/text-chat', { 'X-API-Key': 'right-key' });
    expect([told.status, told.body.code]).toEqual([429, 'rate-limited']);
    expect(Number(told.headers['retry-after'])).toBeGreaterThan(50);
    expect(told.headers.connection).toBe('close');
  });

  it('cannot continue under another X-Forwarded-For', async () => {
    await start();
    for (let n = 1; n <= 3; n += 1)
      expect(await statusOf(running.url, { 'X-Forwarded-For': `192.0.2.${n}` })).toBe(401);
    expect(await statusOf(running.url, { 'X-Forwarded-For': '192.0.2.4' })).toBe(429);
  });

  it('does not block other addresses', async () => {
    await start({ TRUST_PROXY: '1' });
    const from = { 'X-Forwarded-For': '192.0.2.1' };
    for (let n = 1; n <= 4; n += 1) await statusOf(running.url, from);
    expect(await statusOf(running.url, { ...from, 'X-API-Key': 'right-key' })).toBe(429);
    expect(await statusOf(running.url, { 'X-Forwarded-For': '192.0.2.2', 'X-API-Key': 'right-key' })).toBe(
      200,
    );
  });

  it('is not limited with right keys, nor where no limit is set', async () => {
    await start({ FAILED_KEYS_PER_MINUTE: '1' });
    for (let n = 1; n <= 5; n += 1)
      expect(await statusOf(running.url, { 'X-API-Key': 'right-key' })).toBe(200);
    await (await converse(running.url, '/text-chat', { headers: { 'X-API-Key': 'right-key' } })).close();
    await running.close();
    await start({ FAILED_KEYS_PER_MINUTE: '0' });
    for (let n = 1; n <= 5; n += 1) expect(await statusOf(running.url, {})).toBe(401);
    expect(await statusOf(running.url, { 'X-API-Key': 'right-key' })).toBe(200);
  });
});

describe('the block', () => {
  let http: HttpFixture;
  afterEach(() => http.close());

  it('ends with the minute, and is logged once with the address, never with the key', async () => {
    let resetMs = 200;
    const failedKeys: Limiter = {
      take: () => Promise.resolve({ allowed: false, limit: 0, remaining: 0, resetMs }),
    };
    http = await startHttp({ env: { API_KEYS: 'right-key' }, deps: { failedKeys } });
    const ask = (key: string) => request(http.url).get('/api/realtime/sessions').set('X-API-Key', key);
    expect((await ask('guess-1')).status).toBe(429);
    await until(async () => (await ask('right-key')).status === 200);
    resetMs = 60_000;
    expect((await ask('guess-2')).status).toBe(429);
    expect((await ask('right-key')).status).toBe(429);
    const told = http.log.filter(({ msg }) => String(msg).includes('too many keys'));
    expect(told.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(JSON.stringify(http.log)).not.toMatch(/guess|right-key/);
  });
});

describe('several nodes', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('count together', async () => {
    const env = { API_KEYS: 'right-key', FAILED_KEYS_PER_MINUTE: '2', REDIS_URL: redis.url };
    const one = await startBeforeScript(env);
    const other = await startGateway({
      ...env,
      REALTIME_PROVIDER: 'compatible',
      REALTIME_URL: one.upstreamUrl,
    });
    for (const { url } of [one, other])
      await until(async () => (await fetch(`${url}/readyz`)).status === 200);
    expect(await statusOf(one.url, {})).toBe(401);
    expect(await statusOf(other.url, {})).toBe(401);
    expect(await statusOf(one.url, {})).toBe(429);
    expect(await statusOf(other.url, {})).toBe(429);
    await other.close();
    await one.close();
  });
});
