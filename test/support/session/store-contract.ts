/** What every session store does, whatever it keeps sessions in. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Session } from '../../../src/session/profile.js';
import type { SessionDraft, SessionStore } from '../../../src/session/store.js';
import { until } from '../until.js';

const ROOM = 1_000_000;
const MINUTE_MS = 60_000;

export function draftSession(overrides: Partial<SessionDraft> = {}): SessionDraft {
  return {
    connectId: randomBytes(16).toString('hex'),
    owner: 'alice',
    prompt: 'Translate.',
    source: 'en',
    target: null,
    voice: null,
    ttlMs: MINUTE_MS,
    ...overrides,
  };
}

/** Puts the draft where there is room. */
export async function stored(store: SessionStore, overrides: Partial<SessionDraft> = {}): Promise<Session> {
  const result = await store.put(draftSession(overrides), ROOM);
  if (result.kind !== 'stored') throw new Error('no room for the session');
  return result.session;
}

/** @param open gives an empty store; it is closed by the suite. */
export function describeStore(name: string, open: () => Promise<SessionStore>): void {
  describe(`the ${name} store`, () => {
    let store: SessionStore;
    let owner: string;

    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(() => {
      owner = `owner-${randomBytes(4).toString('hex')}`;
    });

    const gone = (connectId: string) =>
      until('the session has expired', async () => (await store.get(connectId)) === undefined);
    const ids = (sessions: Session[]) => sessions.map(({ connectId }) => connectId);

    it('gives back what was put, with its times', async () => {
      const from = Date.now();
      const draft = draftSession({ owner, prompt: 'Línea uno\n"zwei" 三 😀', voice: 'marin' });
      const put = await store.put(draft, ROOM);
      const to = Date.now();

      const session = await store.get(draft.connectId);
      expect(put).toEqual({ kind: 'stored', session });
      expect(session).toEqual({
        ...draft,
        createdAt: session?.lastUsedAt,
        lastUsedAt: expect.any(Number),
        expiresAt: (session?.lastUsedAt ?? 0) + MINUTE_MS,
        requests: 0,
      });
      expect(session?.createdAt).toBeGreaterThanOrEqual(from);
      expect(session?.createdAt).toBeLessThanOrEqual(to);
    });

    it('changes nothing of a session that it has handed out', async () => {
      const session = await stored(store, { owner });
      const asPut = { ...session };
      const got = await store.get(session.connectId);
      await store.complete(session.connectId);
      expect(session).toEqual(asPut);
      expect(got).toEqual(asPut);
      expect(await store.get(session.connectId)).toMatchObject({ requests: 1 });
    });

    it("touches only a session of the owner's, where one is named", async () => {
      const session = await stored(store, { owner });
      await until('the clock has moved', () => Date.now() > session.createdAt + 1);
      expect(await store.touch(session.connectId, 'somebody else')).toBeUndefined();
      expect(await store.get(session.connectId)).toEqual(session);
      expect(await store.touch(session.connectId, owner)).toMatchObject({ owner, requests: 0 });
      expect((await store.get(session.connectId))?.expiresAt).toBeGreaterThan(session.expiresAt);
    });

    it('knows no session that was never put', async () => {
      const { connectId } = draftSession();
      expect(await store.get(connectId)).toBeUndefined();
      expect(await store.touch(connectId)).toBeUndefined();
      expect(await store.complete(connectId)).toBeUndefined();
      expect(await store.delete(connectId)).toBe(false);
      expect(await store.list(owner, 10)).toEqual({ sessions: [], next: null });
      expect(await store.get(connectId)).toBeUndefined();
    });

    it('slides the expiry at a touch, and leaves the rest as it was', async () => {
      const before = await stored(store, { owner });
      await until('the clock has moved', () => Date.now() > before.createdAt + 1);
      const after = await store.touch(before.connectId);
      expect(after?.lastUsedAt).toBeGreaterThan(before.lastUsedAt);
      expect(after).toEqual({
        ...before,
        lastUsedAt: after?.lastUsedAt,
        expiresAt: (after?.lastUsedAt ?? 0) + MINUTE_MS,
      });
      expect(await store.get(before.connectId)).toEqual(after);
    });

    it('counts completed requests, even when many complete at once', async () => {
      const { connectId } = await stored(store, { owner });
      await Promise.all(Array.from({ length: 50 }, () => store.complete(connectId)));
      expect(await store.get(connectId)).toMatchObject({ requests: 50 });
    });

    it('does not slide the expiry at a get, a list or a count', async () => {
      const session = await stored(store, { owner });
      await until('the clock has moved', () => Date.now() > session.createdAt + 1);
      await store.list(owner, 10);
      await store.count();
      expect(await store.get(session.connectId)).toEqual(session);
    });

    it('forgets a session that has expired, in every answer', async () => {
      const before = await store.count();
      const { connectId } = await stored(store, { owner, ttlMs: 1_000 });
      const kept = await stored(store, { owner });
      expect(await store.count()).toBe(before + 2);
      await gone(connectId);
      expect(await store.touch(connectId)).toBeUndefined();
      expect(await store.complete(connectId)).toBeUndefined();
      expect(await store.delete(connectId)).toBe(false);
      expect(await store.count()).toBe(before + 1);
      expect(ids((await store.list(owner, 10)).sessions)).toEqual([kept.connectId]);
    });

    it('keeps a session that is touched in time for as long as it is touched', async () => {
      const touched = await stored(store, { owner, ttlMs: 600 });
      const control = await stored(store, { owner, ttlMs: 1_800 });
      await until('the control has expired', async () => {
        expect(await store.touch(touched.connectId)).toBeDefined();
        return (await store.get(control.connectId)) === undefined;
      });
      expect(await store.delete(touched.connectId)).toBe(true);
    });

    it('deletes once', async () => {
      const before = await store.count();
      const { connectId } = await stored(store, { owner });
      expect(await store.delete(connectId)).toBe(true);
      expect(await store.get(connectId)).toBeUndefined();
      expect(await store.touch(connectId)).toBeUndefined();
      expect(await store.complete(connectId)).toBeUndefined();
      expect(await store.list(owner, 10)).toEqual({ sessions: [], next: null });
      expect(await store.count()).toBe(before);
      expect(await store.delete(connectId)).toBe(false);
    });

    it('lets one of many simultaneous deletions win', async () => {
      const { connectId } = await stored(store, { owner });
      const won = await Promise.all(Array.from({ length: 10 }, () => store.delete(connectId)));
      expect(won.filter(Boolean)).toHaveLength(1);
    });

    it('tells its watchers of a deletion, and not of an expiry', async () => {
      const deleted: string[] = [];
      store.watch({ deleted: (connectId) => deleted.push(connectId), missed: () => undefined });
      const expiring = await stored(store, { owner, ttlMs: 250 });
      await gone(expiring.connectId);
      const session = await stored(store, { owner });
      await store.delete(session.connectId);
      expect(deleted).toContain(session.connectId);
      expect(deleted).not.toContain(expiring.connectId);
    });

    it('lists an owner their own sessions, newest first', async () => {
      const made = [];
      for (let i = 0; i < 5; i += 1) made.push((await stored(store, { owner })).connectId);
      await stored(store, { owner: `${owner}-other` });
      const { sessions, next } = await store.list(owner, 5);
      expect(ids(sessions)).toEqual(made.reverse());
      expect(next).toBeNull();
    });

    it('lists in the order of making, however the sessions were used since', async () => {
      const first = await stored(store, { owner });
      const second = await stored(store, { owner });
      await store.complete(first.connectId);
      expect(ids((await store.list(owner, 10)).sessions)).toEqual([second.connectId, first.connectId]);
    });

    it('lists page by page, without gap or repetition, while sessions come and go', async () => {
      const made: string[] = [];
      for (let i = 0; i < 7; i += 1) made.unshift((await stored(store, { owner })).connectId);

      const first = await store.list(owner, 3);
      expect(ids(first.sessions)).toEqual(made.slice(0, 3));
      await stored(store, { owner });
      await store.delete(made[2] ?? ''); // the very session that the cursor came from
      await store.delete(made[4] ?? '');

      const second = await store.list(owner, 3, first.next ?? undefined);
      expect(ids(second.sessions)).toEqual([made[3], made[5], made[6]]);
      expect(second.next).toBeNull();
    });

    it('has no next page after the last, even when that was full', async () => {
      for (let i = 0; i < 4; i += 1) await stored(store, { owner });
      const first = await store.list(owner, 2);
      expect(first.next).not.toBeNull();
      const second = await store.list(owner, 2, first.next ?? undefined);
      expect(second.sessions).toHaveLength(2);
      expect(second.next).toBeNull();
    });

    it('refuses a session beyond the limit, and says when the first of the others expires', async () => {
      const soon = await stored(store, { owner, ttlMs: 20_000 });
      const live = await store.count();
      const draft = draftSession({ owner });
      const refused = await store.put(draft, live);
      expect(refused.kind).toBe('full');
      if (refused.kind !== 'full') return;
      expect(refused.retryAfterMs).toBeGreaterThan(0);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(20_000);
      expect(await store.get(draft.connectId)).toBeUndefined();
      expect(await store.count()).toBe(live);

      await store.delete(soon.connectId);
      expect((await store.put(draft, live)).kind).toBe('stored');
    });

    it('says when the first expires of those that were used since, too', async () => {
      const used = await stored(store, { owner, ttlMs: 10_000 });
      const next = await stored(store, { owner, ttlMs: 10_050 });
      await until('the clock has moved', () => Date.now() > next.createdAt + 60);
      const later = await store.touch(used.connectId);
      expect(later?.expiresAt).toBeGreaterThan(next.expiresAt);
      const from = Date.now();
      const refused = await store.put(draftSession({ owner }), 1);
      const to = Date.now();
      if (refused.kind !== 'full') throw new Error('It was stored.');
      expect(from + refused.retryAfterMs).toBeLessThanOrEqual(next.expiresAt);
      expect(to + refused.retryAfterMs).toBeGreaterThanOrEqual(next.expiresAt);
    });

    it('counts no expired session against the limit', async () => {
      const { connectId } = await stored(store, { owner, ttlMs: 1_000 });
      const live = await store.count();
      expect((await store.put(draftSession({ owner }), live)).kind).toBe('full');
      await gone(connectId);
      expect((await store.put(draftSession({ owner }), live)).kind).toBe('stored');
    });

    it('keeps to the limit when many are put at once', async () => {
      const live = await store.count();
      const results = await Promise.all(
        Array.from({ length: 40 }, () => store.put(draftSession({ owner }), live + 7)),
      );
      expect(results.filter(({ kind }) => kind === 'stored')).toHaveLength(7);
      expect(await store.count()).toBe(live + 7);
    });

    it('says that it works', async () => {
      expect(await store.check()).toEqual({ ok: true, detail: expect.any(String) });
    });
  });
}
