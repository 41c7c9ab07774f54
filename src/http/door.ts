/** The door: who is let in, and how often one may knock in vain. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.js';
import { HOW_TO_SEND, type KeyRing } from './access.js';
import type { NetworkOf } from './address.js';
import type { Limiter } from './limiter.js';
import type { Step } from './steps.js';
import { tellQuota } from './toll.js';

/** Lets in whoever shows a key or a ticket. An address that shows too many that are none has to wait, whatever it shows. */
export class Door {
  readonly #keys: KeyRing;
  readonly #failures: Limiter | undefined;
  readonly #logger: Logger;
  readonly #networkOf: NetworkOf;
  /** Addresses that wait, the oldest first, each until when on the clock of `performance.now()`. */
  readonly #waiting = new Map<string, number>();

  /** @param failures counts by address what was shown in vain; absent: everybody may go on trying. */
  constructor(keys: KeyRing, failures: Limiter | undefined, networkOf: NetworkOf, logger: Logger) {
    this.#keys = keys;
    this.#failures = failures;
    this.#networkOf = networkOf;
    this.#logger = logger;
  }

  /** By the key in its headers; from here on it is known as `call.owner`. */
  readonly enter: Step = (req, res, next) => {
    this.#refuseWaiting(req);
    try {
      req.call.owner = this.#keys.owner(req.headers);
    } catch (error) {
      return this.#refused(error, req, res);
    }
    next();
    return undefined;
  };

  /**
   * @param ownerOf who it is, by what was shown.
   * @throws GatewayError what `ownerOf` throws; `rate-limited` where it was `unauthorized` once too often.
   */
  async admit(
    req: IncomingMessage,
    res: ServerResponse,
    ownerOf: () => string | Promise<string>,
  ): Promise<void> {
    this.#refuseWaiting(req);
    try {
      req.call.owner = await ownerOf();
    } catch (error) {
      await this.#refused(error, req, res);
    }
  }

  async #refused(error: unknown, req: IncomingMessage, res: ServerResponse): Promise<never> {
    if (error instanceof GatewayError && error.code === 'unauthorized') {
      res.setHeader('WWW-Authenticate', 'Bearer realm="realtime-translation"');
      await this.#countFailure(res, this.#networkOf(req));
    }
    throw error;
  }

  /** Asked before any key is looked at: a right guess among too many wrong ones is worth nothing. */
  #refuseWaiting(req: IncomingMessage): void {
    if (this.#waiting.size === 0) return;
    const address = this.#networkOf(req);
    const until = this.#waiting.get(address);
    if (until === undefined) return;
    const waitMs = until - performance.now();
    if (waitMs > 0) throw tooManyFailures(waitMs);
    this.#waiting.delete(address);
  }

  async #countFailure(res: ServerResponse, address: string): Promise<void> {
    const quota = await this.#failures?.take(address, 1);
    if (quota === undefined || quota.allowed) return;
    this.#sweep();
    if (!this.#waiting.has(address))
      this.#logger.warn({ address, waitMs: quota.resetMs }, 'too many keys from one address were wrong');
    this.#waiting.set(address, performance.now() + quota.resetMs);
    tellQuota(res, 'failed-keys', quota);
    throw tooManyFailures(quota.resetMs);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [address, until] of this.#waiting) {
      if (until > now) return;
      this.#waiting.delete(address);
    }
  }
}

function tooManyFailures(waitMs: number): GatewayError {
  return new GatewayError(
    'rate-limited',
    'Too many requests from this address came without a key that is known here. Wait as long as Retry-After says.',
    { retryAfterMs: waitMs, hint: HOW_TO_SEND },
  );
}
