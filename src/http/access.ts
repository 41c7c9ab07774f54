/** Who asks, and how much they may ask: API keys, points, and the headers that tell what is left. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import { GatewayError } from '../errors.js';
import { OPEN_OWNER } from './call.js';
import type { Limiter } from './limiter.js';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The keys that open the service. Only their digests are kept. */
export class KeyRing {
  readonly #digests: readonly Buffer[];

  /** @param keys empty: the service is open, and everybody is one and the same owner. */
  constructor(keys: readonly string[]) {
    this.#digests = keys.map(sha256);
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
      throw new GatewayError('unauthorized', 'This service needs an API key.', { hint: HOW_TO_SEND });
    }
    const digest = sha256(key);
    let known = false;
    for (const candidate of this.#digests) known = timingSafeEqual(candidate, digest) || known;
    if (!known)
      throw new GatewayError('unauthorized', 'The API key is not known here.', { hint: HOW_TO_SEND });
    return digest.toString('hex', 0, 8);
  }
}

const HOW_TO_SEND = 'Send it as `Authorization: Bearer …` or as `X-API-Key: …`.';

/** Another scheme in Authorization (a proxy's Basic) does not hide the key in X-API-Key. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const named = headers['x-api-key'];
  return bearer ?? (typeof named === 'string' && named !== '' ? named : undefined);
}

/** Lets in whoever has a key, and knows them from here on as `call.owner`. */
export function requireKey(keys: KeyRing): RequestHandler {
  return (req, res, next) => {
    try {
      req.call.owner = keys.owner(req.headers);
    } catch (error) {
      res.setHeader('WWW-Authenticate', 'Bearer realm="realtime-translation"');
      throw error;
    }
    next();
  };
}

/** Takes points for requests and tells what is left. Without a limiter nothing is counted or told. */
export class Toll {
  readonly #limiter: Limiter | undefined;
  readonly #keys: KeyRing;

  constructor(limiter: Limiter | undefined, keys: KeyRing) {
    this.#limiter = limiter;
    this.#keys = keys;
  }

  /** One point for the request itself, before anything of its body is read. */
  readonly enter: RequestHandler = async (req, res, next) => {
    await this.take(req, res, 1);
    next();
  };

  /**
   * For what is known before the work begins.
   *
   * @throws GatewayError `rate-limited`
   */
  async take(req: Request, res: Response, points: number): Promise<void> {
    if (this.#limiter === undefined || points === 0) return;
    const quota = await this.#limiter.take(this.clientOf(req), points);
    tellQuota(res, quota);
    if (quota.allowed) return;
    throw new GatewayError(
      'rate-limited',
      `The ${quota.limit} points of this minute are spent. Wait as long as Retry-After says.`,
      {
        retryAfterMs: quota.resetMs,
        hint: 'A request costs one point, one more for each 1 000 characters and for each 10 s of audio.',
      },
    );
  }

  /** For what is known only afterwards: the work is done, so the client's next requests pay for it. */
  async charge(req: Request, res: Response, points: number): Promise<void> {
    if (this.#limiter === undefined || points === 0) return;
    const quota = await this.#limiter.take(this.clientOf(req), points);
    if (!res.headersSent) tellQuota(res, quota);
  }

  /** Who a request counts for: its key, or its address where the service is open. */
  clientOf(req: Request): string {
    return this.#keys.isOpen ? `address:${network(req.ip ?? '')}` : `key:${req.call.owner}`;
  }
}

/** draft-ietf-httpapi-ratelimit-headers, the structured form: quota, remainder, seconds until it is whole again. */
function tellQuota(res: Response, quota: { limit: number; remaining: number; resetMs: number }): void {
  res.setHeader('RateLimit-Policy', `"points";q=${quota.limit};w=60`);
  res.setHeader('RateLimit', `"points";r=${quota.remaining};t=${Math.ceil(quota.resetMs / 1_000)}`);
}

/** Whose address it is: an IPv4 address alone, of IPv6 the /64 that one customer usually has. */
export function network(address: string): string {
  const [plain = ''] = address.split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${all.slice(0, 4).join(':')}::/64`;
}

/** The 16-bit groups of one side of `::`, without leading zeros; a dotted IPv4 tail counts as two. */
function groups(side: string): string[] {
  if (side === '') return [];
  return side
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : [group.toLowerCase().replace(/^0+(?=.)/, '')]));
}
