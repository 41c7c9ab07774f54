/** The API keys that open the service, and whom each of them stands for. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../../errors.js';
import { OPEN_OWNER } from './request-context.js';

/** The keys that open the service. Only their digests are known. */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  /** @param digests SHA-256 of each key, in hex; none: the service is open, and everybody is one and the same owner. */
  constructor(digests: readonly string[]) {
    this.#digests = digests.map((digest) => Buffer.from(digest, 'hex'));
  }

  get isOpen(): boolean {
    return this.#digests.length === 0;
  }

  /**
   * The owner behind a request's key: the first 16 hex digits of the key's SHA-256. Every key is compared, whole and in
   * constant time, whichever it is.
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
    let known = false;
    for (const candidate of this.#digests) known = timingSafeEqual(candidate, digest) || known;
    if (!known) throw new GatewayError('unauthorized', 'The API key is not known here.', { hint: KEY_HINT });
    return digest.toString('hex', 0, 8);
  }
}

export const KEY_HINT = 'Send it as `Authorization: Bearer …` or as `X-API-Key: …`.';

/** Another scheme in Authorization (a proxy's Basic) does not hide the key in X-API-Key. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const named = headers['x-api-key'];
  return bearer ?? (typeof named === 'string' && named !== '' ? named : undefined);
}
