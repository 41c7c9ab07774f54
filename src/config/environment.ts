/** The environment variables: how each is read, which values it takes, and its default. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { PROVIDER_NAMES, PROVIDER_VARIABLES } from '../providers/index.js';
import { ISOLATION_LEVELS } from '../providers/isolation-level.js';
import { hasAtMostChars } from '../quota/characters.js';
import { canonicalTag } from '../session/languages.js';
import { MAX_PROMPT_CHARS } from '../session/profile.js';
import { dialects, type DialectName } from '../wire/index.js';
import { integer, invalid, isHeaderSafe, oneOf, readList, secret, urlString, variable } from './readers.js';

const DAY_MS = 86_400_000;
/**
 * One upstream event is at most 15 MiB = 15 728 640 bytes. A second of PCM16 at 24 kHz is 48 000 bytes, 64 000 in
 * base64: 240 s are 15 360 000, which leaves 368 640 for the prompt, the context and the JSON around them.
 */
export const MAX_AUDIO_SECONDS = 240;
/** One `input_text` upstream takes 256 000 characters. */
const MAX_TEXT_CHARS = 256_000;

function isProxyAddress(item: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(item)) return true;
  const [ip = '', bits, ...rest] = item.split('/');
  const version = isIP(ip);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

const trustProxy = variable((text): boolean | number | string => {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (/^\d{1,2}$/.test(text)) return Number(text);
  return readList(text).every(isProxyAddress)
    ? text
    : invalid(
        `must be true, false, a number of proxies below 100, or a comma-separated list of addresses and networks ` +
          `(10.0.0.0/8, loopback, linklocal, uniquelocal), not "${text}".`,
      );
});

/** The normal form of an origin: scheme, host and port, without a trailing slash. */
function originOf(item: string): string | undefined {
  if (item === '*') return item;
  const url = URL.canParse(item) ? new URL(item) : undefined;
  const isOrigin =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.href === `${url.origin}/` &&
    !/[?#]/.test(item);
  return isOrigin ? url.origin : undefined;
}

const corsOrigins = variable((text) => {
  const items = readList(text);
  const wrong = items.filter((item) => originOf(item) === undefined).map((item) => `"${item}"`);
  if (wrong.length > 0) {
    invalid(
      `must list origins like https://example.org without a path, or be *; not an origin: ${wrong.join(', ')}.`,
    );
  }
  return [...new Set(items.flatMap((item) => originOf(item) ?? []))];
});

/** Digests of the keys. Errors name a key by its place in the list and never repeat it. */
const apiKeys = variable((text) => {
  const keys = readList(text);
  const faults = keys.flatMap((key, index) => {
    if (key === '') return [`entry ${index + 1} is empty`];
    if (!isHeaderSafe(key)) return [`entry ${index + 1} is not printable ASCII without spaces`];
    return keys.indexOf(key) < index ? [`entry ${index + 1} repeats an earlier one`] : [];
  });
  return faults.length === 0
    ? keys.map((key) => createHash('sha256').update(key).digest('hex'))
    : invalid(`must be different keys with commas between: ${faults.join(', ')}.`);
});

const prompt = variable((text) =>
  hasAtMostChars(text, MAX_PROMPT_CHARS)
    ? text
    : invalid(`must have at most ${MAX_PROMPT_CHARS} characters.`),
);

const languageTag = variable(
  (text) => canonicalTag(text) ?? invalid(`must be a BCP 47 language tag like es or pt-BR, not "${text}".`),
);

const DIALECT_NAMES = Object.keys(dialects) as DialectName[];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The variables that do not belong to a provider. A test compares them with `.env.example`. */
export const environment = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: integer(0, 65_535).default(8000),
    LOG_LEVEL: oneOf(...LOG_LEVELS).default('info'),
    DEBUG: oneOf('true', 'false').default('false'),
    TRUST_PROXY: trustProxy.default(false),
    CORS_ORIGINS: corsOrigins.default([]),
    SHUTDOWN_GRACE_MS: integer(0, 600_000).default(25_000),

    REALTIME_PROVIDER: oneOf(...PROVIDER_NAMES).optional(),
    REALTIME_MODEL: z.string().default('gpt-realtime-2.1'),
    REALTIME_VOICE: z.string().optional(),
    REALTIME_DIALECT: oneOf(...DIALECT_NAMES).default('ga'),
    REALTIME_ISOLATION: oneOf(...ISOLATION_LEVELS).optional(),

    DEFAULT_PROMPT: prompt.default('Your answer can only be a translation of what I said.'),
    DEFAULT_TARGET: languageTag.optional(),
    MAX_TEXT_CHARS: integer(1, MAX_TEXT_CHARS).default(20_000),

    SESSION_TTL_MS: integer(1_000, DAY_MS).default(1_800_000),
    SESSION_MAX: integer(1, 10_000_000).default(100_000),
    REDIS_URL: urlString('redis://localhost:6379', ['redis:', 'rediss:'], (url) =>
      /^(\/\d*)?$/.test(url.pathname),
    ).optional(),

    POOL_MAX_SOCKETS: integer(1, 1_000).default(4),
    POOL_MAX_PER_SOCKET: integer(1, 1_000).default(16),
    POOL_MAX_WAITING: integer(0, 100_000).default(256),
    POOL_WARM: integer(0, 1_000).default(1),
    POOL_IDLE_MS: integer(100, DAY_MS).default(300_000),
    POOL_MAX_AGE_MS: integer(1_000, DAY_MS).default(3_300_000),
    CONNECT_TIMEOUT_MS: integer(100, 600_000).default(10_000),
    RESPONSE_TIMEOUT_MS: integer(100, 3_600_000).default(60_000),

    RELAY_MAX: integer(0, 100_000).default(100),
    RELAY_MAX_PER_CLIENT: integer(1, 100_000).default(5),

    UPLOAD_DIR: z.string().default('uploads'),
    MAX_UPLOAD_MB: integer(1, 2_048).optional(),
    MAX_AUDIO_SECONDS: integer(1, MAX_AUDIO_SECONDS).optional(),
    MAX_RECORDING_MB: integer(1, 100_000).default(2_000),
    MAX_RECORDING_SECONDS: integer(1, 86_400).default(14_400),

    JOBS_DIR: z.string().optional(),
    JOB_TTL_MS: integer(1_000, 365 * DAY_MS).default(7 * DAY_MS),
    JOBS_MAX_PER_KEY: integer(0, 100_000).default(100),
    JOBS_CONCURRENCY: integer(1, 256).default(2),
    JOB_PARALLEL: integer(1, 1_000).default(8),

    FFMPEG_PATH: z.string().optional(),
    FFMPEG_CONCURRENCY: integer(1, 256).optional(),
    FFMPEG_SPARE: integer(0, 256).default(2),
    FFMPEG_TIMEOUT_MS: integer(100, 600_000).default(10_000),

    API_KEYS: apiKeys.default([]),
    RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000).default(600),
    FAILED_KEYS_PER_MINUTE: integer(0, 1_000_000).default(60),
    MAX_CONCURRENT_PER_KEY: integer(0, 1_000_000).default(64),
    METRICS_TOKEN: secret.optional(),
  })
  .refine(({ POOL_WARM, POOL_MAX_SOCKETS }) => !(POOL_WARM > POOL_MAX_SOCKETS), {
    path: ['POOL_WARM'],
    message: 'must not exceed POOL_MAX_SOCKETS: lower it, or allow more sockets.',
    // Checked although other variables are wrong, so that one error lists all faults; a missing value compares as false.
    when: () => true,
  });

/** Every variable with its reader, by name. */
export const VARIABLES: Readonly<Record<string, z.ZodType>> = { ...environment.shape, ...PROVIDER_VARIABLES };
