/** The environment, read once: every variable checked, every fault told at once, the rest turned into a Config. */
import { availableParallelism } from 'node:os';
import { deploymentIn, environment, VARIABLE_NAMES, type VariableName } from './environment.js';

export type Provider = 'offline' | 'openai' | 'azure' | 'compatible';

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
  upstream: {
    provider: Provider;
    /** A sentence: which provider, and why this one. */
    why: string;
    model: string;
    voice?: string;
    dialect: 'ga' | 'preview';
    openai: { apiKey?: string; baseUrl: string };
    /** `deployment` is also found in an endpoint that names one. */
    azure: { endpoint?: string; apiKey?: string; deployment?: string };
    compatible: { url?: string; apiKey?: string; modelGiven: boolean };
  };
  translation: { defaultPrompt: string; defaultTarget?: string; maxTextChars: number };
  sessions: { ttlMs: number; max: number; redisUrl?: string };
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
    maxUploadBytes: number;
    maxSeconds: number;
    ffmpegPath?: string;
    /** PATH as it is at the start: ffmpeg itself gets no environment. */
    searchPath?: string;
    ffmpegConcurrency: number;
    ffmpegSpare: number;
    ffmpegTimeoutMs: number;
  };
  access: {
    /** SHA-256 of each key, in hex: the keys themselves are not kept. */
    keyDigests: string[];
    /** Points; 0 is no limit. */
    rateLimitPerMinute: number;
    /** From one address; 0 is no limit. */
    failedKeysPerMinute: number;
    /** Translations at a time, on this node; 0 is no limit. */
    maxConcurrentPerKey: number;
    metricsToken?: string;
  };
}

/** The environment cannot be used. `faults` holds one sentence for each thing that is wrong; none shows a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Whichever megabyte a user means, 50 MB of it are taken. */
const BYTES_PER_MB = 1_048_576;

type Given = Partial<Record<VariableName, string>>;

/** The variables that are ours and hold something: blank is unset, and space around a value is no part of it. */
function readGiven(env: NodeJS.ProcessEnv): Given {
  const given: Given = {};
  for (const name of VARIABLE_NAMES) {
    const text = env[name]?.trim();
    if (text) given[name] = text;
  }
  return given;
}

/**
 * Asked for by name, the provider is that one. Otherwise a key decides, Azure's before OpenAI's: it is set for one
 * resource on purpose, while OPENAI_API_KEY lies about in many shells, and what is meant for the one company must
 * not silently go to the other.
 */
function chooseProvider(
  asked: Provider | undefined,
  given: Given,
): Pick<Config['upstream'], 'provider' | 'why'> {
  if (asked !== undefined) {
    return { provider: asked, why: `The provider is ${asked} because REALTIME_PROVIDER says so.` };
  }
  if (given.AZURE_OPENAI_API_KEY !== undefined) {
    const both = given.OPENAI_API_KEY === undefined ? '' : ', which goes before OPENAI_API_KEY';
    return { provider: 'azure', why: `The provider is azure because AZURE_OPENAI_API_KEY is set${both}.` };
  }
  if (given.OPENAI_API_KEY !== undefined) {
    return { provider: 'openai', why: 'The provider is openai because OPENAI_API_KEY is set.' };
  }
  const unused =
    given.REALTIME_URL === undefined ? '' : ' REALTIME_URL is used with REALTIME_PROVIDER=compatible only.';
  return {
    provider: 'offline',
    why: `The provider is offline because neither AZURE_OPENAI_API_KEY nor OPENAI_API_KEY is set.${unused}`,
  };
}

const NEEDED: Readonly<Record<Provider, readonly VariableName[]>> = {
  offline: [],
  openai: ['OPENAI_API_KEY'],
  azure: ['AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_DEPLOYMENT'],
  compatible: ['REALTIME_URL'],
};

/**
 * @param env the process's own, or a test's.
 * @throws ConfigError with every fault. Variables that are not ours pass by: the environment is shared.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = readGiven(env);
  const deployment = given.AZURE_OPENAI_DEPLOYMENT ?? deploymentIn(given.AZURE_OPENAI_ENDPOINT ?? '');
  const asked = environment.shape.REALTIME_PROVIDER.safeParse(given.REALTIME_PROVIDER);
  const choice = chooseProvider(asked.data, given);
  const read = environment.safeParse(given);

  const faults = (read.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}`);
  if (asked.success) {
    const there = { ...given, ...(deployment !== undefined && { AZURE_OPENAI_DEPLOYMENT: deployment }) };
    for (const name of NEEDED[choice.provider].filter((name) => there[name] === undefined)) {
      faults.push(`${name} is missing. ${choice.why} Set ${name} too, or choose another REALTIME_PROVIDER.`);
    }
  }
  if (!read.success || faults.length > 0) throw new ConfigError(faults);

  const v = read.data;
  return {
    server: {
      host: v.HOST,
      port: v.PORT,
      logLevel: v.DEBUG === 'true' ? 'debug' : v.LOG_LEVEL,
      trustProxy: v.TRUST_PROXY,
      corsOrigins: v.CORS_ORIGINS,
      shutdownGraceMs: v.SHUTDOWN_GRACE_MS,
    },
    upstream: {
      ...choice,
      model: v.REALTIME_MODEL,
      ...(v.REALTIME_VOICE !== undefined && { voice: v.REALTIME_VOICE }),
      dialect: v.REALTIME_DIALECT,
      openai: {
        ...(v.OPENAI_API_KEY !== undefined && { apiKey: v.OPENAI_API_KEY }),
        baseUrl: v.OPENAI_BASE_URL,
      },
      azure: {
        ...(v.AZURE_OPENAI_ENDPOINT !== undefined && { endpoint: v.AZURE_OPENAI_ENDPOINT }),
        ...(v.AZURE_OPENAI_API_KEY !== undefined && { apiKey: v.AZURE_OPENAI_API_KEY }),
        ...(deployment !== undefined && { deployment }),
      },
      compatible: {
        ...(v.REALTIME_URL !== undefined && { url: v.REALTIME_URL }),
        ...(v.REALTIME_API_KEY !== undefined && { apiKey: v.REALTIME_API_KEY }),
        modelGiven: given.REALTIME_MODEL !== undefined,
      },
    },
    translation: {
      defaultPrompt: v.DEFAULT_PROMPT,
      ...(v.DEFAULT_TARGET !== undefined && { defaultTarget: v.DEFAULT_TARGET }),
      maxTextChars: v.MAX_TEXT_CHARS,
    },
    sessions: {
      ttlMs: v.SESSION_TTL_MS,
      max: v.SESSION_MAX,
      ...(v.REDIS_URL !== undefined && { redisUrl: v.REDIS_URL }),
    },
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
    audio: {
      uploadDir: v.UPLOAD_DIR,
      maxUploadBytes: v.MAX_UPLOAD_MB * BYTES_PER_MB,
      maxSeconds: v.MAX_AUDIO_SECONDS,
      ...(v.FFMPEG_PATH !== undefined && { ffmpegPath: v.FFMPEG_PATH }),
      ...(env.PATH !== undefined && { searchPath: env.PATH }),
      ffmpegConcurrency: v.FFMPEG_CONCURRENCY ?? availableParallelism(),
      ffmpegSpare: v.FFMPEG_SPARE,
      ffmpegTimeoutMs: v.FFMPEG_TIMEOUT_MS,
    },
    access: {
      keyDigests: v.API_KEYS,
      rateLimitPerMinute: v.RATE_LIMIT_PER_MINUTE,
      failedKeysPerMinute: v.FAILED_KEYS_PER_MINUTE,
      maxConcurrentPerKey: v.MAX_CONCURRENT_PER_KEY,
      ...(v.METRICS_TOKEN !== undefined && { metricsToken: v.METRICS_TOKEN }),
    },
  };
}
