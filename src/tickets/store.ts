/** Tickets: how a browser, which cannot send headers with a WebSocket, proves that it holds an API key. */
import { randomBytes } from 'node:crypto';

export interface Ticket {
  readonly ticket: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Where tickets are kept: in the memory of one node, or in Redis for several. */
export interface TicketStore {
  /** Creates a ticket for `owner`, valid once within `TICKET_TTL_MS`. @throws GatewayError `store-unavailable` */
  issue(owner: string): Promise<Ticket>;
  /**
   * Removes the ticket and returns its owner; undefined where it was used, has expired or never existed.
   *
   * @throws GatewayError `store-unavailable`
   */
  redeem(ticket: string): Promise<string | undefined>;
}

export const TICKET_TTL_MS = 30_000;

export const TICKET_PATTERN = /^[A-Za-z0-9_-]{32}$/;

/** 192 random bits, which `TICKET_PATTERN` matches. */
export function createTicket(): string {
  return randomBytes(24).toString('base64url');
}
