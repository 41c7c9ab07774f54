/** Points counted in Redis: shared by nodes, and not enforced across them while Redis is away. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLimiter } from '../../src/quota/limiter.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { connectRedis, type RedisConnection } from '../../src/redis.js';
import { until } from '../support/http.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
const connections: RedisConnection[] = [];
const log: string[] = [];
const logger = createLogger('info', { write: (line) => log.push(line) });

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  log.length = 0;
});
afterAll(() => redis.stop());

async function connected(): Promise<RedisConnection['client']> {
  const connection = connectRedis(redis.url, logger);
  connections.push(connection);
  await until(() => connection.client.isReady);
  return connection.client;
}

describe('a limit shared through Redis', () => {
  it('holds for all nodes together', async () => {
    const one = createLimiter({ name: 'points', perMinute: 3, redis: await connected(), logger });
    const other = createLimiter({ name: 'points', perMinute: 3, redis: await connected(), logger });
    expect(await one.take('shared', 1)).toMatchObject({ allowed: true, limit: 3, remaining: 2 });
    expect(await other.take('shared', 2)).toMatchObject({ allowed: true, remaining: 0 });
    const refused = await one.take('shared', 1);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.resetMs).toBeGreaterThan(50_000);
  });

  it('is kept by each node alone while Redis is down, which is logged once, and shared again after', async () => {
    const client = await connected();
    const limiter = createLimiter({ name: 'points', perMinute: 2, redis: client, logger });
    await limiter.take('down', 1);
    await redis.kill();
    await until(() => !client.isReady);
    expect(await limiter.take('down', 2)).toMatchObject({ allowed: true });
    expect(await limiter.take('down', 1)).toMatchObject({ allowed: false });
    expect(log.filter((line) => line.includes('by this process alone'))).toHaveLength(1);
    await redis.restart();
    await until(() => client.isReady);
    expect(await limiter.take('down', 1)).toMatchObject({ allowed: true, remaining: 0 });
    expect(log.filter((line) => line.includes('counted in Redis again'))).toHaveLength(1);
  });

  it('does not wait for a Redis that hangs', async () => {
    const client = await connected();
    const limiter = createLimiter({ name: 'points', perMinute: 2, redis: client, logger });
    redis.freeze();
    const startedAt = Date.now();
    expect(await limiter.take('hangs', 1)).toMatchObject({ allowed: true });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    redis.thaw();
  });

  it('keeps nobody else waiting while Redis hangs, and counts there again once it answers', async () => {
    const client = await connected();
    const limiter = createLimiter({ name: 'points', perMinute: 1_000, redis: client, logger });
    await limiter.take('waits', 1);
    redis.freeze();
    await limiter.take('waits', 1);
    const startedAt = performance.now();
    for (let n = 0; n < 40; n += 1) expect(await limiter.take('waits', 1)).toMatchObject({ allowed: true });
    // Each of them would have waited for 250 ms.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    redis.thaw();
    await until(() => log.some((line) => line.includes('counted in Redis again')));
    expect(log.filter((line) => line.includes('by this process alone'))).toHaveLength(1);
    // What Redis was sent while it hung has been counted there.
    await until(async () => (await limiter.take('waits', 0)).remaining === 1_000 - 42);
  });

  it('counts in Redis again when a connection that hung was replaced', async () => {
    const connection = connectRedis(redis.url, logger);
    connections.push(connection);
    const { client } = connection;
    await until(() => client.isReady);
    const limiter = createLimiter({ name: 'points', perMinute: 1_000, redis: client, logger });
    redis.freeze();
    await limiter.take('replaced', 1);
    client.destroy();
    redis.thaw();
    await client.connect();
    log.length = 0;
    expect(await limiter.take('replaced', 1)).toMatchObject({ allowed: true });
    expect(log.some((line) => line.includes('counted in Redis again'))).toBe(true);
  });
});
