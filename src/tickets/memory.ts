/** Tickets of one node. They expire in the order in which they were issued, so each new one sweeps the oldest. */
import { createTicket, TICKET_TTL_MS, type Ticket, type TicketStore } from './store.js';

export class MemoryTicketStore implements TicketStore {
  readonly #owners = new Map<string, { owner: string; expiresAt: number }>();
  readonly #ttlMs: number;

  constructor(ttlMs = TICKET_TTL_MS) {
    this.#ttlMs = ttlMs;
  }

  /** Tickets in memory, including expired ones that no sweep has removed yet. */
  get size(): number {
    return this.#owners.size;
  }

  issue(owner: string): Promise<Ticket> {
    this.#sweep();
    const ticket = createTicket();
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
