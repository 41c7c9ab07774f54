/** So many a minute for each client: counted in Redis where one is given, in this process else and while Redis is away. */
import type { Logger } from 'pino';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RLWrapperTimeouts,
  type RateLimiterAbstract,
  type RateLimiterRes,
} from 'rate-limiter-flexible';

const WINDOW_SECONDS = 60;
/** A store that takes longer is taken for away: a limit is not worth a request's time. */
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
  const shared = redis === undefined ? undefined : sharedLimiter(rule, redis);
  let isStoreAway = false;

  const count = (client: string, points: number): Promise<RateLimiterRes> =>
    shared === undefined ? own.penalty(client, points) : countIn(shared, client, points);

  const countIn = async (
    shared: RateLimiterAbstract,
    client: string,
    points: number,
  ): Promise<RateLimiterRes> => {
    try {
      const counted = await shared.penalty(client, points);
      if (isStoreAway) logger.info({ limit: name }, 'a limit is counted in Redis again');
      isStoreAway = false;
      return counted;
    } catch (error) {
      if (!isStoreAway)
        logger.warn({ err: error, limit: name }, 'a limit is counted by this process alone: Redis is away');
      isStoreAway = true;
      return await own.penalty(client, points);
    }
  };

  return {
    take: async (client, points) => {
      const counted = await count(client, Math.min(points, perMinute));
      return {
        allowed: counted.consumedPoints <= perMinute,
        limit: perMinute,
        remaining: Math.max(0, perMinute - counted.consumedPoints),
        resetMs: Math.max(0, counted.msBeforeNext),
      };
    },
  };
}

/** `penalty` counts and never refuses, so that an error is the store's and nothing else. */
function sharedLimiter(
  rule: { points: number; duration: number; keyPrefix: string },
  redis: object,
): RateLimiterAbstract {
  const limiter = new RateLimiterRedis({
    ...rule,
    storeClient: redis,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
  });
  return new RLWrapperTimeouts({ limiter, timeoutMs: STORE_TIMEOUT_MS });
}
