/** Tickets: how a page, which cannot send headers with a WebSocket, proves that it holds a key. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryTicketStore } from '../../src/tickets/memory.js';
import { RedisTicketStore } from '../../src/tickets/redis.js';
import type { TicketStore } from '../../src/tickets/store.js';
import { connectRedis, type RedisConnection } from '../../src/redis.js';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import { until } from '../support/http.js';
import { silent } from '../support/pool.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { converse, refusal } from '../support/relay.js';

const TTL_MS = 150;
let redis: TestRedis;
const connections: RedisConnection[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => Promise.all(connections.splice(0).map((each) => each.close())));
afterAll(() => redis.stop());

async function redisTickets(ttlMs?: number): Promise<RedisTicketStore> {
  const connection = connectRedis(redis.url, silent);
  connections.push(connection);
  await until(() => connection.client.isReady);
  return new RedisTicketStore(connection, ttlMs);
}

const STORES: [string, (ttlMs?: number) => Promise<TicketStore>][] = [
  ['memory', (ttlMs) => Promise.resolve(new MemoryTicketStore(ttlMs))],
  ['Redis', redisTickets],
];

describe.each(STORES)('tickets in %s', (_where, create) => {
  it('are worth their owner, once', async () => {
    const tickets = await create();
    const before = Date.now();
    const { ticket, expiresAt } = await tickets.issue('owner-1');
    const other = await tickets.issue('owner-2');
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(other.ticket).not.toBe(ticket);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 30_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 30_000);
    expect(await tickets.redeem(ticket)).toBe('owner-1');
    expect(await tickets.redeem(ticket)).toBeUndefined();
    expect(await tickets.redeem(other.ticket)).toBe('owner-2');
  });

  it('are worth something to one of many who come at once', async () => {
    const tickets = await create();
    const { ticket } = await tickets.issue('owner');
    const owners = await Promise.all(Array.from({ length: 20 }, () => tickets.redeem(ticket)));
    expect(owners.filter((owner) => owner === 'owner')).toHaveLength(1);
  });

  it('are worth nothing when their time is over, nor when they never were', async () => {
    const tickets = await create(TTL_MS);
    const { ticket, expiresAt } = await tickets.issue('owner');
    await until(() => Date.now() > expiresAt + 10);
    expect(await tickets.redeem(ticket)).toBeUndefined();
    for (const never of ['', 'x'.repeat(32), '*', 'x'.repeat(10_000)])
      expect(await tickets.redeem(never)).toBeUndefined();
  });
});

describe('tickets in memory', () => {
  it('that nobody redeemed are forgotten', async () => {
    const tickets = new MemoryTicketStore(TTL_MS);
    for (let n = 0; n < 100; n += 1) await tickets.issue('owner');
    const { expiresAt } = await tickets.issue('owner');
    await until(() => Date.now() > expiresAt);
    await tickets.issue('owner');
    expect(tickets.size).toBe(1);
  });
});

describe('a service with keys', () => {
  let running: Awaited<ReturnType<typeof startBeforeScript>>;
  afterEach(() => running.close());

  const KEYS = { API_KEYS: 'first, second' };

  async function issue(url = running.url, key = 'first'): Promise<string> {
    const answer = await fetch(`${url}/api/realtime/tickets`, {
      method: 'POST',
      headers: { 'X-API-Key': key },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { ticket, expiresAt, ...rest } = (await answer.json()) as Record<string, string>;
    expect(rest).toEqual({});
    expect(Date.parse(String(expiresAt)) - Date.now()).toBeGreaterThan(25_000);
    expect(Date.parse(String(expiresAt)) - Date.now()).toBeLessThanOrEqual(30_000);
    return String(ticket);
  }

  it('gives tickets for keys only, and takes each once', async () => {
    running = await startBeforeScript(KEYS);
    const denied = await fetch(`${running.url}/api/realtime/tickets`, { method: 'POST' });
    expect(denied.status).toBe(401);
    const ticket = await issue();
    const client = await converse(running.url, `/text-chat?ticket=${ticket}`);
    const again = await refusal(running.url, `/text-chat?ticket=${ticket}`);
    expect([again.status, again.body.code]).toEqual([401, 'unauthorized']);
    expect(String(again.body.hint)).toContain('/api/realtime/tickets');
    expect((await refusal(running.url, '/text-chat?ticket=first')).status).toBe(401);
    await client.close();
  });

  it('counts a conversation for the key that the ticket came from', async () => {
    running = await startBeforeScript({ ...KEYS, RELAY_MAX_PER_CLIENT: '1' });
    const first = await converse(running.url, `/text-chat?ticket=${await issue()}`);
    expect((await refusal(running.url, '/text-chat', { 'X-API-Key': 'first' })).status).toBe(429);
    const second = await converse(running.url, `/text-chat?ticket=${await issue(running.url, 'second')}`);
    await first.close();
    await second.close();
  });

  it('leaves a ticket whole where a foreign page, a wrong query or no WebSocket came with it', async () => {
    running = await startBeforeScript(KEYS);
    const path = `/text-chat?ticket=${await issue()}`;
    expect((await refusal(running.url, path, { Origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await refusal(running.url, `${path}&target=spanish`)).status).toBe(400);
    expect((await fetch(running.url + path)).status).toBe(400);
    await (await converse(running.url, path, { headers: { Origin: running.url } })).close();
  });

  it('shares tickets through Redis: issued by one node, redeemed by another', async () => {
    running = await startBeforeScript({ ...KEYS, REDIS_URL: redis.url });
    const other = await startGateway({
      ...{
        ...KEYS,
        REDIS_URL: redis.url,
        REALTIME_PROVIDER: 'compatible',
        REALTIME_URL: running.upstreamUrl,
      },
    });
    for (const url of [running.url, other.url])
      await until(async () => (await fetch(`${url}/readyz`)).status === 200);
    const ticket = await issue();
    const client = await converse(other.url, `/text-chat?ticket=${ticket}`);
    expect((await refusal(running.url, `/text-chat?ticket=${ticket}`)).status).toBe(401);
    await client.close();
    await other.close();
  });

  it('answers that its store is away, never that a ticket is wrong, while Redis is', async () => {
    const own = await startRedis();
    running = await startBeforeScript({ ...KEYS, REDIS_URL: own.url });
    await until(async () => (await fetch(`${running.url}/readyz`)).status === 200);
    const ticket = await issue();
    await own.kill();
    const told = await refusal(running.url, `/text-chat?ticket=${ticket}`);
    expect([told.status, told.body.code]).toEqual([503, 'store-unavailable']);
    const denied = await fetch(`${running.url}/api/realtime/tickets`, {
      method: 'POST',
      headers: { 'X-API-Key': 'first' },
    });
    expect([denied.status, ((await denied.json()) as { code: string }).code]).toEqual([
      503,
      'store-unavailable',
    ]);
    await own.stop();
  });
});

describe('an open service', () => {
  it('gives tickets too, and takes no wrong ones', async () => {
    const running = await startBeforeScript();
    const answer = await fetch(`${running.url}/API/Realtime/Tickets`, { method: 'POST' });
    const { ticket } = (await answer.json()) as { ticket: string };
    await (await converse(running.url, `/text-chat?ticket=${ticket}`)).close();
    expect((await refusal(running.url, `/text-chat?ticket=${ticket}`)).status).toBe(401);
    await running.close();
  });
});
