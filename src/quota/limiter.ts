/** So many a minute for each client: counted in Redis where one is given, in this process else and while Redis is away. */
import type { Logger } from 'pino';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 60;
/**
 * A store that takes longer is taken for away: a limit is not worth a request's time. Until it has answered, nobody else
 * waits so long.
 */
const STORE_TIMEOUT_MS = 250;

/** What a client has left. */
export interface Quota {
  /** False: the client had spent its points already. */
  readonly allowed: boolean;
  /** Points a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Until all points are there again. */
  readonly resetMs: number;
}

export interface Limiter {
  /**
   * Takes points from a client. Points are taken whether allowed or not, and no single call takes more than a whole
   * minute's: what is allowed at all can be had by a client that waits.
   */
  take(client: string, points: number): Promise<Quota>;
}

export interface LimiterOptions {
  /** What is counted; limiters of one name share their counts through Redis. */
  readonly name: 'points' | 'failed-keys';
  /** Points a minute, more than 0. */
  readonly perMinute: number;
  /** A connected node-redis client, shared with whoever owns it; never closed here. */
  readonly redis?: object | undefined;
  readonly logger: Logger;
}

export function createLimiter({ name, perMinute, redis, logger }: LimiterOptions): Limiter {
  const rule = { points: perMinute, duration: WINDOW_SECONDS, keyPrefix: `rts:limit:${name}` };
  const own = new RateLimiterMemory(rule);
  const shared = redis === undefined ? undefined : new SharedCount(rule, redis, logger, name);

  // `penalty` counts and never refuses, so that an error is the store's and nothing else.
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

/** The points counted in Redis. */
class SharedCount {
  readonly #limiter: RateLimiterRedis;
  readonly #logger: Logger;
  readonly #name: string;
  #isAway = false;
  /** Commands that were given up because they took too long, and that Redis has not answered yet. */
  #late = 0;

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

  /** Resolves to undefined where Redis is away, at once if it has kept others waiting in vain; never rejects. */
  add(client: string, points: number): Promise<RateLimiterRes | undefined> {
    return new Promise((resolve) => {
      let isLate = false;
      const giveUp = (): void => {
        isLate = true;
        this.#late += 1;
        this.#lost(new Error(`Redis did not answer within ${STORE_TIMEOUT_MS} ms`));
        resolve(undefined);
      };
      const timer = setTimeout(giveUp, this.#late > 0 ? 0 : STORE_TIMEOUT_MS);
      const settle = (): void => {
        clearTimeout(timer);
        if (isLate) this.#late -= 1;
      };
      this.#limiter.penalty(client, points).then(
        (counted) => {
          settle();
          this.#found();
          resolve(counted);
        },
        (error: unknown) => {
          settle();
          this.#lost(error);
          resolve(undefined);
        },
      );
    });
  }

  #lost(error: unknown): void {
    if (!this.#isAway)
      this.#logger.warn(
        { err: error, limit: this.#name },
        'a limit is counted by this process alone: Redis is away',
      );
    this.#isAway = true;
  }

  #found(): void {
    if (this.#isAway) this.#logger.info({ limit: this.#name }, 'a limit is counted in Redis again');
    this.#isAway = false;
  }
}
