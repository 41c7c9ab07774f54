/** The API keys that open the service, and the owner that each of them stands for. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../../errors.js';
import { OPEN_OWNER } from './request-context.js';

/** Holds digests of the keys, never the keys. */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  /** @param digests SHA-256 of each key, in hex; none: the service is open, and all requests have one owner. */
  constructor(digests: readonly string[]) {
    this.#digests = digests.map((digest) => Buffer.from(digest, 'hex'));
  }

  get isOpen(): boolean {
    return this.#digests.length === 0;
  }

  /**
   * The owner behind a request's key: the first 16 hex digits of the key's SHA-256. The key is compared with every digest,
   * in constant time, whether or not one has matched.
   *
   * @throws GatewayError `unauthorized`
   */
  owner(headers: IncomingHttpHeaders): string {
    if (this.isOpen) return OPEN_OWNER;
    const key = presentedKey(headers);
    if (key === undefined) {
      throw new GatewayError('unauthorized', 'This service needs an API key.', { hint: KEY_HINT });
    }
    const digest = hash('sha256', key, 'buffer');
    let isKnown = false;
    for (const candidate of this.#digests) isKnown = timingSafeEqual(candidate, digest) || isKnown;
    if (!isKnown)
      throw new GatewayError('unauthorized', 'The API key is not known here.', { hint: KEY_HINT });
    return digest.toString('hex', 0, 8);
  }
}

export const KEY_HINT = 'Send it as `Authorization: Bearer …` or as `X-API-Key: …`.';

/** Another scheme in Authorization (a proxy's Basic) does not hide the key in X-API-Key. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const header = headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
}
