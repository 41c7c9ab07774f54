/** The composition root: builds the service from its components, and closes them in reverse order. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Config } from './config/config.js';
import { GatewayError } from './errors.js';
import { Closers } from './gateway/closers.js';
import { buildCollector, collectors, jobCollectors } from './gateway/collectors.js';
import { openComponents, type Components } from './gateway/components.js';
import { openJobs, type JobTiming, type OpenJobs } from './gateway/jobs.js';
import { startLocalServer } from './gateway/local-server.js';
import { Shutdown } from './gateway/shutdown.js';
import { describeCapabilities, readyChecks, sourcesOf } from './gateway/status.js';
import { createApp } from './http/app.js';
import type { Health } from './http/health.js';
import { createUploadNamer, removeOwnUploads, sweepUploads } from './upload-dir.js';
import { checkRequestLine } from './http/request-line.js';
import { createHttpServer, listen, stopListening } from './http/server.js';
import { RedisTicketStore } from './tickets/redis.js';
import { Upgrades } from './http/upgrades.js';
import type { Responder } from './offline/server/responder.js';
import type { Jobs } from './jobs/jobs.js';
import { createLimiter, type Limiter, type LimiterOptions } from './quota/limiter.js';
import { FairSemaphore } from './recordings/fair-semaphore.js';
import { createTranslateRecording } from './recordings/translate-recording.js';
import type { RedisConnection } from './redis.js';
import { createLogger } from './telemetry/logger.js';
import { Metrics } from './telemetry/metrics.js';
import { ProcessCollectors } from './telemetry/process-collectors.js';
import { Tracing } from './telemetry/tracing.js';
import { LanguageDetector } from './translate/language-detector.js';
import { createTranslate } from './translate/translate.js';

export interface GatewayOverrides {
  readonly logger?: Logger;
  /** Answers in the offline server instead of the speech engine. The caller closes it. */
  readonly responder?: Responder;
  readonly jobTiming?: JobTiming;
}

export interface Gateway {
  readonly app: Express;
  readonly server: Server;
  /** Starts to listen. @returns the address of the page, with the actual port. A failure closes the gateway. */
  listen(): Promise<string>;
  stats(): Health;
  /** Rejects new work, lets running work end within `SHUTDOWN_GRACE_MS`, then releases everything. May be called twice. */
  close(): Promise<void>;
}

/** If a step of the start fails, what the steps before it opened is closed again. */
export async function createGateway(config: Config, overrides: GatewayOverrides = {}): Promise<Gateway> {
  const logger = overrides.logger ?? createLogger(config.server.logLevel);
  const closers = new Closers();
  const closeAfter = async (failure: unknown): Promise<never> => {
    await closers.close().catch((error: unknown) => {
      logger.warn({ err: error }, 'closing a service that failed to start was incomplete');
    });
    throw failure;
  };
  try {
    const { app, server, stats } = await build(config, logger, overrides, closers);
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
  { responder, jobTiming }: GatewayOverrides,
  closers: Closers,
): Promise<Pick<Gateway, 'app' | 'server' | 'stats'>> {
  const { access, server: serverConfig, upstream } = config;
  logger.info(upstream.why);
  if (access.keyDigests.length === 0)
    logger.warn('API_KEYS is empty: anyone who reaches this service may use it');
  const localServer = await startLocalServer(upstream, responder, logger, closers);
  const components = openComponents(config, localServer?.url, logger, closers);
  await openUploads(config.audio.uploadDir, logger, closers);

  const { endpoint, isolation, redis, sessions, audio, decoder, pool, relay, concurrency } = components;
  const limiter = limiterOf('points', access.rateLimitPerMinute, redis, logger);
  const slots = new FairSemaphore(config.jobs.parallel);
  const hearsRecordings = isolation.hearsRecordings(endpoint.dialect);
  const runnerPorts = { ...components, slots, limiter };
  const { jobs, runner } = await openJobs(config, runnerPorts, hearsRecordings, logger, closers, jobTiming);
  const { provider } = upstream;
  const { model } = endpoint;
  const version = packageVersion();
  const tracing = new Tracing(version);
  const upgrades = new Upgrades();
  const shutdown = new Shutdown();
  const stats = (): Health => healthOf(provider, components, jobs);
  const capabilities = () => describeCapabilities(upstream, components, localServer?.responder);
  const languages = new LanguageDetector(
    async () => sourcesOf(await capabilities()),
    (error) => {
      logger.warn({ err: error }, 'the language of a question was not detected');
    },
  );
  const translatePorts = {
    ...{ sessions, audio, pool, languages, provider, model, hearsRecordings, logger, tracing },
  };
  const newName = createUploadNamer();
  const translateRecording = createTranslateRecording({
    ...translatePorts,
    decoder,
    slots,
    samplePath: () => join(config.audio.uploadDir, newName()),
    maxPieceSeconds: config.audio.maxSeconds,
    maxSeconds: config.audio.maxRecordingSeconds,
  });
  const { express: app, handle } = createApp({
    config,
    logger,
    version,
    translate: createTranslate(translatePorts),
    translateRecording,
    tracing,
    metrics: createMetrics(config, version, components, { jobs, runner }, closers),
    sessions,
    relay,
    jobs,
    concurrency,
    upgrades,
    tickets: redis && new RedisTicketStore(redis),
    limiter,
    failedKeys: limiterOf('failed-keys', access.failedKeysPerMinute, redis, logger),
    health: stats,
    ready: () => readyChecks(pool, audio, sessions, localServer?.responder),
    capabilities,
    draining: () => shutdown.begun,
  });

  const server = createHttpServer(handle, logger);
  upgrades.attach(server, checkRequestLine(handle, logger));
  shutdown.watch(server);
  closers.add(() => stopListening(server));
  closers.add(() => drain(shutdown, components, jobs, serverConfig.shutdownGraceMs));
  jobs.start(runner);
  return { app, server, stats };
}

/** Lets running work end, and fails what is left after `graceMs`; the responses may still be on their way. */
async function drain(
  shutdown: Shutdown,
  { relay, pool, audio, decoder }: Components,
  jobs: Jobs,
  graceMs: number,
): Promise<void> {
  // Jobs need no grace: they go on from where they are, after the restart or on another node.
  await Promise.all([shutdown.finish(graceMs), relay.close(graceMs), jobs.close()]);
  const error = new GatewayError(
    'draining',
    'The service stopped before the translation was complete. Send it again.',
    { retryAfterMs: 5_000 },
  );
  await Promise.all([pool.destroy(error), audio.destroy(error), decoder.destroy(error)]);
}

async function openUploads(dir: string, logger: Logger, closers: Closers): Promise<void> {
  const removed = await sweepUploads(dir);
  if (removed > 0) logger.info({ removed }, 'removed uploads that an earlier process left behind');
  closers.add(() => removeOwnUploads(dir));
}

function healthOf(provider: string, { endpoint, pool, relay, sessions }: Components, jobs: Jobs): Health {
  return {
    provider,
    model: endpoint.model,
    pool: pool.stats,
    relay: relay.stats,
    jobs: jobs.stats,
    sessions: sessions.lastCount(),
  };
}

function createMetrics(
  config: Config,
  version: string,
  components: Components,
  opened: OpenJobs,
  closers: Closers,
): Metrics {
  const { provider, dialect } = config.upstream;
  const { endpoint, redis, pool, relay, audio, sessions } = components;
  const processCollectors = new ProcessCollectors();
  closers.add(() => {
    processCollectors.close();
  });
  const store = redis === undefined ? 'memory' : 'redis';
  return new Metrics([
    buildCollector({ version, provider, dialect, model: endpoint.model }),
    ...collectors({ pool, relay, audio, store, sessions: () => sessions.lastCount() }),
    ...jobCollectors(opened),
    ...processCollectors.collectors,
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
