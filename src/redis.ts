/** One connection to Redis for whoever needs it: it heals by itself, and nobody waits for it. */
import type { Logger } from 'pino';
import { createClient } from 'redis';
import { GatewayError } from './errors.js';

export type RedisClient = ReturnType<typeof createClient>;

const COMMAND_TIMEOUT_MS = 1_000;
const MAX_BACKOFF_MS = 1_000;
/** So many commands late in a row, and none in between that was answered: the connection is dead, though open. */
const LATE_BEFORE_RECONNECT = 3;

/**
 * Starts to connect and returns at once. Commands fail fast while Redis is away; it is tried again until `close`.
 * Deletions travel by publish and subscribe on this same connection, which takes RESP3 (Redis 6 or newer).
 * @param url redis:// or rediss://, with user, password and database where needed.
 */
export function connectRedis(url: string, logger: Pick<Logger, 'info' | 'warn'>): RedisConnection {
  return new RedisConnection(url, logger);
}

export class RedisConnection {
  /** For what `run` does not cover: events, and stores of others (which set their own time limits). */
  readonly client: RedisClient;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #lateInARow = 0;
  /** Commands under way. */
  #running = 0;
  #onIdle = (): void => undefined;
  #closed: Promise<void> | undefined;

  constructor(url: string, logger: Pick<Logger, 'info' | 'warn'>) {
    this.#logger = logger;
    this.client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), MAX_BACKOFF_MS) },
    });
    let lastFault = '';
    this.client.on('error', (error: Error) => {
      // Told once, not at every attempt.
      if (error.message !== lastFault) logger.warn({ err: error }, 'Redis is away');
      lastFault = error.message;
    });
    this.client.on('ready', () => {
      lastFault = '';
      // The client finishes a connection that was under way when it was told to stop.
      if (this.#closed !== undefined) this.client.destroy();
      else logger.info('Redis is connected');
    });
    this.#connect();
  }

  /** Redis answered the last time that it was asked. */
  get isAnswering(): boolean {
    return this.client.isReady && this.#lateInARow === 0;
  }

  /**
   * The command's reply. Commands are sent in the order in which they were given.
   * @throws GatewayError `store-unavailable` where Redis is away, does not answer in time, or refuses.
   */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    this.#running += 1;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#onLate();
        reject(new Error(`Redis did not answer within ${COMMAND_TIMEOUT_MS} ms`));
      }, COMMAND_TIMEOUT_MS);
    });
    try {
      if (this.#closed !== undefined) throw new Error('The connection to Redis is closed.');
      const reply = await Promise.race([command(this.client), late]);
      this.#lateInARow = 0;
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

  /** Takes no more commands, and ends when those under way have been answered or are late. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.client.destroy();
  }

  #onLate(): void {
    this.#lateInARow += 1;
    if (this.#lateInARow < LATE_BEFORE_RECONNECT || !this.client.isReady || this.#closed !== undefined)
      return;
    this.#lateInARow = 0;
    this.#logger.warn('Redis does not answer; connecting anew');
    this.client.destroy();
    this.#connect();
  }

  #connect(): void {
    this.client.connect().catch((error: unknown) => {
      if (this.#closed === undefined) this.#logger.warn({ err: error }, 'Redis gave up connecting');
    });
  }
}
