/** Sessions in this process's memory: lost when it ends, and not shared with other nodes. */
import { ExpiryQueue, type Expiring } from './expiry-queue.js';
import { usedSession, type Session } from './profile.js';
import type { DeletionWatcher, PutResult, SessionDraft, SessionPage, SessionStore } from './store.js';

class Entry implements Expiring {
  /** Replaced at each change, never mutated. */
  session: Session;
  /** Increases with every session; lists are sorted by it. */
  readonly order: number;
  /** When to check for expiry: never later than the session's own, and seldom moved, although every use extends that. */
  expiresAt: number;
  index = 0;

  constructor(session: Session, order: number) {
    this.session = session;
    this.order = order;
    this.expiresAt = session.expiresAt;
  }
}

/** Has no timer: every call first drops the expired sessions. */
export class MemoryStore implements SessionStore {
  readonly #entries = new Map<string, Entry>();
  readonly #byOwner = new Map<string, Entry[]>();
  readonly #expiry = new ExpiryQueue<Entry>();
  readonly #watchers: DeletionWatcher[] = [];
  #lastOrder = 0;

  get(connectId: string): Promise<Session | undefined> {
    this.#dropExpired(Date.now());
    return Promise.resolve(this.#entries.get(connectId)?.session);
  }

  put(draft: SessionDraft, max: number): Promise<PutResult> {
    const now = Date.now();
    this.#dropExpired(now);
    if (this.#entries.size >= max) {
      const first = this.#firstToExpire();
      if (first !== undefined) return Promise.resolve({ kind: 'full', retryAfterMs: first.expiresAt - now });
    }
    const times = { createdAt: now, lastUsedAt: now, expiresAt: now + draft.ttlMs };
    const session: Session = { ...draft, ...times, requests: 0 };
    this.#lastOrder += 1;
    const entry = new Entry(session, this.#lastOrder);
    this.#entries.set(session.connectId, entry);
    this.#expiry.add(entry);
    const owned = this.#byOwner.get(session.owner);
    if (owned === undefined) this.#byOwner.set(session.owner, [entry]);
    else owned.push(entry);
    return Promise.resolve({ kind: 'stored', session });
  }

  touch(connectId: string, owner?: string): Promise<Session | undefined> {
    return Promise.resolve(this.#slide(connectId, 0, owner));
  }

  complete(connectId: string): Promise<Session | undefined> {
    return Promise.resolve(this.#slide(connectId, 1));
  }

  delete(connectId: string): Promise<boolean> {
    this.#dropExpired(Date.now());
    const entry = this.#entries.get(connectId);
    if (entry === undefined) return Promise.resolve(false);
    this.#remove(entry);
    for (const watcher of this.#watchers) watcher.deleted(connectId);
    return Promise.resolve(true);
  }

  list(owner: string, limit: number, before = Infinity): Promise<SessionPage> {
    this.#dropExpired(Date.now());
    const owned = this.#byOwner.get(owner) ?? [];
    const end = firstFrom(owned, before);
    const page = owned.slice(Math.max(0, end - limit), end).reverse();
    return Promise.resolve({
      sessions: page.map(({ session }) => session),
      next: end > limit ? (page.at(-1)?.order ?? null) : null,
    });
  }

  count(): Promise<number> {
    return Promise.resolve(this.lastCount());
  }

  lastCount(): number {
    this.#dropExpired(Date.now());
    return this.#entries.size;
  }

  watch(watcher: DeletionWatcher): void {
    this.#watchers.push(watcher);
  }

  check(): Promise<{ ok: boolean; detail: string }> {
    return Promise.resolve({ ok: true, detail: 'Sessions are kept in memory.' });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #slide(connectId: string, completed: number, owner?: string): Session | undefined {
    const now = Date.now();
    this.#dropExpired(now);
    const entry = this.#entries.get(connectId);
    if (entry === undefined) return undefined;
    const { session } = entry;
    if (owner !== undefined && owner !== session.owner) return undefined;
    entry.session = usedSession(session, now, completed);
    // Only if the clock was set back.
    if (entry.session.expiresAt < entry.expiresAt) this.#requeue(entry);
    return entry.session;
  }

  #dropExpired(now: number): void {
    for (
      let first = this.#expiry.first;
      first !== undefined && first.expiresAt <= now;
      first = this.#expiry.first
    ) {
      if (first.session.expiresAt <= now) this.#remove(first);
      else this.#requeue(first);
    }
  }

  #firstToExpire(): Entry | undefined {
    let first = this.#expiry.first;
    while (first !== undefined && first.expiresAt < first.session.expiresAt) {
      this.#requeue(first);
      first = this.#expiry.first;
    }
    return first;
  }

  #requeue(entry: Entry): void {
    entry.expiresAt = entry.session.expiresAt;
    this.#expiry.update(entry);
  }

  #remove(entry: Entry): void {
    const { connectId, owner } = entry.session;
    this.#entries.delete(connectId);
    this.#expiry.remove(entry);
    const owned = this.#byOwner.get(owner) ?? [];
    owned.splice(firstFrom(owned, entry.order), 1);
    if (owned.length === 0) this.#byOwner.delete(owner);
  }
}

/** Index of the first entry whose order is at least the one given, by bisection. */
function firstFrom(entries: readonly Entry[], order: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.order ?? Infinity) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
