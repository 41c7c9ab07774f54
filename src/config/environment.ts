/** Every environment variable: how its text is read, which values it takes, and its default. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { hasAtMostChars } from '../quota/characters.js';
import { canonicalTag } from '../session/languages.js';
import { MAX_PROMPT_CHARS } from '../session/profile.js';

const DAY_MS = 86_400_000;
/**
 * One upstream event is at most 15 MiB = 15 728 640 bytes. A second of PCM16 at 24 kHz is 48 000 bytes, 64 000 in
 * base64: 240 s are 15 360 000, which leaves 368 640 for the prompt, the context and the JSON around them.
 */
const MAX_AUDIO_SECONDS = 240;
/** One `input_text` upstream takes 256 000 characters. */
const MAX_TEXT_CHARS = 256_000;

class InvalidValue extends Error {}

/** For the readers below: the value is wrong; the sentence continues after the variable's name. */
function invalid(sentence: string): never {
  throw new InvalidValue(sentence);
}

/** A variable whose text `read` turns into its value, or refuses. */
function variable<T>(read: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

function whole(min: number, max: number) {
  return variable((text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max
      ? Number(text)
      : invalid(`must be a whole number from ${min} to ${max}, not "${text}".`),
  );
}

function oneOf<const T extends string>(...values: readonly T[]) {
  return variable(
    (text) =>
      values.find((value) => value === text.toLowerCase()) ??
      invalid(`must be one of ${values.join(', ')}; "${text}" is none of them.`),
  );
}

function readList(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** What a header can carry as it is. */
function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** A key or token; its fault never repeats it. */
const secret = variable((text) =>
  isHeaderSafe(text) ? text : invalid('must be printable ASCII without spaces; copy it again.'),
);

/**
 * A bare `#`, `/` or `?` in a password ends what is read as the host, so that a piece of the password would be looked up and
 * logged as one; a bare `%` cannot be decoded. None of these addresses needs a fragment, or an `@` behind the host.
 */
function isEncoded(url: URL): boolean {
  if (url.href.includes('#') || `${url.pathname}${url.search}`.includes('@')) return false;
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
    return true;
  } catch {
    return false;
  }
}

const ENCODE =
  'must have no bare #, and in its user name and password these percent-encoded: ' +
  '% as %25, # as %23, / as %2F, ? as %3F, @ as %40.';

/** Its fault does not repeat the text, for it may hold a password. */
function readUrl(text: string, isFine: (url: URL) => boolean, otherwise: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined ? /[@#]/.test(text) : !isEncoded(url)) invalid(ENCODE);
  return url !== undefined && isFine(url) ? url : invalid(otherwise);
}

/** An address, kept as it was given. */
function address(example: string, protocols: readonly string[], isFine: (url: URL) => boolean = () => true) {
  const otherwise = `must be a whole address like ${example}, starting with ${protocols.join('// or ')}//.`;
  return variable((text) => {
    readUrl(text, (url) => protocols.includes(url.protocol) && url.hostname !== '' && isFine(url), otherwise);
    return text;
  });
}

const WEB_PROTOCOLS = ['https:', 'http:', 'wss:', 'ws:'];

/** Azure's endpoint comes in many forms, from the host alone to a whole address with a query. */
function wholeAzureAddress(text: string): string {
  return /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
}

const azureEndpoint = variable((text) => {
  readUrl(
    wholeAzureAddress(text),
    (url) => WEB_PROTOCOLS.includes(url.protocol),
    'must be the address of the resource, like https://my-resource.openai.azure.com.',
  );
  return text;
});

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

/** The normal form of an origin: scheme, host and port, without a slash at the end. */
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

/** Read as the keys' digests. In a fault keys are named by their place in the list, never repeated. */
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

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Every variable with its check and its default. `.env.example` says the same to people; a test compares the two. */
export const environment = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: whole(0, 65_535).default(8000),
    LOG_LEVEL: oneOf(...LOG_LEVELS).default('info'),
    DEBUG: oneOf('true', 'false').default('false'),
    TRUST_PROXY: trustProxy.default(false),
    CORS_ORIGINS: corsOrigins.default([]),
    SHUTDOWN_GRACE_MS: whole(0, 600_000).default(25_000),

    REALTIME_PROVIDER: oneOf('offline', 'openai', 'azure', 'compatible').optional(),
    REALTIME_MODEL: z.string().default('gpt-realtime-2.1'),
    REALTIME_VOICE: z.string().optional(),
    REALTIME_DIALECT: oneOf('ga', 'preview').default('ga'),
    OPENAI_API_KEY: secret.optional(),
    OPENAI_BASE_URL: address('https://api.openai.com/v1', WEB_PROTOCOLS).default('https://api.openai.com/v1'),
    AZURE_OPENAI_ENDPOINT: azureEndpoint.optional(),
    AZURE_OPENAI_API_KEY: secret.optional(),
    AZURE_OPENAI_DEPLOYMENT: z.string().optional(),
    REALTIME_URL: address('wss://example.org/v1/realtime', WEB_PROTOCOLS).optional(),
    REALTIME_API_KEY: secret.optional(),

    DEFAULT_PROMPT: prompt.default('Your answer can only be a translation of what I said.'),
    DEFAULT_TARGET: languageTag.optional(),
    MAX_TEXT_CHARS: whole(1, MAX_TEXT_CHARS).default(20_000),

    SESSION_TTL_MS: whole(1_000, DAY_MS).default(1_800_000),
    SESSION_MAX: whole(1, 10_000_000).default(100_000),
    REDIS_URL: address('redis://localhost:6379', ['redis:', 'rediss:'], (url) =>
      /^(\/\d*)?$/.test(url.pathname),
    ).optional(),

    POOL_MAX_SOCKETS: whole(1, 1_000).default(4),
    POOL_MAX_PER_SOCKET: whole(1, 1_000).default(16),
    POOL_MAX_WAITING: whole(0, 100_000).default(256),
    POOL_WARM: whole(0, 1_000).default(1),
    POOL_IDLE_MS: whole(100, DAY_MS).default(300_000),
    POOL_MAX_AGE_MS: whole(1_000, DAY_MS).default(3_300_000),
    CONNECT_TIMEOUT_MS: whole(100, 600_000).default(10_000),
    RESPONSE_TIMEOUT_MS: whole(100, 3_600_000).default(60_000),

    RELAY_MAX: whole(0, 100_000).default(100),
    RELAY_MAX_PER_CLIENT: whole(1, 100_000).default(5),

    UPLOAD_DIR: z.string().default('uploads'),
    MAX_UPLOAD_MB: whole(1, 2_048).default(50),
    MAX_AUDIO_SECONDS: whole(1, MAX_AUDIO_SECONDS).default(MAX_AUDIO_SECONDS),
    FFMPEG_PATH: z.string().optional(),
    FFMPEG_CONCURRENCY: whole(1, 256).optional(),
    FFMPEG_SPARE: whole(0, 256).default(2),
    FFMPEG_TIMEOUT_MS: whole(100, 600_000).default(10_000),

    API_KEYS: apiKeys.default([]),
    RATE_LIMIT_PER_MINUTE: whole(0, 1_000_000).default(600),
    FAILED_KEYS_PER_MINUTE: whole(0, 1_000_000).default(60),
    MAX_CONCURRENT_PER_KEY: whole(0, 1_000_000).default(64),
    METRICS_TOKEN: secret.optional(),
  })
  .refine(({ POOL_WARM, POOL_MAX_SOCKETS }) => !(POOL_WARM > POOL_MAX_SOCKETS), {
    path: ['POOL_WARM'],
    message: 'must not exceed POOL_MAX_SOCKETS: lower it, or allow more sockets.',
    // Checked beside other faults too, so that all are told at once; a value that is missing compares as false.
    when: () => true,
  });

export type VariableName = keyof typeof environment.shape;
export const VARIABLE_NAMES = environment.keyof().options;

/** The name of the deployment, where an Azure endpoint states one. */
export function deploymentIn(endpoint: string): string | undefined {
  const whole = wholeAzureAddress(endpoint);
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  const inPath = url?.pathname.match(/\/deployments\/([^/]+)/)?.[1];
  const candidates = [url?.searchParams.get('deployment'), url?.searchParams.get('model'), inPath];
  return candidates.find((name) => typeof name === 'string' && name !== '') ?? undefined;
}
