/** The configuration: the environment is read once, every fault is reported at once. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  DEFAULT_PROVIDER,
  PROVIDER_NAMES,
  providers,
  type ProviderName,
  type ProviderSettings,
  type UpstreamOptions,
} from '../providers/index.js';
import type { Variables } from '../providers/provider.js';
import { environment, MAX_AUDIO_SECONDS, VARIABLES } from './environment.js';

export interface Config {
  server: {
    host: string;
    /** 0 takes any free port. */
    port: number;
    logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
    /** As Express takes it: all proxies, none, a number of hops, or a list of addresses and networks. */
    trustProxy: boolean | number | string;
    /** Origins in normal form (`https://example.org`), or `*`. */
    corsOrigins: string[];
    shutdownGraceMs: number;
  };
  upstream: UpstreamOptions & {
    /** A sentence: which provider is used, and why this one. */
    readonly why: string;
    readonly voice: string | undefined;
  };
  translation: { defaultPrompt: string; defaultTarget: string | undefined; maxTextChars: number };
  sessions: { ttlMs: number; max: number; redisUrl: string | undefined };
  pool: {
    maxSockets: number;
    maxPerSocket: number;
    maxWaiting: number;
    warm: number;
    idleMs: number;
    maxAgeMs: number;
    connectTimeoutMs: number;
    responseTimeoutMs: number;
  };
  relay: { max: number; maxPerClient: number };
  audio: {
    uploadDir: string;
    /** Of any recording. */
    maxUploadBytes: number;
    /** The most that one request upstream carries. */
    maxSeconds: number;
    /** The longest recording, which goes in segments. */
    maxRecordingSeconds: number;
    ffmpegPath: string | undefined;
    /** PATH when the service started: ffmpeg itself gets no environment. */
    searchPath: string | undefined;
    ffmpegConcurrency: number;
    ffmpegSpare: number;
    ffmpegTimeoutMs: number;
  };
  jobs: {
    dir: string;
    ttlMs: number;
    maxPerKey: number;
    /** Jobs that this node runs at a time. */
    concurrency: number;
    /** Requests upstream of all long recordings of this node. */
    parallel: number;
  };
  access: {
    /** SHA-256 of each key, in hex: the keys themselves are not kept. */
    keyDigests: string[];
    /** Points; 0 sets no limit. */
    rateLimitPerMinute: number;
    /** From one address; 0 sets no limit. */
    failedKeysPerMinute: number;
    /** Concurrent translations on this node; 0 sets no limit. */
    maxConcurrentPerKey: number;
    metricsToken: string | undefined;
  };
}

/** The environment cannot be used. `faults` holds a sentence for each fault; none contains a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Some users mean 1 000 000 bytes by a megabyte, some 1 048 576: the larger one serves both. */
const BYTES_PER_MB = 1_048_576;

type Environment = z.output<typeof environment>;

/**
 * @param env the environment of the process, or of a test. Unknown variables are ignored, because the environment is shared.
 * @throws ConfigError with every fault.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const variables = readVariables(env);
  const general = environment.safeParse(variables);
  const settings = readSettings(variables);
  const asked = environment.shape.REALTIME_PROVIDER.safeParse(variables.REALTIME_PROVIDER);
  const selection = selectProvider(asked.data, variables);

  const faults = describeIssues([...(general.error?.issues ?? []), ...settings.issues]);
  if (asked.success) faults.push(...missingVariables(selection, variables));
  if (!general.success || faults.length > 0) throw new ConfigError(faults);
  const { data } = general;
  return {
    ...createConfig(data),
    upstream: {
      ...selection,
      model: data.REALTIME_MODEL,
      voice: data.REALTIME_VOICE,
      dialect: data.REALTIME_DIALECT,
      isolation: data.REALTIME_ISOLATION ?? providers[selection.provider].isolation ?? 'reference',
      ...settings.byName,
    },
    audio: createAudioConfig(data, env.PATH),
  };
}

/**
 * Only the parts of a cascade, for a server that has no other use of the environment.
 * @throws ConfigError with every fault of those variables.
 */
export function loadParts(env: NodeJS.ProcessEnv = process.env): ProviderSettings['cascade'] {
  const result = providers.cascade.settings.safeParse(readVariables(env));
  if (!result.success) throw new ConfigError(describeIssues(result.error.issues));
  return result.data;
}

function describeIssues(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
}

/** Blank variables count as unset, and values are trimmed. */
function readVariables(env: NodeJS.ProcessEnv): Variables {
  const entries = Object.keys(VARIABLES).map((name) => [name, env[name]?.trim()] as const);
  return Object.fromEntries(entries.filter(([, text]) => text));
}

/** Reads the settings of all providers, so that faults of those not selected are reported too. */
function readSettings(variables: Variables): { byName: ProviderSettings; issues: z.core.$ZodIssue[] } {
  const results = PROVIDER_NAMES.map(
    (name) => [name, providers[name].settings.safeParse(variables)] as const,
  );
  return {
    byName: Object.fromEntries(results.map(([name, { data }]) => [name, data])) as ProviderSettings,
    issues: results.flatMap(([, { error }]) => error?.issues ?? []),
  };
}

type Selection = Pick<Config['upstream'], 'provider' | 'why'>;

/** REALTIME_PROVIDER selects a provider, or else the first one of which a selecting variable is set. */
function selectProvider(asked: ProviderName | undefined, variables: Variables): Selection {
  if (asked !== undefined)
    return { provider: asked, why: `The provider is ${asked} because REALTIME_PROVIDER says so.` };
  const selecting = PROVIDER_NAMES.flatMap((provider) =>
    providers[provider].selectedBy.map((variable) => ({ provider, variable })),
  );
  const [first, ...others] = selecting.filter(({ variable }) => variables[variable] !== undefined);
  if (first === undefined) {
    const names = selecting.map(({ variable }) => variable);
    const why = `The provider is ${DEFAULT_PROVIDER} because neither ${names.join(' nor ')} is set.`;
    return { provider: DEFAULT_PROVIDER, why: `${why}${unusedProviders(variables)}` };
  }
  const { provider, variable } = first;
  const unused = others.filter((other) => other.provider !== provider).map((other) => other.variable);
  const order = unused.length === 0 ? '' : `, which goes before ${unused.join(' and ')}`;
  return { provider, why: `The provider is ${provider} because ${variable} is set${order}.` };
}

/** Sentences about the variables of providers that only REALTIME_PROVIDER selects. */
function unusedProviders(variables: Variables): string {
  return PROVIDER_NAMES.filter((name) => providers[name].selectedBy.length === 0)
    .flatMap((name) =>
      providers[name]
        .required(variables)
        .filter((variable) => variables[variable] !== undefined)
        .map((variable) => ` ${variable} is used with REALTIME_PROVIDER=${name} only.`),
    )
    .join('');
}

function missingVariables({ provider, why }: Selection, variables: Variables): string[] {
  return providers[provider]
    .required(variables)
    .filter((name) => variables[name] === undefined)
    .map((name) => `${name} is missing. ${why} Set ${name} too, or choose another REALTIME_PROVIDER.`);
}

function createConfig(v: Environment): Omit<Config, 'upstream' | 'audio'> {
  return {
    server: {
      host: v.HOST,
      port: v.PORT,
      logLevel: v.DEBUG === 'true' ? 'debug' : v.LOG_LEVEL,
      trustProxy: v.TRUST_PROXY,
      corsOrigins: v.CORS_ORIGINS,
      shutdownGraceMs: v.SHUTDOWN_GRACE_MS,
    },
    translation: {
      defaultPrompt: v.DEFAULT_PROMPT,
      defaultTarget: v.DEFAULT_TARGET,
      maxTextChars: v.MAX_TEXT_CHARS,
    },
    sessions: { ttlMs: v.SESSION_TTL_MS, max: v.SESSION_MAX, redisUrl: v.REDIS_URL },
    pool: {
      maxSockets: v.POOL_MAX_SOCKETS,
      maxPerSocket: v.POOL_MAX_PER_SOCKET,
      maxWaiting: v.POOL_MAX_WAITING,
      warm: v.POOL_WARM,
      idleMs: v.POOL_IDLE_MS,
      maxAgeMs: v.POOL_MAX_AGE_MS,
      connectTimeoutMs: v.CONNECT_TIMEOUT_MS,
      responseTimeoutMs: v.RESPONSE_TIMEOUT_MS,
    },
    relay: { max: v.RELAY_MAX, maxPerClient: v.RELAY_MAX_PER_CLIENT },
    jobs: {
      dir: v.JOBS_DIR ?? join(v.UPLOAD_DIR, 'jobs'),
      ttlMs: v.JOB_TTL_MS,
      maxPerKey: v.JOBS_MAX_PER_KEY,
      concurrency: v.JOBS_CONCURRENCY,
      parallel: v.JOB_PARALLEL,
    },
    access: {
      keyDigests: v.API_KEYS,
      rateLimitPerMinute: v.RATE_LIMIT_PER_MINUTE,
      failedKeysPerMinute: v.FAILED_KEYS_PER_MINUTE,
      maxConcurrentPerKey: v.MAX_CONCURRENT_PER_KEY,
      metricsToken: v.METRICS_TOKEN,
    },
  };
}

function createAudioConfig(v: Environment, searchPath: string | undefined): Config['audio'] {
  return {
    uploadDir: v.UPLOAD_DIR,
    maxUploadBytes: Math.min(v.MAX_UPLOAD_MB ?? Infinity, v.MAX_RECORDING_MB) * BYTES_PER_MB,
    maxSeconds: Math.min(v.MAX_AUDIO_SECONDS ?? MAX_AUDIO_SECONDS, v.MAX_RECORDING_SECONDS),
    maxRecordingSeconds: Math.min(v.MAX_AUDIO_SECONDS ?? Infinity, v.MAX_RECORDING_SECONDS),
    ffmpegPath: v.FFMPEG_PATH,
    searchPath,
    ffmpegConcurrency: v.FFMPEG_CONCURRENCY ?? availableParallelism(),
    ffmpegSpare: v.FFMPEG_SPARE,
    ffmpegTimeoutMs: v.FFMPEG_TIMEOUT_MS,
  };
}
