/** Translations at work on sessions: each keeps its session alive, and is stopped when the session is deleted. */
import { Bag, type Indexed } from '../bag.js';
import { GatewayError } from '../errors.js';

/** A session that is in use. Times are of the monotonic clock, in ms. */
interface ActiveSession {
  readonly connectId: string;
  readonly holds: Bag<Hold>;
  /** How often the session is to be touched; not before it is known to be there. */
  everyMs: number;
  /** When it is to be touched next. */
  dueAt: number;
}

/** One translation's hold on a session. */
export class Hold implements Indexed {
  index = 0;
  readonly #leases: ActiveSessions;
  readonly #running: ActiveSession;
  #tell: ((closed: GatewayError) => void) | undefined;
  #closed: GatewayError | undefined;

  constructor(leases: ActiveSessions, running: ActiveSession) {
    this.#leases = leases;
    this.#running = running;
  }

  /** The session is there, and is to be kept alive from now on. */
  keep(ttlMs: number): void {
    this.#leases.keep(this.#running, ttlMs);
  }

  /**
   * Who is told, with GatewayError `session-closed`, that the session was deleted: at once if it was already. Each call
   * takes the place of the one before. (An AbortSignal would cost more than all else that a hold does.)
   */
  onDeleted(tell: (closed: GatewayError) => void): void {
    this.#tell = tell;
    if (this.#closed !== undefined) tell(this.#closed);
  }

  end(closed: GatewayError): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    this.#tell?.(closed);
  }

  /** May be called twice. */
  release(): void {
    this.#leases.release(this.#running, this);
  }
}

/**
 * A session expires a whole ttl after its last use, and a translation may take longer. So while at least one runs,
 * the session is touched three times in each ttl: often enough that one late or failed touch does no harm.
 */
const TOUCHES_PER_TTL = 3;

export class ActiveSessions {
  readonly #running = new Map<string, ActiveSession>();
  readonly #touch: (connectId: string) => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;

  /** @param touch slides the session's expiry; resolves to undefined where the session is gone. */
  constructor(touch: (connectId: string) => Promise<unknown>) {
    this.#touch = touch;
  }

  /** To be taken before the session is asked for, so that a deletion in between is noticed. */
  hold(connectId: string): Hold {
    const running = this.#running.get(connectId) ?? this.#start(connectId);
    const hold = new Hold(this, running);
    running.holds.add(hold);
    return hold;
  }

  keep(running: ActiveSession, ttlMs: number): void {
    if (running.dueAt !== Infinity) return;
    running.everyMs = ttlMs / TOUCHES_PER_TTL;
    running.dueAt = performance.now() + running.everyMs;
    this.#wakeAt(running.dueAt);
  }

  release(running: ActiveSession, hold: Hold): void {
    if (running.holds.remove(hold) && running.holds.size === 0) this.#running.delete(running.connectId);
  }

  /** The session was deleted: what runs on it stops. */
  end(connectId: string): void {
    const closed = new GatewayError(
      'session-closed',
      'The session was deleted while it translated. Make a new one.',
    );
    for (const hold of this.#running.get(connectId)?.holds ?? []) hold.end(closed);
  }

  /** Asks for every session at once whether it is still there, as deletions may have gone unnoticed. */
  confirmAll(): void {
    for (const connectId of this.#running.keys()) void this.#confirm(connectId);
  }

  /** Nothing is kept alive any longer; the holds end with those who took them. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #start(connectId: string): ActiveSession {
    const running = { connectId, holds: new Bag<Hold>(), everyMs: Infinity, dueAt: Infinity };
    this.#running.set(connectId, running);
    return running;
  }

  /** One timer for all: most translations are over long before their session has to be touched. */
  #wakeAt(dueAt: number): void {
    if (dueAt >= this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = dueAt;
    const wake = (): void => {
      this.#wakesAt = Infinity;
      this.#touchDue(performance.now());
    };
    this.#timer = setTimeout(wake, Math.max(1, dueAt - performance.now())).unref();
  }

  #touchDue(now: number): void {
    let nextAt = Infinity;
    for (const running of this.#running.values()) {
      if (running.dueAt <= now) {
        running.dueAt = now + running.everyMs;
        void this.#confirm(running.connectId);
      }
      nextAt = Math.min(nextAt, running.dueAt);
    }
    if (nextAt !== Infinity) this.#wakeAt(nextAt);
  }

  async #confirm(connectId: string): Promise<void> {
    try {
      if ((await this.#touch(connectId)) === undefined) this.end(connectId);
    } catch {
      // The store is away, which says nothing about the session: the next touch, or the request itself, will tell.
    }
  }
}
