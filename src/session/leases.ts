/** Translations at work on sessions: each keeps its session alive, and is stopped when the session is deleted. */
import { Bag, type Placed } from '../bag.js';
import { GatewayError } from '../errors.js';

/** A session that is in use. Times are of the monotonic clock, in ms. */
interface Running {
  readonly connectId: string;
  readonly everyMs: number;
  readonly holds: Bag<Holder>;
  /** When the session is to be touched next. */
  dueAt: number;
}

export interface Hold {
  /**
   * Who is told, with GatewayError `session-closed`, that the session was deleted: at once if it was already. Each call
   * takes the place of the one before. (An AbortSignal would cost more than all else that a hold does.)
   */
  readonly onDeleted: (tell: (closed: GatewayError) => void) => void;
  /** May be called twice. */
  readonly release: () => void;
}

class Holder implements Placed {
  place = 0;
  #tell: ((closed: GatewayError) => void) | undefined;
  #closed: GatewayError | undefined;

  onDeleted(tell: (closed: GatewayError) => void): void {
    this.#tell = tell;
    if (this.#closed !== undefined) tell(this.#closed);
  }

  end(closed: GatewayError): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    this.#tell?.(closed);
  }
}

/**
 * A session expires a whole ttl after its last use, and a translation may take longer. So while at least one runs,
 * the session is touched three times in each ttl: often enough that one late or failed touch does no harm.
 */
const TOUCHES_PER_TTL = 3;

export class Leases {
  readonly #running = new Map<string, Running>();
  readonly #touch: (connectId: string) => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;

  /** @param touch slides the session's expiry; resolves to undefined where the session is gone. */
  constructor(touch: (connectId: string) => Promise<unknown>) {
    this.#touch = touch;
  }

  hold(connectId: string, ttlMs: number): Hold {
    const running = this.#running.get(connectId) ?? this.#start(connectId, ttlMs);
    const holder = new Holder();
    running.holds.add(holder);
    return {
      onDeleted: (tell) => {
        holder.onDeleted(tell);
      },
      release: () => {
        if (running.holds.remove(holder) && running.holds.size === 0) this.#running.delete(connectId);
      },
    };
  }

  /** The session was deleted: what runs on it stops. */
  end(connectId: string): void {
    const closed = new GatewayError(
      'session-closed',
      'The session was deleted while it translated. Make a new one.',
    );
    for (const holder of this.#running.get(connectId)?.holds ?? []) holder.end(closed);
  }

  /** Asks for every session at once whether it is still there, as deletions may have gone unnoticed. */
  confirmAll(): void {
    for (const connectId of this.#running.keys()) void this.#confirm(connectId);
  }

  /** Nothing is kept alive any longer; the holds end with those who took them. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #start(connectId: string, ttlMs: number): Running {
    const everyMs = ttlMs / TOUCHES_PER_TTL;
    const running = { connectId, everyMs, holds: new Bag<Holder>(), dueAt: performance.now() + everyMs };
    this.#running.set(connectId, running);
    this.#wakeAt(running.dueAt);
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
