/** Tickets that one node issues and another redeems. Redis expires them by itself. */
import type { RedisConnection } from '../redis.js';
import { createTicket, TICKET_PATTERN, TICKET_TTL_MS, type Ticket, type TicketStore } from './store.js';

const KEY_PREFIX = 'rts:ticket:';

export class RedisTicketStore implements TicketStore {
  readonly #redis: RedisConnection;
  readonly #ttlMs: number;

  /** @param redis is closed by the caller; Redis 6.2 or newer, for GETDEL */
  constructor(redis: RedisConnection, ttlMs = TICKET_TTL_MS) {
    this.#redis = redis;
    this.#ttlMs = ttlMs;
  }

  async issue(owner: string): Promise<Ticket> {
    const ticket = createTicket();
    const expiresAt = Date.now() + this.#ttlMs;
    await this.#redis.run((client) =>
      client.set(KEY_PREFIX + ticket, owner, { expiration: { type: 'PX', value: this.#ttlMs } }),
    );
    return { ticket, expiresAt };
  }

  async redeem(ticket: string): Promise<string | undefined> {
    if (!TICKET_PATTERN.test(ticket)) return undefined;
    return (await this.#redis.run((client) => client.getDel(KEY_PREFIX + ticket))) ?? undefined;
  }
}
