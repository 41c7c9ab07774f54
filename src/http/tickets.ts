/** Tickets: how a browser, which can send no header with a WebSocket, shows that it holds an API key. */
import { randomBytes } from 'node:crypto';

export interface Ticket {
  readonly ticket: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Where tickets are kept: by one node for itself, or by Redis for several. */
export interface TicketStore {
  /** For `owner`, once, within `TICKET_TTL_MS`. */
  issue(owner: string): Promise<Ticket>;
  /** Its owner, and it is gone; undefined where it was used, has expired or never was. */
  redeem(ticket: string): Promise<string | undefined>;
}

export const TICKET_TTL_MS = 30_000;

/** Tickets of one node. They expire in the order in which they were issued, so the oldest are swept on the way. */
export class MemoryTickets implements TicketStore {
  readonly #owners = new Map<string, { owner: string; expiresAt: number }>();

  issue(owner: string): Promise<Ticket> {
    this.#sweep();
    const ticket = randomBytes(24).toString('base64url');
    const expiresAt = Date.now() + TICKET_TTL_MS;
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
