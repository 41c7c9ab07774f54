/** Tickets for the sound of one job: a player of a browser can send no header, and asks for many ranges. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { OPEN_OWNER } from './request-context.js';

export const SOUND_TICKET_TTL_MS = 12 * 60 * 60 * 1_000;

/**
 * A ticket is the time when it ends, signed with the digest of the key: every node with the same API_KEYS knows it, none
 * keeps it, and it is worth nothing once its key is removed.
 */
export class SoundTickets {
  readonly #digests: readonly Buffer[];

  /** @param digests SHA-256 of each key, in hex; none: no ticket is needed. */
  constructor(digests: readonly string[]) {
    this.#digests = digests.map((digest) => Buffer.from(digest, 'hex'));
  }

  /** @returns undefined where the service is open. */
  issue(owner: string, jobId: string, now = Date.now()): string | undefined {
    const digest = this.#digests.find((each) => ownerOf(each) === owner);
    if (digest === undefined) return undefined;
    const ends = (now + SOUND_TICKET_TTL_MS).toString(36);
    return `${ends}.${sign(digest, jobId, ends).toString('base64url')}`;
  }

  /** @returns the owner who was given the ticket for this job; undefined where it has ended, or is none. */
  redeem(ticket: string, jobId: string, now = Date.now()): string | undefined {
    if (this.#digests.length === 0) return OPEN_OWNER;
    const [, ends, signature] = /^([0-9a-z]{1,11})\.([\w-]{43})$/.exec(ticket) ?? [];
    if (ends === undefined || signature === undefined || Number.parseInt(ends, 36) <= now) return undefined;
    const sent = Buffer.from(signature, 'base64url');
    let owner: string | undefined;
    for (const digest of this.#digests)
      if (timingSafeEqual(sign(digest, jobId, ends), sent)) owner = ownerOf(digest);
    return owner;
  }
}

/** As ApiKeys names it. */
function ownerOf(digest: Buffer): string {
  return digest.toString('hex', 0, 8);
}

function sign(digest: Buffer, jobId: string, ends: string): Buffer {
  return createHmac('sha256', digest).update(`sound ${jobId} ${ends}`).digest();
}
