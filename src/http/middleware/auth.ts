/** Authentication: by key or ticket, with a block for addresses that keep sending wrong ones. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.js';
import { KEY_HINT, type ApiKeys } from './api-keys.js';
import type { ClientNetwork } from '../address.js';
import type { Limiter } from '../../quota/limiter.js';
import type { Middleware } from './compose.js';
import { setRateLimitHeaders } from './rate-limit.js';

/** Authenticates requests. An address with too many failures is blocked until its minute is over, whatever it sends. */
export class Auth {
  readonly #keys: ApiKeys;
  readonly #failures: Limiter | undefined;
  readonly #logger: Logger;
  readonly #networkOf: ClientNetwork;
  /** Blocked addresses, oldest first, each with its end on the clock of `performance.now()`. */
  readonly #blocked = new Map<string, number>();

  /** @param failures counts failed attempts by address; absent: they are unlimited. */
  constructor(keys: ApiKeys, failures: Limiter | undefined, networkOf: ClientNetwork, logger: Logger) {
    this.#keys = keys;
    this.#failures = failures;
    this.#networkOf = networkOf;
    this.#logger = logger;
  }

  /** Authenticates by the key in the headers, and sets `context.owner`. */
  readonly middleware: Middleware = (req, res, next) => {
    this.#rejectBlocked(req);
    try {
      req.context.owner = this.#keys.owner(req.headers);
    } catch (error) {
      return this.#onRejected(error, req, res);
    }
    next();
    return undefined;
  };

  /**
   * Authenticates by a ticket where `redeem` is given, else by the key in the headers.
   *
   * @throws GatewayError what `redeem` throws; `rate-limited` after too many failures.
   */
  async authenticate(
    req: IncomingMessage,
    res: ServerResponse,
    redeem?: () => Promise<string>,
  ): Promise<void> {
    this.#rejectBlocked(req);
    try {
      req.context.owner = redeem === undefined ? this.#keys.owner(req.headers) : await redeem();
    } catch (error) {
      await this.#onRejected(error, req, res);
    }
  }

  async #onRejected(error: unknown, req: IncomingMessage, res: ServerResponse): Promise<never> {
    if (error instanceof GatewayError && error.code === 'unauthorized') {
      res.setHeader('WWW-Authenticate', 'Bearer realm="realtime-translation"');
      await this.#countFailure(res, this.#networkOf(req));
    }
    throw error;
  }

  /** Runs before any key is looked at, so that a right guess after too many wrong ones is worth nothing. */
  #rejectBlocked(req: IncomingMessage): void {
    if (this.#blocked.size === 0) return;
    const address = this.#networkOf(req);
    const until = this.#blocked.get(address);
    if (until === undefined) return;
    const waitMs = until - performance.now();
    if (waitMs > 0) throw tooManyFailures(waitMs);
    this.#blocked.delete(address);
  }

  async #countFailure(res: ServerResponse, address: string): Promise<void> {
    const quota = await this.#failures?.take(address, 1);
    if (quota === undefined || quota.allowed) return;
    this.#sweep();
    if (!this.#blocked.has(address))
      this.#logger.warn({ address, waitMs: quota.resetMs }, 'too many keys from one address were wrong');
    this.#blocked.set(address, performance.now() + quota.resetMs);
    setRateLimitHeaders(res, 'failed-keys', quota);
    throw tooManyFailures(quota.resetMs);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [address, until] of this.#blocked) {
      if (until > now) return;
      this.#blocked.delete(address);
    }
  }
}

function tooManyFailures(waitMs: number): GatewayError {
  return new GatewayError(
    'rate-limited',
    'Too many requests from this address came without a valid key. Wait as long as Retry-After says.',
    { retryAfterMs: waitMs, hint: KEY_HINT },
  );
}
