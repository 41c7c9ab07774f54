/** Rate limiter: points per minute and client, counted in Redis, or in this process without Redis or while it is away. */
import type { Logger } from 'pino';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

export const WINDOW_SECONDS = 60;
/**
 * Redis counts as away after this time, because a limit is not worth a longer delay. Until it has answered, no other request
 * waits for it.
 */
const STORE_TIMEOUT_MS = 250;

/** A client's balance. */
export interface Quota {
  /** False if the client has spent its points. */
  readonly allowed: boolean;
  /** Points per minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Time until all points are available again. */
  readonly resetMs: number;
}

export interface Limiter {
  /**
   * Takes points from a client, whether allowed or not. No call takes more than the points of a minute, so that a client
   * which waits can always afford it.
   */
  take(client: string, points: number): Promise<Quota>;
}

export interface LimiterOptions {
  /** Limiters of the same name share their counts through Redis. */
  readonly name: 'points' | 'failed-keys';
  /** Points per minute, more than 0. */
  readonly perMinute: number;
  /** A node-redis client. The caller closes it. */
  readonly redis?: object | undefined;
  readonly logger: Logger;
}

export function createLimiter({ name, perMinute, redis, logger }: LimiterOptions): Limiter {
  const rule = { points: perMinute, duration: WINDOW_SECONDS, keyPrefix: `rts:limit:${name}` };
  const own = new RateLimiterMemory(rule);
  const shared = redis === undefined ? undefined : new SharedCount(rule, redis, logger, name);

  // `penalty` counts without rejecting, so that every rejection is an error of the store.
  return {
    take: async (client, points) => {
      const taken = Math.min(points, perMinute);
      const counted = (await shared?.add(client, taken)) ?? (await own.penalty(client, taken));
      return {
        allowed: counted.consumedPoints <= perMinute,
        limit: perMinute,
        remaining: Math.max(0, perMinute - counted.consumedPoints),
        resetMs: Math.max(0, counted.msBeforeNext),
      };
    },
  };
}

/** Counts points in Redis. */
class SharedCount {
  readonly #limiter: RateLimiterRedis;
  readonly #logger: Logger;
  readonly #name: string;
  #isAway = false;
  /** Commands that have timed out and are not answered yet. */
  #timedOut = 0;

  constructor(
    rule: { points: number; duration: number; keyPrefix: string },
    redis: object,
    logger: Logger,
    name: string,
  ) {
    this.#limiter = new RateLimiterRedis({
      ...rule,
      storeClient: redis,
      useRedisPackage: true,
      rejectIfRedisNotReady: true,
    });
    this.#logger = logger;
    this.#name = name;
  }

  /** Resolves to undefined while Redis is away, immediately if an earlier command has timed out. Never rejects. */
  add(client: string, points: number): Promise<RateLimiterRes | undefined> {
    return new Promise((resolve) => {
      let isTimedOut = false;
      const onTimeout = (): void => {
        isTimedOut = true;
        this.#timedOut += 1;
        this.#onFailure(new Error(`Redis did not answer within ${STORE_TIMEOUT_MS} ms`));
        resolve(undefined);
      };
      const timer = setTimeout(onTimeout, this.#timedOut > 0 ? 0 : STORE_TIMEOUT_MS);
      const settle = (): void => {
        clearTimeout(timer);
        if (isTimedOut) this.#timedOut -= 1;
      };
      this.#limiter.penalty(client, points).then(
        (counted) => {
          settle();
          this.#onSuccess();
          resolve(counted);
        },
        (error: unknown) => {
          settle();
          this.#onFailure(error);
          resolve(undefined);
        },
      );
    });
  }

  #onFailure(error: unknown): void {
    if (!this.#isAway)
      this.#logger.warn(
        { err: error, limit: this.#name },
        'Redis is away: a limit is counted by this process alone',
      );
    this.#isAway = true;
  }

  #onSuccess(): void {
    if (this.#isAway) this.#logger.info({ limit: this.#name }, 'a limit is counted in Redis again');
    this.#isAway = false;
  }
}
