/** Tickets: how a browser, which can send no header with a WebSocket, shows that it holds an API key. */
import { randomBytes } from 'node:crypto';
import type { RedisConnection } from '../redis.js';

export interface Ticket {
  readonly ticket: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Where tickets are kept: by one node for itself, or by Redis for several. */
export interface TicketStore {
  /** For `owner`, once, within `TICKET_TTL_MS`. @throws GatewayError `store-unavailable` */
  issue(owner: string): Promise<Ticket>;
  /** Its owner, and it is gone; undefined where it was used, has expired or never was. @throws GatewayError `store-unavailable` */
  redeem(ticket: string): Promise<string | undefined>;
}

export const TICKET_TTL_MS = 30_000;

const TICKET_PATTERN = /^[A-Za-z0-9_-]{32}$/;

function newTicket(): string {
  return randomBytes(24).toString('base64url');
}

/** Tickets of one node. They expire in the order in which they were issued, so the oldest are swept on the way. */
export class MemoryTicketStore implements TicketStore {
  readonly #owners = new Map<string, { owner: string; expiresAt: number }>();
  readonly #ttlMs: number;

  constructor(ttlMs = TICKET_TTL_MS) {
    this.#ttlMs = ttlMs;
  }

  /** Tickets kept, expired ones included that nobody has met yet. */
  get size(): number {
    return this.#owners.size;
  }

  issue(owner: string): Promise<Ticket> {
    this.#sweep();
    const ticket = newTicket();
    const expiresAt = Date.now() + this.#ttlMs;
    this.#owners.set(ticket, { owner, expiresAt });
    return Promise.resolve({ ticket, expiresAt });
  }

  redeem(ticket: string): Promise<string | undefined> {
    const found = this.#owners.get(ticket);
    this.#owners.delete(ticket);
    return Promise.resolve(found !== undefined && found.expiresAt > Date.now() ? found.owner : undefined);
  }

  #sweep(): void {
    const now = Date.now();
    for (const [ticket, { expiresAt }] of this.#owners) {
      if (expiresAt > now) return;
      this.#owners.delete(ticket);
    }
  }
}

const REDIS_KEY = 'rts:ticket:';

/** Tickets that one node issues and another redeems. Redis forgets them by itself. */
export class RedisTicketStore implements TicketStore {
  readonly #redis: RedisConnection;
  readonly #ttlMs: number;

  /** @param redis stays the caller's; Redis 6.2 or newer, for GETDEL */
  constructor(redis: RedisConnection, ttlMs = TICKET_TTL_MS) {
    this.#redis = redis;
    this.#ttlMs = ttlMs;
  }

  async issue(owner: string): Promise<Ticket> {
    const ticket = newTicket();
    const expiresAt = Date.now() + this.#ttlMs;
    await this.#redis.run((client) =>
      client.set(REDIS_KEY + ticket, owner, { expiration: { type: 'PX', value: this.#ttlMs } }),
    );
    return { ticket, expiresAt };
  }

  async redeem(ticket: string): Promise<string | undefined> {
    if (!TICKET_PATTERN.test(ticket)) return undefined;
    return (await this.#redis.run((client) => client.getDel(REDIS_KEY + ticket))) ?? undefined;
  }
}
