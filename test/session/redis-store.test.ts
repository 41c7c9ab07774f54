/** The Redis store: the contract against a real Redis, and what is its own: nodes, crashes, silence. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { connectRedis, type RedisConnection } from '../../src/redis.js';
import { RedisStore } from '../../src/session/redis-store.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { describeStore, draftSession, stored } from '../support/session/store-contract.js';
import { until } from '../support/until.js';

const logger = pino({ level: 'silent' });
const servers: TestRedis[] = [];
/** What a test opened; closed after it, failed or not. */
const opened: { close(): Promise<void> }[] = [];
let redis: TestRedis;

beforeAll(async () => {
  redis = await newRedis();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function newRedis(): Promise<TestRedis> {
  const server = await startRedis();
  servers.push(server);
  return server;
}

function newConnection(url: string, log = logger): RedisConnection {
  const connection = connectRedis(url, log);
  opened.push(connection);
  return connection;
}

function newStore(url = redis.url): RedisStore {
  const store = new RedisStore(connectRedis(url, logger), logger);
  opened.push(store);
  return store;
}

async function readyStore(url = redis.url): Promise<RedisStore> {
  const store = newStore(url);
  await until('Redis is connected', async () => (await store.check()).ok);
  return store;
}

/** The store fails as a store that is away; gives back how long that took. */
async function expectAway(call: Promise<unknown>): Promise<number> {
  const from = performance.now();
  await expect(call).rejects.toMatchObject({
    code: 'store-unavailable',
    status: 503,
    retryAfterMs: expect.any(Number),
  });
  return performance.now() - from;
}

describeStore('Redis', async () => {
  const store = new RedisStore(connectRedis(redis.url, logger), logger);
  await until('Redis is connected', async () => (await store.check()).ok);
  return store;
});

describe('the Redis store on several nodes', () => {
  it('shares sessions', async () => {
    const [one, other] = [await readyStore(), await readyStore()];
    const session = await stored(one);
    expect(await other.get(session.connectId)).toEqual(session);
    await other.complete(session.connectId);
    expect(await one.get(session.connectId)).toMatchObject({ requests: 1 });
  });

  it('keeps to one limit', async () => {
    const [one, other] = [await readyStore(), await readyStore()];
    const live = await one.count();
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : other).put(draftSession(), live + 11)),
    );
    expect(results.filter(({ kind }) => kind === 'stored')).toHaveLength(11);
  });

  it('tells every node of a deletion', async () => {
    const [one, other] = [await readyStore(), await readyStore()];
    const heard: string[] = [];
    other.watch({ deleted: (connectId) => heard.push(connectId), missed: () => undefined });
    const { connectId } = await stored(one);
    await one.delete(connectId);
    await until('the other node has heard', () => heard.includes(connectId));
  });

  it('cleans its sets of what has expired, for owners who never come back too', async () => {
    const store = await readyStore();
    const connection = newConnection(redis.url);
    await until('Redis is connected', () => connection.client.isReady);
    const { connectId } = await stored(store, { owner: 'never-back', ttlMs: 250 });
    expect(await connection.client.zCard('rts:owner:never-back')).toBe(1);
    await until('the session has expired', async () => (await store.get(connectId)) === undefined);
    await until('another session is made, a millisecond later', async () => {
      await stored(store);
      return (await connection.client.exists('rts:owner:never-back')) === 0;
    });
    expect(await connection.client.zScore('rts:expiry', `${connectId}never-back`)).toBeNull();
  });
});

describe('the Redis store, when Redis is away', () => {
  let mine: TestRedis;
  beforeAll(async () => {
    mine = await newRedis();
  });

  it('starts without it, says so in every answer, and finds it later', async () => {
    const late = await newRedis();
    await late.kill();
    const store = newStore(late.url);
    const { connectId } = draftSession();
    const calls = [
      () => store.get(connectId),
      () => store.put(draftSession(), 10),
      () => store.touch(connectId),
      () => store.complete(connectId),
      () => store.delete(connectId),
      () => store.list('alice', 10),
      () => store.count(),
    ];
    for (const call of calls) expect(await expectAway(call())).toBeLessThan(500);
    expect(await store.check()).toEqual({ ok: false, detail: expect.stringContaining('REDIS_URL') });

    await late.restart();
    await until('Redis is found', async () => (await store.check()).ok);
    expect(await store.count()).toBe(0);
  });

  it('never takes a session for unknown while Redis is down, and has it again afterwards', async () => {
    const store = await readyStore(mine.url);
    let missed = 0;
    store.watch({ deleted: () => undefined, missed: () => (missed += 1) });
    const session = await stored(store);

    await mine.kill();
    await until('the loss is noticed', async () => !(await store.check()).ok);
    await expectAway(store.get(session.connectId));
    const missedBefore = missed;
    await mine.restart();
    await until('Redis is found', async () => (await store.check()).ok);
    expect(await store.get(session.connectId)).toEqual(session);
    await until('watchers are told to look again', () => missed > missedBefore);
  });

  it('answers what is under way when Redis is killed, one way or the other', async () => {
    const store = await readyStore(mine.url);
    const { connectId } = await stored(store);
    const calls = Array.from({ length: 500 }, () => store.complete(connectId));
    const [results] = await Promise.all([Promise.allSettled(calls), mine.kill()]);
    const failed = results.filter((result) => result.status === 'rejected');
    for (const { reason } of failed) expect(reason).toMatchObject({ code: 'store-unavailable' });

    await mine.restart();
    await until('Redis is found', async () => (await store.check()).ok);
    const answered = results.length - failed.length;
    const session = await store.get(connectId);
    expect(session?.requests).toBeGreaterThanOrEqual(answered);
    expect(session?.requests).toBeLessThanOrEqual(results.length);
  });

  it('gives up within a second or two when Redis is silent, and replaces a connection that stays so', async () => {
    const store = await readyStore(mine.url);
    const { connectId } = await stored(store);
    mine.freeze();
    try {
      expect(await expectAway(store.get(connectId))).toBeLessThan(2_000);
      await Promise.all([expectAway(store.get(connectId)), expectAway(store.get(connectId))]);
      // The third late answer in a row has closed the connection: now it fails without waiting.
      expect(await expectAway(store.get(connectId))).toBeLessThan(200);
    } finally {
      mine.thaw();
    }
    await until('Redis is found', async () => (await store.check()).ok);
    expect(await store.get(connectId)).toBeDefined();
  });

  it('can be closed twice, and while it is still connecting, and leaves no connection', async () => {
    const connection = newConnection(mine.url);
    await until('Redis is connected', () => connection.client.isReady);
    const store = newStore(mine.url);
    await store.close();
    await store.close();
    await expectAway(store.count());
    await until('only the onlooker is connected', async () => {
      const clients = await connection.run((client) => client.clientList());
      return clients.length === 1;
    });

    const nowhere = newStore('redis://127.0.0.1:1');
    await nowhere.close();
    await expectAway(nowhere.count());
  });

  it('says once in the log that Redis is away, without its password, and when it is back', async () => {
    const lines: string[] = [];
    const listener = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    await mine.kill();
    const connection = newConnection(mine.url.replace('//', '//user:hush-hush@'), listener);
    await until('it was told', () => lines.length > 0);
    let attempts = 0;
    connection.client.on('reconnecting', () => (attempts += 1));
    await until('it was tried thrice more', () => attempts > 2);
    expect(lines).toHaveLength(1);
    expect(lines.join('')).not.toContain('hush-hush');
    await mine.restart();
  });
});
