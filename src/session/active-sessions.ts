/** Sessions with translations running in them: each lease keeps its session alive, and is aborted when the session is deleted. */
import { Bag, type Indexed } from '../bag.js';
import { GatewayError } from '../errors.js';
import type { Session } from './profile.js';
import type { SessionStore } from './store.js';

/** A session with leases, or idle: with none at present. Times are of the monotonic clock, in ms. */
interface ActiveSession {
  readonly connectId: string;
  readonly leases: Bag<Lease>;
  /** How often the session is touched; Infinity until it is known to exist. */
  touchEveryMs: number;
  nextTouchAt: number;
}

/** One translation's use of its session. The holder must release the lease, however the translation ends. */
export class Lease implements Indexed {
  index = 0;
  /** As it was when the lease began; set before `SessionRegistry.acquire` returns the lease. */
  session!: Session;
  /** Whether `acquire` made the session. */
  readonly created: boolean;
  readonly #active: ActiveSessions;
  readonly #leased: ActiveSession;
  readonly #abort: AbortController;

  constructor(active: ActiveSessions, leased: ActiveSession, created: boolean, abort: AbortController) {
    this.created = created;
    this.#active = active;
    this.#leased = leased;
    this.#abort = abort;
  }

  /** Aborts with GatewayError `session-closed` when the session is deleted, on this node or another. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The session exists, and is kept alive from now on. */
  begin(session: Session): void {
    this.session = session;
    this.#active.keepAlive(this.#leased, session.ttlMs);
  }

  /**
   * Counts the translation and slides the expiry. Resolves too if the session has just gone. A read of the session after
   * this call, on the same node, returns the new count even while the promise is pending.
   */
  complete(): Promise<unknown> {
    return this.#active.store.complete(this.session.connectId);
  }

  /**
   * Releases the lease and removes the session if `acquire` made it, for a client that never learned its id. Never
   * rejects: a session that an unreachable store cannot remove expires by itself.
   */
  async discard(): Promise<void> {
    this.release();
    if (this.created) await this.#active.store.delete(this.session.connectId).catch(ignoreUnreachableStore);
  }

  /** May be called twice, and after `discard`. */
  release(): void {
    this.#active.release(this.#leased, this);
  }

  abort(reason: GatewayError): void {
    this.#abort.abort(reason);
  }
}

/**
 * A session expires a whole ttl after its last use, and a translation may take longer. So while at least one runs,
 * the session is touched three times in each ttl: often enough that one late or failed touch does no harm.
 */
const TOUCHES_PER_TTL = 3;

/**
 * An idle session is kept until its next touch would be due, because most are used again: where each request added its
 * session to the Map and removed it, outgrown tables (see Bag) cost a text 4 µs. With more idle ones all of them are removed.
 */
const MAX_IDLE = 1_000;

export class ActiveSessions {
  readonly store: SessionStore;
  readonly #active = new Map<string, ActiveSession>();
  #idle = 0;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;

  constructor(store: SessionStore) {
    this.store = store;
  }

  /** Sessions with leases, and idle ones. */
  get size(): number {
    return this.#active.size;
  }

  /** To be called before the session is looked up, so that a deletion in between is noticed. */
  lease(connectId: string, created: boolean, abort: AbortController): Lease {
    const known = this.#active.get(connectId);
    if (known?.leases.size === 0) this.#idle -= 1;
    const active = known ?? this.#add(connectId);
    const lease = new Lease(this, active, created, abort);
    active.leases.add(lease);
    return lease;
  }

  keepAlive(active: ActiveSession, ttlMs: number): void {
    if (active.nextTouchAt !== Infinity) return;
    active.touchEveryMs = ttlMs / TOUCHES_PER_TTL;
    active.nextTouchAt = performance.now() + active.touchEveryMs;
    this.#wakeAt(active.nextTouchAt);
  }

  release(active: ActiveSession, lease: Lease): void {
    if (!active.leases.remove(lease) || active.leases.size > 0) return;
    if (active.nextTouchAt === Infinity) this.#active.delete(active.connectId);
    else this.#idle += 1;
    if (this.#idle > MAX_IDLE) this.#removeIdle();
  }

  /** Aborts every lease of a session that was deleted. */
  abort(connectId: string): void {
    const closed = new GatewayError(
      'session-closed',
      'The session was deleted while it translated. Make a new one.',
    );
    for (const lease of this.#active.get(connectId)?.leases ?? []) lease.abort(closed);
  }

  /** Asks the store for every active session at once, because deletions may have gone unnoticed. */
  confirmAll(): void {
    for (const { connectId, leases } of this.#active.values())
      if (leases.size > 0) void this.#confirm(connectId);
  }

  /** Stops touching sessions; leases stay valid until they are released. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #add(connectId: string): ActiveSession {
    const active = { connectId, leases: new Bag<Lease>(), touchEveryMs: Infinity, nextTouchAt: Infinity };
    this.#active.set(connectId, active);
    return active;
  }

  #removeIdle(isDue: (active: ActiveSession) => boolean = () => true): void {
    for (const active of this.#active.values()) {
      if (active.leases.size > 0 || !isDue(active)) continue;
      this.#active.delete(active.connectId);
      this.#idle -= 1;
    }
  }

  /** One timer for all: most translations are over long before their session has to be touched. */
  #wakeAt(at: number): void {
    if (at >= this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = at;
    const wake = (): void => {
      this.#wakesAt = Infinity;
      this.#touchDue(performance.now());
    };
    this.#timer = setTimeout(wake, Math.max(1, at - performance.now())).unref();
  }

  #touchDue(now: number): void {
    this.#removeIdle(({ nextTouchAt }) => nextTouchAt <= now);
    let nextAt = Infinity;
    for (const active of this.#active.values()) {
      if (active.nextTouchAt <= now) {
        active.nextTouchAt = now + active.touchEveryMs;
        void this.#confirm(active.connectId);
      }
      nextAt = Math.min(nextAt, active.nextTouchAt);
    }
    if (nextAt !== Infinity) this.#wakeAt(nextAt);
  }

  async #confirm(connectId: string): Promise<void> {
    try {
      if ((await this.store.touch(connectId)) === undefined) this.abort(connectId);
    } catch {
      // The store cannot be reached, which means nothing for the session: the next touch, or the request itself, finds out.
    }
  }
}

function ignoreUnreachableStore(error: unknown): boolean {
  if (error instanceof GatewayError && error.code === 'store-unavailable') return true;
  throw error;
}
