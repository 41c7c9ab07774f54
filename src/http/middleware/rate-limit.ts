/** How much a client may ask for: its points, and the headers that tell what is left of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.js';
import { POINT_PRICES } from '../../quota/points.js';
import type { ApiKeys } from './api-keys.js';
import type { ClientNetwork } from '../address.js';
import { say } from '../response.js';
import type { Limiter, Quota } from '../../quota/limiter.js';
import type { Middleware } from './compose.js';

/** An answer that is ready waits no longer than this to tell what is left. Redis answers in less than one. */
const MAX_CHARGE_MS = 10;

/** Takes points for requests and tells what is left. Without a limiter nothing is counted or told. */
export class RateLimit {
  readonly #limiter: Limiter | undefined;
  readonly #keys: ApiKeys;
  readonly #networkOf: ClientNetwork;

  constructor(limiter: Limiter | undefined, keys: ApiKeys, networkOf: ClientNetwork) {
    this.#limiter = limiter;
    this.#keys = keys;
    this.#networkOf = networkOf;
  }

  /** One point for the request itself, before anything of its body is read. */
  readonly middleware: Middleware = async (req, res, next) => {
    await this.consume(req, res, 1);
    next();
  };

  /**
   * For what is known before the work begins.
   *
   * @param points only whole ones are taken.
   * @throws GatewayError `rate-limited`
   */
  async consume(req: IncomingMessage, res: ServerResponse, points: number): Promise<void> {
    const quota = await this.#count(this.clientKey(req), points);
    if (quota === undefined) return;
    setRateLimitHeaders(res, 'points', quota);
    if (!quota.allowed) throw rateLimited(quota);
  }

  /**
   * For what is known only afterwards: the work is done, so the client's next requests pay for it. Resolves once the answer
   * can tell what is left, or when that takes too long: the points are counted all the same.
   */
  async charge(req: IncomingMessage, res: ServerResponse, points: number): Promise<void> {
    const counting = this.#count(this.clientKey(req), points);
    if (counting === undefined) return;
    const told = counting.then((quota) => {
      if (!res.headersSent) setRateLimitHeaders(res, 'points', quota);
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_CHARGE_MS);
    });
    await Promise.race([told, late]);
    clearTimeout(timer);
  }

  /** For what a conversation goes on using, which has no headers to tell more. @throws GatewayError `rate-limited` */
  async consumeForClient(client: string, points: number): Promise<void> {
    const quota = await this.#count(client, points);
    if (quota === undefined || quota.allowed) return;
    const { limit, resetMs } = quota;
    throw new GatewayError(
      'rate-limited',
      `The ${limit} points of this minute are spent. Come again in ${Math.ceil(resetMs / 1_000)} s.`,
      { retryAfterMs: resetMs },
    );
  }

  /** Who a request counts for: its key, or its address where the service is open. */
  clientKey(req: IncomingMessage): string {
    return this.#keys.isOpen ? `address:${this.#networkOf(req)}` : `key:${req.context.owner}`;
  }

  /** @returns undefined where nothing is counted */
  #count(client: string, points: number): Promise<Quota> | undefined {
    const whole = Math.floor(points);
    return whole === 0 ? undefined : this.#limiter?.take(client, whole);
  }
}

function rateLimited({ limit, resetMs }: Quota): GatewayError {
  return new GatewayError(
    'rate-limited',
    `The ${limit} points of this minute are spent. Wait as long as Retry-After says.`,
    { retryAfterMs: resetMs, hint: POINT_PRICES },
  );
}

/**
 * draft-ietf-httpapi-ratelimit-headers, the structured form: quota, remainder, seconds until it is whole again.
 *
 * @param policy what is limited: `points`, or `failed-keys`.
 */
export function setRateLimitHeaders(res: ServerResponse, policy: string, quota: Quota): void {
  say(res, 'RateLimit-Policy', `"${policy}";q=${quota.limit};w=60`);
  say(res, 'RateLimit', `"${policy}";r=${quota.remaining};t=${Math.ceil(quota.resetMs / 1_000)}`);
}
