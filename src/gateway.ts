/** The composition root: every room built once, joined, and taken down in the right order. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { Closers } from './gateway/closers.js';
import { openComponents, type Components } from './gateway/components.js';
import type { Config } from './config/config.js';
import { GatewayError } from './errors.js';
import { createApp } from './http/app.js';
import type { Health } from './http/ports.js';
import { createLimiter, type Limiter, type LimiterOptions } from './quota/limiter.js';
import { listen, stopListening } from './http/listen.js';
import { checkRequestLine } from './http/request-line.js';
import { createHttpServer } from './http/server.js';
import { RedisTicketStore } from './http/tickets.js';
import { Upgrades } from './http/upgrades.js';
import { removeOwnUploads, sweepUploads } from './http/body/upload-dir.js';
import { createLogger } from './telemetry/logger.js';
import { Metrics } from './telemetry/metrics.js';
import { createSpeechEngine } from './offline/engine/engine.js';
import type { Responder } from './offline/server/responder.js';
import { startOfflineServer } from './offline/server/server.js';
import { ProcessCollectors } from './telemetry/process-collectors.js';
import { buildCollector, collectors } from './gateway/collectors.js';
import type { RedisConnection } from './redis.js';
import { Shutdown } from './gateway/shutdown.js';
import { describeCapabilities, readyChecks } from './gateway/status.js';
import { Tracing } from './telemetry/tracing.js';
import { createTranslate } from './translate/translate.js';

export interface GatewayOverrides {
  readonly logger?: Logger;
  /** Answers in the offline server in the place of the speech engine; stays the caller's to close. */
  readonly responder?: Responder;
}

export interface Gateway {
  readonly app: Express;
  readonly server: Server;
  /** Begins to listen. @returns the address of the page, with the port that was taken. A failure closes the gateway. */
  listen(): Promise<string>;
  stats(): Health;
  /** Refuses new work, lets what runs end within `SHUTDOWN_GRACE_MS`, then leaves nothing behind. May be called twice. */
  close(): Promise<void>;
}

/** Where a step of the start fails, whatever the steps before it opened is closed again. */
export async function createGateway(config: Config, overrides: GatewayOverrides = {}): Promise<Gateway> {
  const logger = overrides.logger ?? createLogger(config.server.logLevel);
  const closers = new Closers();
  const closeAfter = async (failure: unknown): Promise<never> => {
    await closers.close().catch((error: unknown) => {
      logger.warn({ err: error }, 'not all of a service that could not start was closed');
    });
    throw failure;
  };
  try {
    const { app, server, stats } = await build(config, logger, overrides.responder, closers);
    return {
      app,
      server,
      stats,
      listen: () => listen(server, config.server).catch(closeAfter),
      close: () => closers.close(),
    };
  } catch (error) {
    return await closeAfter(error);
  }
}

async function build(
  config: Config,
  logger: Logger,
  responder: Responder | undefined,
  closers: Closers,
): Promise<Pick<Gateway, 'app' | 'server' | 'stats'>> {
  logger.info(config.upstream.why);
  if (config.access.keyDigests.length === 0)
    logger.warn('API_KEYS is empty: anyone who reaches this service may use it');
  const offline =
    config.upstream.provider === 'offline'
      ? await startOffline(config, logger, responder, closers)
      : undefined;
  const components = openComponents(config, offline?.url, logger, closers);
  await openUploads(config.audio.uploadDir, logger, closers);
  const { endpoint, redis, sessions, audio, pool, relay } = components;
  const { provider } = config.upstream;
  const { model } = endpoint;
  const version = packageVersion();
  const tracing = new Tracing(version);
  const upgrades = new Upgrades();
  const shutdown = new Shutdown();
  const stats = (): Health => ({
    provider,
    model,
    pool: pool.stats,
    relay: relay.stats,
    sessions: sessions.lastCount(),
  });

  const { express: app, handle } = createApp({
    config,
    logger,
    version,
    translate: createTranslate({ sessions, audio, pool, provider, model, logger, tracing }),
    tracing,
    metrics: createMetrics(config, version, components, closers),
    sessions,
    relay,
    upgrades,
    tickets: redis && new RedisTicketStore(redis),
    limiter: limiterOf('points', config.access.rateLimitPerMinute, redis, logger),
    failedKeys: limiterOf('failed-keys', config.access.failedKeysPerMinute, redis, logger),
    health: stats,
    ready: () => readyChecks(pool, audio, sessions),
    capabilities: () => describeCapabilities(config.upstream, model, offline?.engine),
    draining: () => shutdown.begun,
  });
  const server = createHttpServer(handle, logger);
  upgrades.attach(server, checkRequestLine(handle, logger));
  shutdown.watch(server);
  closers.add(() => stopListening(server));
  closers.add(() => drain(shutdown, components, config.server.shutdownGraceMs));
  return { app, server, stats };
}

/** Lets what runs end, and ends what is left after `graceMs`; answers may still be on their way. */
async function drain(shutdown: Shutdown, { relay, pool, audio }: Components, graceMs: number): Promise<void> {
  await Promise.all([shutdown.finish(graceMs), relay.close(graceMs)]);
  const tooLate = new GatewayError(
    'draining',
    'The service stopped before the translation was whole. Send it again.',
    { retryAfterMs: 5_000 },
  );
  pool.failAll(tooLate);
  await Promise.all([pool.close(), audio.destroy(tooLate)]);
}

async function openUploads(dir: string, logger: Logger, closers: Closers): Promise<void> {
  const removed = await sweepUploads(dir);
  if (removed > 0) logger.info({ removed }, 'removed uploads that an earlier process left behind');
  closers.add(() => removeOwnUploads(dir));
}

async function startOffline(
  config: Config,
  logger: Logger,
  given: Responder | undefined,
  closers: Closers,
): Promise<{ engine: Responder; url: string }> {
  const engine = given ?? (await createSpeechEngine({ logger }));
  if (given === undefined) closers.add(() => engine.close());
  const { missing } = await engine.capabilities();
  for (const part of missing) logger.warn(part);
  const server = await startOfflineServer({ dialect: config.upstream.dialect, responder: engine, logger });
  closers.add(() => server.close());
  return { engine, url: server.url };
}

function createMetrics(config: Config, version: string, components: Components, closers: Closers): Metrics {
  const { provider, dialect } = config.upstream;
  const { endpoint, redis, pool, relay, audio, sessions } = components;
  const watch = new ProcessCollectors();
  closers.add(() => {
    watch.close();
  });
  const store = redis === undefined ? 'memory' : 'redis';
  return new Metrics([
    buildCollector({ version, provider, dialect, model: endpoint.model }),
    ...collectors({ pool, relay, audio, store, sessions: () => sessions.lastCount() }),
    ...watch.collectors,
  ]);
}

function limiterOf(
  name: LimiterOptions['name'],
  perMinute: number,
  redis: RedisConnection | undefined,
  logger: Logger,
): Limiter | undefined {
  return perMinute === 0 ? undefined : createLimiter({ name, perMinute, redis: redis?.client, logger });
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
