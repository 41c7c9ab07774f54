/** The connection to Redis that the stores share. It reconnects by itself, and commands fail fast while it is down. */
import type { Logger } from 'pino';
import { createClient } from 'redis';
import { GatewayError } from './errors.js';

export type RedisClient = ReturnType<typeof createClient>;

const COMMAND_TIMEOUT_MS = 1_000;
const MAX_BACKOFF_MS = 1_000;
/** After this many timeouts in a row the connection counts as dead, though it is open. */
const TIMEOUTS_BEFORE_RECONNECT = 3;

/** A connection of its own for a library that opens, uses and closes it by itself. It reconnects until it is destroyed. */
export function createLibraryClient(url: string): RedisClient {
  return createClient({ url, socket: { reconnectStrategy } });
}

function reconnectStrategy(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 10), MAX_BACKOFF_MS);
}

/**
 * Starts to connect and returns immediately. It reconnects until `close`. Deletions are published and received on this same
 * connection, which requires RESP3 (Redis 6 or newer).
 * @param url redis:// or rediss://, with user, password and database where needed.
 */
export function connectRedis(url: string, logger: Pick<Logger, 'info' | 'warn'>): RedisConnection {
  return new RedisConnection(url, logger);
}

export class RedisConnection {
  /** For what `run` does not cover: events, and other libraries' stores, which have their own timeouts. */
  readonly client: RedisClient;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #timeoutsInARow = 0;
  /** Number of commands in progress. */
  #running = 0;
  #onIdle = (): void => undefined;
  #closed: Promise<void> | undefined;

  constructor(url: string, logger: Pick<Logger, 'info' | 'warn'>) {
    this.#logger = logger;
    this.client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy },
    });
    let lastFault = '';
    this.client.on('error', (error: Error) => {
      // Logged once, not at every attempt.
      if (error.message !== lastFault) logger.warn({ err: error }, 'Redis is away');
      lastFault = error.message;
    });
    // The client completes a connection that was in progress when it was closed, and waits for an answer on it.
    this.client.on('connect', () => {
      if (this.#closed !== undefined) this.client.destroy();
    });
    this.client.on('ready', () => {
      lastFault = '';
      logger.info('Redis is connected');
    });
    this.#connect();
  }

  /** Whether Redis answered the last command. */
  get isAnswering(): boolean {
    return this.client.isReady && this.#timeoutsInARow === 0;
  }

  /**
   * Returns the reply to a command. Commands are sent in the order of the calls.
   * @throws GatewayError `store-unavailable` if Redis is away, does not answer in time, or replies with an error.
   */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    this.#running += 1;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#onTimeout();
        reject(new Error(`Redis did not answer within ${COMMAND_TIMEOUT_MS} ms`));
      }, COMMAND_TIMEOUT_MS);
    });
    try {
      if (this.#closed !== undefined) throw new Error('The connection to Redis is closed.');
      const reply = await Promise.race([command(this.client), timeout]);
      this.#timeoutsInARow = 0;
      return reply;
    } catch (error) {
      throw new GatewayError('store-unavailable', 'The session store cannot be reached. Try again shortly.', {
        retryAfterMs: MAX_BACKOFF_MS,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle();
    }
  }

  /** Rejects new commands, and closes when those in progress have been answered or have timed out. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.client.destroy();
  }

  #onTimeout(): void {
    this.#timeoutsInARow += 1;
    const isDead = this.#timeoutsInARow >= TIMEOUTS_BEFORE_RECONNECT;
    if (!isDead || !this.client.isReady || this.#closed !== undefined) return;
    this.#timeoutsInARow = 0;
    this.#logger.warn('Redis does not answer; reconnecting');
    this.client.destroy();
    this.#connect();
  }

  #connect(): void {
    this.client.connect().catch((error: unknown) => {
      if (this.#closed === undefined) this.#logger.warn({ err: error }, 'Redis connection attempts ended');
    });
  }
}
