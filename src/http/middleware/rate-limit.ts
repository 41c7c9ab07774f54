/** The rate limit: all points are taken here, those of requests, texts, recordings and conversations. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.js';
import { POINT_PRICES, REQUEST_POINTS } from '../../quota/points.js';
import type { ApiKeys } from './api-keys.js';
import type { ClientNetwork } from '../address.js';
import { WINDOW_SECONDS, type Limiter, type Quota } from '../../quota/limiter.js';
import type { Middleware } from './compose.js';

/** How long a complete answer waits for the limiter, to say what is left. Redis answers in less than one. */
const MAX_CHARGE_MS = 10;

/** Takes points from clients, and sets the headers that say what is left. Without a limiter it does nothing. */
export class RateLimit {
  readonly #limiter: Limiter | undefined;
  readonly #keys: ApiKeys;
  readonly #networkOf: ClientNetwork;

  constructor(limiter: Limiter | undefined, keys: ApiKeys, networkOf: ClientNetwork) {
    this.#limiter = limiter;
    this.#keys = keys;
    this.#networkOf = networkOf;
  }

  /** Takes the price of a request, before anything of its body is read. */
  readonly middleware: Middleware = async (req, res, next) => {
    await this.consume(req, res, REQUEST_POINTS);
    next();
  };

  /**
   * Takes points for work that is about to begin.
   *
   * @param points rounded down
   * @throws GatewayError `rate-limited`
   */
  async consume(req: IncomingMessage, res: ServerResponse, points: number): Promise<void> {
    const quota = await this.#take(this.clientKey(req), points);
    if (quota === undefined) return;
    setRateLimitHeaders(res, 'points', quota);
    if (quota.allowed) return;
    throw rateLimited(quota, 'Wait as long as Retry-After says.', POINT_PRICES);
  }

  /**
   * Takes points for work that is done and whose cost was not known before: the client's next requests pay for it.
   * Resolves once the headers are set, or after 10 ms without them; the points are taken all the same.
   */
  async charge(req: IncomingMessage, res: ServerResponse, points: number): Promise<void> {
    const taking = this.#take(this.clientKey(req), points);
    if (taking === undefined) return;
    const taken = taking.then((quota) => {
      if (!res.headersSent) setRateLimitHeaders(res, 'points', quota);
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_CHARGE_MS);
    });
    await Promise.race([taken, timeout]);
    clearTimeout(timer);
  }

  /** Takes points for what a conversation goes on to use, which has no headers any more. @throws GatewayError `rate-limited` */
  async consumeForClient(client: string, points: number): Promise<void> {
    const quota = await this.#take(client, points);
    if (quota === undefined || quota.allowed) return;
    throw rateLimited(quota, `Come again in ${Math.ceil(quota.resetMs / 1_000)} s.`);
  }

  /** The client that a request counts for: its key, or its address where the service is open. */
  clientKey(req: IncomingMessage): string {
    return this.#keys.isOpen ? `address:${this.#networkOf(req)}` : `key:${req.context.owner}`;
  }

  /** @returns undefined where nothing is counted */
  #take(client: string, points: number): Promise<Quota> | undefined {
    const whole = Math.floor(points);
    return whole === 0 ? undefined : this.#limiter?.take(client, whole);
  }
}

function rateLimited({ limit, resetMs }: Quota, advice: string, hint?: string): GatewayError {
  const detail = `The ${limit} points of this minute are spent. ${advice}`;
  return new GatewayError('rate-limited', detail, { retryAfterMs: resetMs, hint });
}

/**
 * draft-ietf-httpapi-ratelimit-headers, the structured form: quota, remainder, seconds until it is whole again.
 *
 * @param policy what is limited: `points`, or `failed-keys`.
 */
export function setRateLimitHeaders(res: ServerResponse, policy: string, quota: Quota): void {
  res.setHeader('RateLimit-Policy', `"${policy}";q=${quota.limit};w=${WINDOW_SECONDS}`);
  res.setHeader('RateLimit', `"${policy}";r=${quota.remaining};t=${Math.ceil(quota.resetMs / 1_000)}`);
}
