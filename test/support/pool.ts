/** A pool over a scripted upstream, and what its tests ask for and wait for. */
import { pino, type Logger } from 'pino';
import { GatewayError } from '../../src/errors.js';
import { Pool, type PoolOptions } from '../../src/pool/pool.js';
import { Connection, type ConnectionOptions } from '../../src/upstream/connection.js';
import { reference } from '../../src/upstream/isolation/reference.js';
import type { Endpoint } from '../../src/providers/endpoint.js';
import type { Chunk, PendingResponse, UpstreamRequest } from '../../src/upstream/pending-response.js';
import { dialects, type DialectName } from '../../src/wire/index.js';
import { startScripted, type Scripted } from './offline.js';

export const silent: Logger = pino({ level: 'silent' });

export interface PooledOptions {
  dialect?: DialectName;
  pool?: Partial<PoolOptions>;
  connection?: Partial<ConnectionOptions>;
  scripted?: Parameters<typeof startScripted>[0];
  logger?: Logger;
}

export interface Pooled extends Scripted {
  readonly pool: Pool;
  readonly endpoint: Endpoint;
  /** Resolves once the pool has that many ready sockets. */
  readonly ready: (sockets?: number) => Promise<void>;
}

export function endpointOf(url: string, dialect: DialectName = 'ga'): Endpoint {
  return { url, headers: dialects[dialect].headers, dialect: dialects[dialect], model: 'scripted' };
}

export const POOL: PoolOptions = {
  maxSockets: 4,
  maxPerSocket: 16,
  maxWaiting: 256,
  warm: 1,
  idleMs: 60_000,
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 10_000,
};

export async function startPooled(options: PooledOptions = {}): Promise<Pooled> {
  const { dialect = 'ga' } = options;
  const scripted = await startScripted({ dialect, ...options.scripted });
  const endpoint = endpointOf(scripted.url, dialect);
  const poolOptions = { ...POOL, ...options.pool };
  const logger = options.logger ?? silent;
  const connectionOptions: ConnectionOptions = {
    connectTimeoutMs: poolOptions.connectTimeoutMs,
    isolation: reference,
    capacity: poolOptions.maxPerSocket,
    maxAgeMs: 3_300_000,
    responseTimeoutMs: poolOptions.responseTimeoutMs,
    ...options.connection,
  };
  const pool = new Pool(
    poolOptions,
    (observer) => new Connection(endpoint, connectionOptions, observer, logger),
    logger,
  );
  return {
    ...scripted,
    pool,
    endpoint,
    ready: (sockets = 1) => eventually(() => pool.stats.ready >= sockets),
    close: async () => {
      await pool.destroy(new GatewayError('draining', 'The test is over.'));
      await scripted.close();
    },
  };
}

/** A request for the translation of `text`. */
export function asking(text: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { prompt: 'Translate.', question: { text }, output: 'text', metadata: {}, ...more };
}

export async function answerOf(pending: PendingResponse): Promise<string> {
  await chunksOf(pending);
  return pending.text;
}

export async function chunksOf(pending: PendingResponse): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of pending) chunks.push(chunk);
  return chunks;
}

/** The error of a request, thrown at once or in the end. */
export async function failureOf(ask: () => PendingResponse): Promise<GatewayError> {
  try {
    await answerOf(ask());
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('The request was answered.');
}

/** For conditions that no event announces: checked every 2 ms. */
export async function eventually(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline)
      throw new Error(`This did not happen within ${withinMs} ms: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
