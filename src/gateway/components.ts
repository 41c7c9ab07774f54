/** Opens the components of a service, each with its part of the configuration. */
import type { Logger } from 'pino';
import { RecordingDecoder } from '../audio/ffmpeg/recording-decoder.js';
import { AudioNormalizer } from '../audio/normalize.js';
import { resample } from '../audio/resample.js';
import type { Closers } from './closers.js';
import type { Config } from '../config/config.js';
import { Pool } from '../pool/pool.js';
import { ConcurrencyLimit } from '../quota/concurrency-limit.js';
import { Relay } from '../relay/relay.js';
import { MemoryStore } from '../session/memory-store.js';
import { RedisStore } from '../session/redis-store.js';
import { connectRedis, type RedisConnection } from '../redis.js';
import { SessionRegistry } from '../session/registry.js';
import { Connection } from '../upstream/connection.js';
import type { Isolation } from '../upstream/isolation/isolation.js';
import { createIsolation } from '../upstream/isolation/levels.js';
import type { Endpoint } from '../providers/endpoint.js';
import { providers, resolveEndpoint } from '../providers/index.js';

export interface Components {
  readonly endpoint: Endpoint;
  readonly isolation: Isolation;
  readonly redis: RedisConnection | undefined;
  readonly sessions: SessionRegistry;
  readonly audio: AudioNormalizer;
  readonly decoder: RecordingDecoder;
  readonly pool: Pool;
  readonly relay: Relay;
  /** Translations that each client has running. */
  readonly concurrency: ConcurrencyLimit;
}

/** @param localUrl where the server of a local provider listens. */
export function openComponents(
  config: Config,
  localUrl: string | undefined,
  logger: Logger,
  closers: Closers,
): Components {
  const { redisUrl } = config.sessions;
  const endpoint = resolveEndpoint(config.upstream, localUrl);
  const isolation = createIsolation(config.upstream.isolation, resample);
  const redis = redisUrl === undefined ? undefined : connectRedis(redisUrl, logger);
  closers.add(() => redis?.close());
  const sessions = createSessions(config, redis, logger);
  closers.add(() => sessions.close());
  const audio = createNormalizer(config.audio);
  closers.add(() => audio.destroy());
  const decoder = createDecoder(config.audio);
  closers.add(() => decoder.destroy());
  const pool = createPool(config, endpoint, isolation, logger);
  closers.add(() => pool.close());
  const relay = createRelay(config, endpoint, isolation, logger);
  closers.add(() => relay.close());
  const concurrency = new ConcurrencyLimit(config.access.maxConcurrentPerKey);
  return { endpoint, isolation, redis, sessions, audio, decoder, pool, relay, concurrency };
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

function createNormalizer(audio: Config['audio']): AudioNormalizer {
  return new AudioNormalizer({
    ffmpegPath: audio.ffmpegPath,
    searchPath: audio.searchPath,
    concurrency: audio.ffmpegConcurrency,
    spare: audio.ffmpegSpare,
    timeoutMs: audio.ffmpegTimeoutMs,
    maxSeconds: audio.maxSeconds,
  });
}

function createDecoder(audio: Config['audio']): RecordingDecoder {
  return new RecordingDecoder({
    ffmpegPath: audio.ffmpegPath,
    searchPath: audio.searchPath,
    concurrency: audio.ffmpegConcurrency,
    maxSeconds: audio.maxRecordingSeconds,
  });
}

function createPool(config: Config, endpoint: Endpoint, isolation: Isolation, logger: Logger): Pool {
  const { maxAgeMs, connectTimeoutMs, responseTimeoutMs } = config.pool;
  const capacity = isolation.capacity(config.pool.maxPerSocket);
  const options = { isolation, capacity, maxAgeMs, connectTimeoutMs, responseTimeoutMs };
  const poolOptions = { ...config.pool, maxPerSocket: capacity, servesOnce: isolation.servesOnce };
  return new Pool(poolOptions, (observer) => new Connection(endpoint, options, observer, logger), logger);
}

function createRelay(config: Config, endpoint: Endpoint, isolation: Isolation, logger: Logger): Relay {
  const { provider, dialect, voice } = config.upstream;
  const transcriptionModel = providers[provider].transcriptionModel(dialect);
  const options = {
    ...config.relay,
    connectTimeoutMs: config.pool.connectTimeoutMs,
    isolation,
    transcriptionModel,
    voice,
  };
  return new Relay(endpoint, options, logger);
}
