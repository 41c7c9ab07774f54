/** The registry's rules: who sees which session, what conflicts with it, how many there may be. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStore } from '../../src/session/memory-store.js';
import { SessionRegistry, type SessionOptions } from '../../src/session/registry.js';

const OPTIONS: SessionOptions = { ttlMs: 60_000, max: 1_000, defaultPrompt: 'Only translate.' };
const UNKNOWN = '0123456789abcdef0123456789abcdef';

let registry: SessionRegistry;
beforeEach(() => {
  registry = new SessionRegistry(new MemoryStore(), OPTIONS);
});

describe('a session', () => {
  it('has a random id of 128 bits and the service’s lifetime', async () => {
    const made = await Promise.all(Array.from({ length: 100 }, () => registry.create('alice', {})));
    expect(new Set(made.map(({ connectId }) => connectId)).size).toBe(100);
    for (const session of made) {
      expect(session.connectId).toMatch(/^[0-9a-f]{32}$/);
      expect(session.expiresAt - session.createdAt).toBe(60_000);
      expect(session).toMatchObject({ owner: 'alice', requests: 0, prompt: 'Only translate.' });
    }
  });

  it('may have a lifetime of its own', async () => {
    const session = await registry.create('alice', {}, 5_000);
    expect(session.ttlMs).toBe(5_000);
    expect(session.expiresAt - session.createdAt).toBe(5_000);
  });

  it('keeps its languages in canonical form, and takes auto for no source', async () => {
    expect(await registry.create('alice', { source: 'EN-us', target: 'iw' })).toMatchObject({
      source: 'en-US',
      target: 'he',
    });
    expect(await registry.create('alice', { source: 'Auto' })).toMatchObject({ source: null });
  });

  it('is not made with a language that has no tag: every such field is named', async () => {
    await expect(registry.create('alice', { source: 'english', target: 'auto' })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/source' }, { pointer: '/target' }],
    });
    expect(await registry.count()).toBe(0);
  });

  it('does not exist for another owner', async () => {
    const { connectId } = await registry.create('alice', {});
    const unknown = { code: 'session-not-found', status: 404 };
    await expect(registry.get('bob', connectId)).rejects.toMatchObject(unknown);
    await expect(registry.delete('bob', connectId)).rejects.toMatchObject(unknown);
    await expect(registry.acquire('bob', connectId, {})).rejects.toMatchObject(unknown);
    expect((await registry.list('bob', 10)).sessions).toEqual([]);
    expect(await registry.get('alice', connectId)).toMatchObject({ connectId });
  });

  it.each([UNKNOWN, '', 'x', UNKNOWN.toUpperCase(), `${UNKNOWN}0`, '../../etc'])(
    'is unknown under the id "%s"',
    async (connectId) => {
      await expect(registry.get('alice', connectId)).rejects.toMatchObject({ code: 'session-not-found' });
      await expect(registry.acquire('alice', connectId, {})).rejects.toMatchObject({
        code: 'session-not-found',
      });
    },
  );

  it('is unknown once deleted, to a second deletion too', async () => {
    const { connectId } = await registry.create('alice', {});
    await registry.delete('alice', connectId);
    await expect(registry.get('alice', connectId)).rejects.toMatchObject({ code: 'session-not-found' });
    await expect(registry.delete('alice', connectId)).rejects.toMatchObject({ code: 'session-not-found' });
  });

  it('is refused beyond the limit, with the time until the first expires', async () => {
    const small = new SessionRegistry(new MemoryStore(), { ...OPTIONS, max: 2 });
    await small.create('alice', {}, 30_000);
    await small.create('bob', {});
    const limit = await small.create('alice', {}).catch((error: unknown) => error);
    expect(limit).toMatchObject({ code: 'session-limit', status: 429, retryAfterMs: expect.any(Number) });
    expect((limit as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(30_000);
    await expect(small.acquire('alice', undefined, {})).rejects.toMatchObject({ code: 'session-limit' });
    expect(await small.count()).toBe(2);
  });
});

describe('a list of sessions', () => {
  it('goes through all pages by its cursor, newest first', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.unshift((await registry.create('alice', {})).connectId);
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof registry.list>> = await registry.list(
        'alice',
        2,
        cursor ?? undefined,
      );
      seen.push(...page.sessions.map(({ connectId }) => connectId));
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null);
    expect(seen).toEqual(made);
    expect(pages).toBe(3);
  });

  it.each(['', 'nonsense', '-1', Buffer.from('1e9').toString('base64url'), 'A'.repeat(10_000)])(
    'refuses the cursor "%.20s", which is none of ours',
    async (cursor) => {
      await expect(registry.list('alice', 2, cursor)).rejects.toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: '/cursor' }],
      });
    },
  );
});

describe('what is said beside a connectId', () => {
  const wish = { prompt: 'Into Spanish.', source: 'en-US', target: 'es', voice: 'marin' };
  let connectId: string;
  beforeEach(async () => {
    ({ connectId } = await registry.create('alice', wish));
  });

  it.each([
    {},
    wish,
    { prompt: 'Into Spanish.' },
    { source: 'EN-us' },
    { source: 'auto' },
    { target: 'ES' },
    { voice: 'marin' },
  ])('may repeat or leave out what the session has: %j', async (beside) => {
    const lease = await registry.acquire('alice', connectId, beside);
    expect(lease.session.connectId).toBe(connectId);
    expect(lease.created).toBe(false);
    lease.release();
  });

  it.each([
    [{ prompt: 'Into spanish.' }, ['/prompt']],
    [{ source: 'en' }, ['/source']],
    [{ target: 'ca' }, ['/target']],
    [{ voice: 'cedar' }, ['/voice']],
    [{ ...wish, prompt: 'x', voice: 'y' }, ['/prompt', '/voice']],
  ])('conflicts where it differs: %j', async (beside, pointers) => {
    const before = await registry.get('alice', connectId);
    const conflict = await registry.acquire('alice', connectId, beside).catch((error: unknown) => error);
    expect(conflict).toMatchObject({
      code: 'session-conflict',
      status: 409,
      errors: pointers.map((pointer) => ({ pointer })),
    });
    for (const pointer of pointers) expect((conflict as Error).message).toContain(pointer.slice(1));
    expect(await registry.get('alice', connectId)).toEqual(before);
  });

  it('conflicts with what the session never had', async () => {
    const plain = await registry.create('alice', {});
    for (const beside of [{ source: 'en' }, { target: 'es' }, { voice: 'marin' }, { prompt: 'Other.' }]) {
      await expect(registry.acquire('alice', plain.connectId, beside)).rejects.toMatchObject({
        code: 'session-conflict',
      });
    }
  });

  it('may name the prompt that was made from the languages, and the target that was the default', async () => {
    const service = new SessionRegistry(new MemoryStore(), { ...OPTIONS, defaultTarget: 'es' });
    const { prompt, connectId: made } = await service.create('alice', {});
    const lease = await service.acquire('alice', made, { prompt, target: 'es' });
    expect(lease.session.target).toBe('es');
    lease.release();
  });

  it('must be a tag where it is a language', async () => {
    await expect(registry.acquire('alice', connectId, { target: 'spanish' })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/target' }],
    });
  });
});
