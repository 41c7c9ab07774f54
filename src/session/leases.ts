/** Translations at work on sessions: each keeps its session alive, and is stopped when the session is deleted. */
import { GatewayError } from '../errors.js';

interface Running {
  readonly holds: Set<Holder>;
  readonly timer: NodeJS.Timeout;
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

class Holder {
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
        if (!running.holds.delete(holder) || running.holds.size > 0) return;
        clearInterval(running.timer);
        this.#running.delete(connectId);
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
    for (const { timer } of this.#running.values()) clearInterval(timer);
  }

  #start(connectId: string, ttlMs: number): Running {
    const timer = setInterval(() => void this.#confirm(connectId), ttlMs / TOUCHES_PER_TTL).unref();
    const running = { holds: new Set<Holder>(), timer };
    this.#running.set(connectId, running);
    return running;
  }

  async #confirm(connectId: string): Promise<void> {
    try {
      if ((await this.#touch(connectId)) === undefined) this.end(connectId);
    } catch {
      // The store is away, which says nothing about the session: the next touch, or the request itself, will tell.
    }
  }
}
