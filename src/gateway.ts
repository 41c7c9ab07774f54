/** The composition root: every room built once, joined, and taken down in the right order. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { AudioNormalizer } from './audio/normalize.js';
import type { Config } from './config.js';
import { GatewayError } from './errors.js';
import { createApp } from './http/app.js';
import type { Capabilities, Health, ReadyCheck } from './http/deps.js';
import { createLimiter, type Limiter, type LimiterOptions } from './http/limiter.js';
import { refuseUnroutable } from './http/request-line.js';
import { createHttpServer } from './http/server.js';
import { RedisTickets } from './http/tickets.js';
import { Upgrades } from './http/upgrades.js';
import { removeOwnUploads, sweepUploads } from './http/upload.js';
import { createLogger } from './logger.js';
import { Metrics } from './metrics.js';
import { createSpeechEngine } from './offline/engine.js';
import type { Responder } from './offline/responder.js';
import { startOfflineServer, type OfflineServer } from './offline/server.js';
import { Pool } from './pool/pool.js';
import { ProcessWatch } from './process-readings.js';
import { buildReading, roomReadings } from './readings.js';
import { Relay } from './relay/relay.js';
import { MemoryStore } from './session/memory-store.js';
import { RedisStore } from './session/redis-store.js';
import { connectRedis, type RedisConnection } from './session/redis.js';
import { SessionRegistry } from './session/registry.js';
import { Tracing } from './tracing.js';
import { createTranslate } from './translate.js';
import { Connection } from './upstream/connection.js';
import { resolveEndpoint, type Endpoint } from './upstream/endpoint.js';
import type { DialectName } from './wire/index.js';

export interface GatewayOverrides {
  readonly logger?: Logger;
  /** Answers in the offline server in the place of the speech engine; stays the caller's to close. */
  readonly responder?: Responder;
}

export interface Gateway {
  readonly app: Express;
  readonly server: Server;
  /** Begins to listen. @returns the address of the page, with the port that was taken */
  listen(): Promise<string>;
  stats(): Health;
  /** Refuses new work, lets what runs end within `SHUTDOWN_GRACE_MS`, then leaves nothing behind. May be called twice. */
  close(): Promise<void>;
}

/** After the last translation ended: for answers that are still being written. */
const FLUSH_MS = 1_000;

export async function createGateway(config: Config, overrides: GatewayOverrides = {}): Promise<Gateway> {
  const logger = overrides.logger ?? createLogger(config.server.logLevel);
  logger.info(config.upstream.why);
  if (config.access.keyDigests.length === 0)
    logger.warn('API_KEYS is empty: anyone who reaches this service may use it');

  const offline =
    config.upstream.provider === 'offline'
      ? await startOffline(config, logger, overrides.responder)
      : undefined;
  const endpoint = resolveEndpoint(config.upstream, offline?.server.url);
  const redis =
    config.sessions.redisUrl === undefined ? undefined : connectRedis(config.sessions.redisUrl, logger);
  const sessions = createSessions(config, redis, logger);
  const audio = new AudioNormalizer({
    ffmpegPath: config.audio.ffmpegPath,
    searchPath: config.audio.searchPath,
    concurrency: config.audio.ffmpegConcurrency,
    spare: config.audio.ffmpegSpare,
    timeoutMs: config.audio.ffmpegTimeoutMs,
    maxSeconds: config.audio.maxSeconds,
  });
  const pool = createPool(config, endpoint, logger);
  const relay = createRelay(config, endpoint, logger);
  const upgrades = new Upgrades();
  const shutdown = new Shutdown();
  const version = packageVersion();
  const tracing = new Tracing(version);
  const { provider, dialect } = config.upstream;
  const { model } = endpoint;
  const translate = createTranslate({ sessions, audio, pool, provider, model, logger, tracing });

  const health = (): Health => ({
    provider,
    model,
    pool: pool.stats,
    relay: relay.stats,
    sessions: sessions.lastCount(),
  });
  const removed = await sweepUploads(config.audio.uploadDir);
  if (removed > 0) logger.info({ removed }, 'removed uploads that an earlier process left behind');

  const watch = new ProcessWatch();
  const store = redis === undefined ? 'memory' : 'redis';
  const metrics = new Metrics([
    buildReading({ version, provider, dialect, model }),
    ...roomReadings({ pool, relay, audio, store, sessions: () => sessions.lastCount() }),
    ...watch.readings,
  ]);

  const { express: app, answer } = createApp({
    config,
    logger,
    version,
    translate,
    tracing,
    metrics,
    sessions,
    relay,
    upgrades,
    tickets: redis && new RedisTickets(redis),
    limiter: limiterOf('points', config.access.rateLimitPerMinute, redis, logger),
    failedKeys: limiterOf('failed-keys', config.access.failedKeysPerMinute, redis, logger),
    health,
    ready: () => readyChecks(pool, audio, sessions),
    capabilities: () => capabilities(config, endpoint, offline?.responder),
    draining: () => shutdown.begun,
  });
  const server = createHttpServer(answer, logger);
  upgrades.attach(server, refuseUnroutable(answer, logger));
  shutdown.watch(server);

  let closed: Promise<void> | undefined;
  const takeDown = async (): Promise<void> => {
    const { shutdownGraceMs } = config.server;
    await Promise.all([shutdown.finish(shutdownGraceMs), relay.close(shutdownGraceMs)]);
    const tooLate = new GatewayError(
      'draining',
      'The service stopped before the translation was whole. Send it again.',
      { retryAfterMs: 5_000 },
    );
    pool.failAll(tooLate);
    await Promise.all([pool.close(), audio.destroy(tooLate)]);
    await stopListening(server);
    await removeOwnUploads(config.audio.uploadDir);
    await sessions.close();
    await redis?.close();
    await offline?.close();
    watch.close();
  };
  return {
    app,
    server,
    stats: health,
    listen: () => listen(server, config.server),
    close: () => (closed ??= takeDown()),
  };
}

interface Offline {
  readonly server: OfflineServer;
  readonly responder: Responder;
  close(): Promise<void>;
}

async function startOffline(config: Config, logger: Logger, given: Responder | undefined): Promise<Offline> {
  const responder = given ?? (await createSpeechEngine({ logger }));
  const { missing } = await responder.capabilities();
  for (const part of missing) logger.warn(part);
  const server = await startOfflineServer({ dialect: config.upstream.dialect, responder, logger });
  return {
    server,
    responder,
    close: async () => {
      await server.close();
      if (given === undefined) await responder.close();
    },
  };
}

function createSessions(config: Config, redis: RedisConnection | undefined, logger: Logger): SessionRegistry {
  const store = redis === undefined ? new MemoryStore() : new RedisStore(redis, logger);
  const { defaultPrompt, defaultTarget } = config.translation;
  const { ttlMs, max } = config.sessions;
  return new SessionRegistry(store, {
    ttlMs,
    max,
    defaultPrompt,
    ...(defaultTarget !== undefined && { defaultTarget }),
  });
}

function createPool(config: Config, endpoint: Endpoint, logger: Logger): Pool {
  const { maxPerSocket, maxAgeMs, connectTimeoutMs, responseTimeoutMs } = config.pool;
  const options = { capacity: maxPerSocket, maxAgeMs, connectTimeoutMs, responseTimeoutMs };
  return new Pool(config.pool, (observer) => new Connection(endpoint, options, observer, logger), logger);
}

function createRelay(config: Config, endpoint: Endpoint, logger: Logger): Relay {
  const { max, maxPerClient } = config.relay;
  const { connectTimeoutMs } = config.pool;
  return new Relay(endpoint, { max, maxPerClient, connectTimeoutMs, voice: config.upstream.voice }, logger);
}

function limiterOf(
  name: LimiterOptions['name'],
  perMinute: number,
  redis: RedisConnection | undefined,
  logger: Logger,
): Limiter | undefined {
  return perMinute === 0 ? undefined : createLimiter({ name, perMinute, redis: redis?.client, logger });
}

async function readyChecks(
  pool: Pool,
  audio: AudioNormalizer,
  sessions: SessionRegistry,
): Promise<ReadyCheck[]> {
  const [ffmpeg, store] = await Promise.all([audio.check(), sessions.check()]);
  const { refusal, isStarting } = pool;
  const upstream = isStarting
    ? { ok: false, detail: 'The first connection to the translation provider is being made.' }
    : { ok: refusal === undefined, detail: refusal?.message ?? 'The translation provider accepts us.' };
  return [
    { name: 'upstream', ...upstream },
    { name: 'ffmpeg', ...ffmpeg },
    { name: 'sessions', ...store },
  ];
}

/** The published voices; the two newest are of GA alone. */
const OLDER_VOICES = ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse'];
const PUBLISHED_VOICES: Record<DialectName, readonly string[]> = {
  ga: [...OLDER_VOICES, 'marin', 'cedar'],
  preview: OLDER_VOICES,
};

async function capabilities(
  config: Config,
  endpoint: Endpoint,
  responder: Responder | undefined,
): Promise<Capabilities> {
  const { provider, dialect } = config.upstream;
  const same = { provider, model: endpoint.model, dialect };
  if (responder !== undefined) {
    const { languages, chains, speechSources, voices } = await responder.capabilities();
    return { ...same, languages, chains, speechSources, voices };
  }
  const voices = provider === 'compatible' ? [] : PUBLISHED_VOICES[dialect];
  return { ...same, languages: 'any', chains: [], speechSources: 'any', voices };
}

/** Answers that are being given. */
interface Round {
  open: number;
  /** Called when there are none left. */
  empty: () => void;
}

/** Knows how much is being answered, so that a stop can wait for it. */
class Shutdown {
  #round: Round = { open: 0, empty: () => undefined };
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  watch(server: Server): void {
    const add = (_req: IncomingMessage, res: ServerResponse): void => {
      const round = this.#round;
      round.open += 1;
      res.once('close', () => {
        round.open -= 1;
        if (round.open === 0) round.empty();
      });
    };
    // Node tells of a client that waits to be asked for its body (`Expect: 100-continue`) by an event of its own.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, add);
  }

  /** Resolves when all that was being answered when this was called has been, or after `graceMs`. */
  async finish(graceMs: number): Promise<void> {
    this.#begun = true;
    const round = this.#round;
    // What comes from now on is refused, and not waited for.
    this.#round = { open: 0, empty: () => undefined };
    if (round.open === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      round.empty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function listen(server: Server, { host, port }: Config['server']): Promise<string> {
  server.listen(port, host);
  // Rejects where the address is taken or not ours.
  await once(server, 'listening');
  return `http://${callableHost(host)}:${(server.address() as AddressInfo).port}`;
}

/** "All addresses" is no address to open in a browser. */
function callableHost(host: string): string {
  const callable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return callable.includes(':') ? `[${callable}]` : callable;
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, FLUSH_MS);
  await closed;
  clearTimeout(timer);
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
