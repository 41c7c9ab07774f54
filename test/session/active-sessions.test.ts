/** Leases: a translation keeps its session, counts on it, and ends when it is deleted, on whichever node. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { GatewayError } from '../../src/errors.js';
import { ActiveSessions, type Lease } from '../../src/session/active-sessions.js';
import { MemoryStore } from '../../src/session/memory-store.js';
import type { Session } from '../../src/session/profile.js';
import { connectRedis } from '../../src/redis.js';
import { RedisStore } from '../../src/session/redis-store.js';
import { SessionRegistry, type SessionOptions } from '../../src/session/registry.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const OPTIONS: SessionOptions = { ttlMs: 60_000, max: 100_000, defaultPrompt: 'Only translate.' };

function expectClosed(signal: AbortSignal): void {
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBeInstanceOf(GatewayError);
  expect(signal.reason).toMatchObject({ code: 'session-closed', status: 410 });
}

describe('a lease', () => {
  let registry: SessionRegistry;
  beforeEach(() => {
    registry = new SessionRegistry(new MemoryStore(), OPTIONS);
  });

  it('makes a session where none is named', async () => {
    const lease = await registry.acquire('alice', undefined, { source: 'en', target: 'es' });
    expect(lease.created).toBe(true);
    expect(await registry.get('alice', lease.session.connectId)).toEqual(lease.session);
    lease.release();
  });

  it('slides the expiry when it begins and when it completes, and counts only when it completes', async () => {
    const made = await registry.create('alice', {});
    await until('the clock has moved', () => Date.now() > made.createdAt + 1);
    const lease = await registry.acquire('alice', made.connectId, {});
    const begun = await registry.get('alice', made.connectId);
    expect(begun.expiresAt).toBeGreaterThan(made.expiresAt);
    expect(begun.requests).toBe(0);
    await until('the clock has moved again', () => Date.now() > begun.lastUsedAt + 1);
    await lease.complete();
    const completed = await registry.get('alice', made.connectId);
    expect(completed.expiresAt).toBeGreaterThan(begun.expiresAt);
    expect(completed.requests).toBe(1);
    lease.release();
  });

  it('keeps a session alive that would have expired long before the translation ends', async () => {
    const { connectId } = await registry.create('alice', {}, 600);
    const control = await registry.create('alice', {}, 600 * 3);
    const lease = await registry.acquire('alice', connectId, {});
    const isUnknown = (id: string) =>
      registry.get('alice', id).then(
        () => false,
        () => true,
      );
    await until('the control, three times as long-lived, has expired', () => isUnknown(control.connectId));
    await lease.complete();
    expect(await registry.get('alice', connectId)).toMatchObject({ requests: 1 });
    lease.release();
    await until('it expires once it is released', () => isUnknown(connectId));
    expect(lease.signal.aborted).toBe(false);
  });

  it('aborts when its session is deleted, beside others on the same session and none on another', async () => {
    const one = await registry.acquire('alice', undefined, {});
    const same = await registry.acquire('alice', one.session.connectId, {});
    const other = await registry.acquire('alice', undefined, {});
    await registry.delete('alice', one.session.connectId);
    expectClosed(one.signal);
    expectClosed(same.signal);
    expect(other.signal.aborted).toBe(false);
    for (const lease of [one, same, other]) lease.release();
  });

  it('is not aborted by a deletion after its release', async () => {
    const lease = await registry.acquire('alice', undefined, {});
    lease.release();
    lease.release();
    await registry.delete('alice', lease.session.connectId);
    expect(lease.signal.aborted).toBe(false);
  });

  it('completes quietly where the session has just gone', async () => {
    const lease = await registry.acquire('alice', undefined, {});
    await registry.delete('alice', lease.session.connectId);
    await expect(lease.complete()).resolves.toBeUndefined();
    await expect(registry.get('alice', lease.session.connectId)).rejects.toMatchObject({ status: 404 });
    lease.release();
  });

  it('removes a session of its own making when it is discarded, and no other', async () => {
    const own = await registry.acquire('alice', undefined, {});
    const named = await registry.acquire('alice', (await registry.create('alice', {})).connectId, {});
    await own.discard();
    await named.discard();
    expect(own.signal.aborted).toBe(false);
    await expect(registry.get('alice', own.session.connectId)).rejects.toMatchObject({ status: 404 });
    expect(await registry.get('alice', named.session.connectId)).toBeDefined();
    expect(await registry.count()).toBe(1);
  });

  it('ends with 10 000 others when their one session is deleted', async () => {
    const { connectId } = await registry.create('alice', {});
    const leases = await Promise.all(
      Array.from({ length: 10_000 }, () => registry.acquire('alice', connectId, {})),
    );
    await registry.delete('alice', connectId);
    expect(leases.filter((lease) => lease.signal.aborted)).toHaveLength(10_000);
    for (const lease of leases) lease.release();
  });
});

describe('an idle session', () => {
  class ObservedStore extends MemoryStore {
    readonly touched: string[] = [];

    override touch(connectId: string): ReturnType<MemoryStore['touch']> {
      this.touched.push(connectId);
      return super.touch(connectId);
    }
  }

  async function createWith(ttlMs: number, count: number) {
    const store = new ObservedStore();
    const registry = new SessionRegistry(store, OPTIONS);
    const sessions = await Promise.all(
      Array.from({ length: count }, () => registry.create('alice', {}, ttlMs)),
    );
    return { store, active: new ActiveSessions(store), sessions };
  }

  function use(active: ActiveSessions, session: Session): Lease {
    const lease = active.lease(session.connectId, false, new AbortController());
    lease.begin(session);
    return lease;
  }

  it('is not asked for, and is as before when it is used again', async () => {
    const { store, active, sessions } = await createWith(60_000, 1);
    const [session] = sessions;
    if (session === undefined) throw new Error('no session was made');
    use(active, session).release();
    active.confirmAll();
    expect(store.touched).toEqual([]);
    const lease = use(active, session);
    active.confirmAll();
    expect(store.touched).toEqual([session.connectId]);
    active.abort(session.connectId);
    expectClosed(lease.signal);
    lease.release();
    expect(active.size).toBe(1);
    active.close();
  });

  it('is forgotten when its next touch would be due, untouched', async () => {
    const { store, active, sessions } = await createWith(600, 3);
    for (const session of sessions) use(active, session).release();
    expect(active.size).toBe(3);
    await until('all are forgotten', () => active.size === 0);
    expect(store.touched).toEqual([]);
  });

  it('is forgotten with all others where they are more than a thousand, but not one with a lease', async () => {
    const { active, sessions } = await createWith(60_000, 1_002);
    const [first, ...others] = sessions.map((session) => use(active, session));
    for (const lease of others) lease.release();
    expect(active.size).toBe(1);
    for (const session of sessions.slice(1, 1_001)) use(active, session).release();
    expect(active.size).toBe(1_001);
    first?.release();
    expect(active.size).toBe(0);
    active.close();
  });

  it('that was never begun is forgotten at once', async () => {
    const { active } = await createWith(60_000, 0);
    active.lease('of-nobody', false, new AbortController()).release();
    expect(active.size).toBe(0);
  });
});

describe('a lease, with Redis and two nodes', () => {
  const logger = pino({ level: 'silent' });
  let redis: TestRedis;
  let here: SessionRegistry;
  let there: SessionRegistry;

  beforeAll(async () => {
    redis = await startRedis();
    here = new SessionRegistry(new RedisStore(connectRedis(redis.url, logger), logger), OPTIONS);
    there = new SessionRegistry(new RedisStore(connectRedis(redis.url, logger), logger), OPTIONS);
    await bothConnected();
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await redis.stop();
  });

  const bothConnected = () =>
    until('both nodes are connected', async () => (await here.check()).ok && (await there.check()).ok);

  it('aborts when its session is deleted on another node', async () => {
    const lease = await here.acquire('alice', undefined, {});
    await there.delete('alice', lease.session.connectId);
    await until('the lease has ended', () => lease.signal.aborted);
    expectClosed(lease.signal);
    lease.release();
  });

  it('keeps its session alive for the other node too', async () => {
    const { connectId } = await there.create('alice', {}, 900);
    const control = await there.create('alice', {}, 900 * 2);
    const lease = await here.acquire('alice', connectId, {});
    await until('the control has expired', () =>
      there.get('alice', control.connectId).then(
        () => false,
        () => true,
      ),
    );
    expect(await there.get('alice', connectId)).toMatchObject({ connectId });
    lease.release();
  });

  it('outlives a loss of Redis', async () => {
    const lease = await here.acquire('alice', undefined, {});
    await redis.kill();
    await until('the loss is noticed', async () => !(await here.check()).ok);
    await expect(lease.complete()).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(here.acquire('alice', lease.session.connectId, {})).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    expect(lease.signal.aborted).toBe(false);
    await redis.restart();
    await bothConnected();
    await lease.complete();
    expect(await here.get('alice', lease.session.connectId)).toMatchObject({ requests: 1 });
    expect(lease.signal.aborted).toBe(false);
    lease.release();
  });

  it('ends when Redis comes back without its session', async () => {
    const lease = await here.acquire('alice', undefined, {});
    await redis.kill();
    await until('the loss is noticed', async () => !(await here.check()).ok);
    await redis.restart({ empty: true });
    await until('the lease has ended', () => lease.signal.aborted);
    expectClosed(lease.signal);
    lease.release();
    await bothConnected();
  });

  it('is refused or ends, whenever it is taken while another node deletes the session', async () => {
    const outcomes = { refused: 0, ended: 0 };
    for (let round = 0; round < 200; round += 1) {
      const { connectId } = await here.create('alice', {});
      const [taken] = await Promise.allSettled([
        here.acquire('alice', connectId, {}),
        there.delete('alice', connectId),
      ]);
      if (taken.status === 'rejected') {
        expect(taken.reason).toMatchObject({ code: 'session-not-found' });
        outcomes.refused += 1;
      } else {
        await until('the lease has ended', () => taken.value.signal.aborted);
        taken.value.release();
        outcomes.ended += 1;
      }
    }
    expect(outcomes.refused + outcomes.ended).toBe(200);
  });

  it('discards in silence while Redis is away', async () => {
    const lease = await here.acquire('alice', undefined, {});
    await redis.kill();
    await expect(lease.discard()).resolves.toBeUndefined();
    await redis.restart();
    await bothConnected();
  });
});
