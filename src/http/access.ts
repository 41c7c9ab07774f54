/** The API keys that open the service, and whom each of them stands for. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../errors.js';
import { OPEN_OWNER } from './call.js';

/** A key that was good, as its connection sent it. */
interface Shown {
  readonly authorization: string | undefined;
  readonly apiKey: string | string[] | undefined;
  readonly owner: string;
}

/** The keys that open the service. Only their digests are known. */
export class KeyRing {
  readonly #digests: readonly Buffer[];
  /** What a connection showed last: nearly all show the same again and again. It goes with the connection. */
  readonly #shown = new WeakMap<object, Shown>();

  /** @param digests SHA-256 of each key, in hex; none: the service is open, and everybody is one and the same owner. */
  constructor(digests: readonly string[]) {
    this.#digests = digests.map((digest) => Buffer.from(digest, 'hex'));
  }

  get isOpen(): boolean {
    return this.#digests.length === 0;
  }

  /**
   * The owner behind a request's key: the first 16 hex digits of the key's SHA-256. Every key is compared, whole and in
   * constant time, whichever it is; a good one only once where its connection shows it again.
   *
   * @param connection that it came by; absent: nothing is remembered.
   * @throws GatewayError `unauthorized`
   */
  owner(headers: IncomingHttpHeaders, connection?: object): string {
    if (this.isOpen) return OPEN_OWNER;
    if (connection === undefined) return this.#find(headers);
    const { authorization, 'x-api-key': apiKey } = headers;
    const shown = this.#shown.get(connection);
    if (shown !== undefined && shown.authorization === authorization && shown.apiKey === apiKey)
      return shown.owner;
    const owner = this.#find(headers);
    this.#shown.set(connection, { authorization, apiKey, owner });
    return owner;
  }

  #find(headers: IncomingHttpHeaders): string {
    const key = presentedKey(headers);
    if (key === undefined) {
      throw new GatewayError('unauthorized', 'This service needs an API key.', { hint: HOW_TO_SEND });
    }
    const digest = hash('sha256', key, 'buffer');
    let known = false;
    for (const candidate of this.#digests) known = timingSafeEqual(candidate, digest) || known;
    if (!known)
      throw new GatewayError('unauthorized', 'The API key is not known here.', { hint: HOW_TO_SEND });
    return digest.toString('hex', 0, 8);
  }
}

export const HOW_TO_SEND = 'Send it as `Authorization: Bearer …` or as `X-API-Key: …`.';

/** Another scheme in Authorization (a proxy's Basic) does not hide the key in X-API-Key. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const named = headers['x-api-key'];
  return bearer ?? (typeof named === 'string' && named !== '' ? named : undefined);
}
