/** Sessions in this process's memory: gone with it, and unknown to any other. */
import { ExpiryQueue, type Expiring } from './expiry-queue.js';
import type { Session } from './profile.js';
import type { DeletionWatcher, PutResult, SessionDraft, SessionPage, SessionStore } from './store.js';

class Entry implements Expiring {
  /** A new one at each change. */
  session: Session;
  /** Counts up with every session made; the order of lists. */
  readonly order: number;
  /** When to look whether it has expired: never later than it does, and seldom moved, though every use prolongs its life. */
  expiresAt: number;
  place = 0;

  constructor(session: Session, order: number) {
    this.session = session;
    this.order = order;
    this.expiresAt = session.expiresAt;
  }
}

/** No timer: what has expired is dropped by the next call, whichever it is. */
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
    entry.session = used(session, now, completed);
    // Only where the clock was set back.
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

/** Field by field: where it is spread, a use takes 0.7 µs instead of 0.1. */
function used(session: Session, now: number, completed: number): Session {
  return {
    connectId: session.connectId,
    owner: session.owner,
    prompt: session.prompt,
    source: session.source,
    target: session.target,
    voice: session.voice,
    createdAt: session.createdAt,
    lastUsedAt: now,
    expiresAt: now + session.ttlMs,
    ttlMs: session.ttlMs,
    requests: session.requests + completed,
  };
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
