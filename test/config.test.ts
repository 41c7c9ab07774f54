/** The environment: its example file, its defaults and its faults. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { ConfigError, loadConfig } from '../src/config/config.js';
import { VARIABLES } from '../src/config/environment.js';

const VARIABLE_NAMES = Object.keys(VARIABLES);

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** The one fault of an environment that has one. */
function faultOf(env: NodeJS.ProcessEnv): string {
  const faults = faultsOf(env);
  expect(faults).toHaveLength(1);
  return faults[0] ?? '';
}

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const shown = Array.from(text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm), ([, name = '', value = '']) => ({
    name,
    value: value.replace(/^"(.*)"$/, '$1'),
  }));

  it('shows every variable once, and no other', () => {
    expect(shown.map(({ name }) => name).sort()).toEqual([...VARIABLE_NAMES].sort());
  });

  it.each(VARIABLE_NAMES)('shows the default of %s', (name) => {
    const value = shown.find((variable) => variable.name === name)?.value;
    const unset: unknown = VARIABLES[name]?.parse(undefined);
    if (unset === undefined || (Array.isArray(unset) && unset.length === 0)) expect(value).toBe('');
    else expect(VARIABLES[name]?.parse(value)).toEqual(unset);
  });

  it('describes every variable', () => {
    const blocks = text.split(/\n\n+/).filter((block) => /^#?[A-Z][A-Z0-9_]*=/m.test(block));
    for (const block of blocks) expect(block).toMatch(/^# \S.{10,}/m);
  });

  it('changes nothing when it is used as it is', () => {
    const pairs = text.split('\n').flatMap((line) => /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)?.slice(1) ?? []);
    expect(pairs).toEqual([]);
  });
});

describe('the configuration', () => {
  it('has the documented defaults where nothing is set', () => {
    expect(loadConfig({})).toEqual({
      server: {
        host: '127.0.0.1',
        port: 8000,
        logLevel: 'info',
        trustProxy: false,
        corsOrigins: [],
        shutdownGraceMs: 25_000,
      },
      upstream: {
        provider: 'offline',
        why: expect.stringContaining('offline'),
        model: 'gpt-realtime-2.1',
        dialect: 'ga',
        isolation: 'reference',
        openai: { baseUrl: 'https://api.openai.com/v1' },
        azure: {},
        compatible: { modelGiven: false },
        cascade: {},
      },
      translation: {
        defaultPrompt: 'Your answer can only be a translation of what I said.',
        maxTextChars: 20_000,
      },
      sessions: { ttlMs: 1_800_000, max: 100_000 },
      pool: {
        maxSockets: 4,
        maxPerSocket: 16,
        maxWaiting: 256,
        warm: 1,
        idleMs: 300_000,
        maxAgeMs: 3_300_000,
        connectTimeoutMs: 10_000,
        responseTimeoutMs: 60_000,
      },
      relay: { max: 100, maxPerClient: 5 },
      jobs: { parallel: 8, dir: 'uploads/jobs', ttlMs: 604_800_000, maxPerKey: 100, concurrency: 2 },
      audio: {
        uploadDir: 'uploads',
        maxUploadBytes: 2_097_152_000,
        maxSeconds: 240,
        maxRecordingSeconds: 14_400,
        ffmpegConcurrency: availableParallelism(),
        ffmpegSpare: 2,
        ffmpegTimeoutMs: 10_000,
      },
      access: { keyDigests: [], rateLimitPerMinute: 600, failedKeysPerMinute: 60, maxConcurrentPerKey: 64 },
    });
  });

  it('treats an empty or blank value as unset', () => {
    const blank = Object.fromEntries(VARIABLE_NAMES.map((name, i) => [name, i % 2 === 0 ? '' : ' \t']));
    expect(loadConfig(blank)).toEqual(loadConfig({}));
  });

  it('reads every variable', () => {
    const config = loadConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      LOG_LEVEL: 'warn',
      TRUST_PROXY: '2',
      CORS_ORIGINS: 'https://a.example',
      SHUTDOWN_GRACE_MS: '1',
      REALTIME_PROVIDER: 'compatible',
      REALTIME_MODEL: 'a-model',
      REALTIME_VOICE: 'marin',
      REALTIME_DIALECT: 'preview',
      REALTIME_ISOLATION: 'inline',
      OPENAI_API_KEY: 'sk-1',
      OPENAI_BASE_URL: 'http://localhost:9/v1',
      AZURE_OPENAI_ENDPOINT: 'res.openai.azure.com',
      AZURE_OPENAI_API_KEY: 'az-1',
      AZURE_OPENAI_DEPLOYMENT: 'dep',
      REALTIME_URL: 'wss://example.org/v1/realtime?x=y',
      REALTIME_API_KEY: 'rt-1',
      STT_URL: 'http://stt.example/inference',
      STT_API_KEY: 'stt-1',
      STT_MODEL: 'whisper',
      STT_TIMEOUT_MS: '1021',
      TRANSLATOR_URL: 'https://mt.example/v1',
      TRANSLATOR_API_KEY: 'mt-1',
      TRANSLATOR_MODEL: 'gemma',
      TRANSLATOR_FORM: 'tower',
      TRANSLATOR_TIMEOUT_MS: '1022',
      TTS_URL: 'http://tts.example/v1',
      TTS_API_KEY: 'tts-1',
      TTS_MODEL: 'kokoro',
      TTS_VOICES: 'es=ef_dora',
      TTS_PCM_RATE: '24000',
      TTS_TIMEOUT_MS: '1023',
      DEFAULT_PROMPT: 'Translate.',
      DEFAULT_TARGET: 'PT-br',
      MAX_TEXT_CHARS: '2',
      SESSION_TTL_MS: '1003',
      SESSION_MAX: '4',
      REDIS_URL: 'rediss://user:pass@redis.example:6380/5',
      POOL_MAX_SOCKETS: '6',
      POOL_MAX_PER_SOCKET: '7',
      POOL_MAX_WAITING: '8',
      POOL_WARM: '5',
      POOL_IDLE_MS: '1009',
      POOL_MAX_AGE_MS: '1010',
      CONNECT_TIMEOUT_MS: '1011',
      RESPONSE_TIMEOUT_MS: '1012',
      RELAY_MAX: '13',
      RELAY_MAX_PER_CLIENT: '14',
      UPLOAD_DIR: '/tmp/up',
      MAX_UPLOAD_MB: '3',
      MAX_AUDIO_SECONDS: '16',
      MAX_RECORDING_MB: '4',
      MAX_RECORDING_SECONDS: '17',
      JOB_PARALLEL: '21',
      JOBS_DIR: '/tmp/jobs',
      JOB_TTL_MS: '120000',
      JOBS_MAX_PER_KEY: '22',
      JOBS_CONCURRENCY: '3',
      FFMPEG_PATH: '/opt/ffmpeg',
      FFMPEG_CONCURRENCY: '17',
      FFMPEG_SPARE: '18',
      FFMPEG_TIMEOUT_MS: '1018',
      PATH: '/a:/b',
      API_KEYS: 'one, two',
      RATE_LIMIT_PER_MINUTE: '0',
      FAILED_KEYS_PER_MINUTE: '19',
      MAX_CONCURRENT_PER_KEY: '20',
      METRICS_TOKEN: 'token',
    });
    expect(config).toEqual({
      server: {
        host: '0.0.0.0',
        port: 0,
        logLevel: 'warn',
        trustProxy: 2,
        corsOrigins: ['https://a.example'],
        shutdownGraceMs: 1,
      },
      upstream: {
        provider: 'compatible',
        why: 'The provider is compatible because REALTIME_PROVIDER says so.',
        model: 'a-model',
        voice: 'marin',
        dialect: 'preview',
        isolation: 'inline',
        openai: { apiKey: 'sk-1', baseUrl: 'http://localhost:9/v1' },
        azure: { endpoint: 'res.openai.azure.com', apiKey: 'az-1', deployment: 'dep' },
        compatible: { url: 'wss://example.org/v1/realtime?x=y', apiKey: 'rt-1', modelGiven: true },
        cascade: {
          stt: { url: 'http://stt.example/inference', apiKey: 'stt-1', model: 'whisper', timeoutMs: 1021 },
          translator: {
            ...{ url: 'https://mt.example/v1', apiKey: 'mt-1', model: 'gemma', form: 'tower' },
            timeoutMs: 1022,
          },
          tts: {
            ...{ url: 'http://tts.example/v1', apiKey: 'tts-1', model: 'kokoro', timeoutMs: 1023 },
            ...{ voices: new Map([['es', 'ef_dora']]), pcmRate: 24_000 },
          },
        },
      },
      translation: { defaultPrompt: 'Translate.', defaultTarget: 'pt-BR', maxTextChars: 2 },
      sessions: { ttlMs: 1003, max: 4, redisUrl: 'rediss://user:pass@redis.example:6380/5' },
      pool: {
        maxSockets: 6,
        maxPerSocket: 7,
        maxWaiting: 8,
        warm: 5,
        idleMs: 1009,
        maxAgeMs: 1010,
        connectTimeoutMs: 1011,
        responseTimeoutMs: 1012,
      },
      relay: { max: 13, maxPerClient: 14 },
      jobs: { parallel: 21, dir: '/tmp/jobs', ttlMs: 120_000, maxPerKey: 22, concurrency: 3 },
      audio: {
        uploadDir: '/tmp/up',
        maxUploadBytes: 3 * 1_048_576,
        maxSeconds: 16,
        maxRecordingSeconds: 16,
        ffmpegPath: '/opt/ffmpeg',
        searchPath: '/a:/b',
        ffmpegConcurrency: 17,
        ffmpegSpare: 18,
        ffmpegTimeoutMs: 1018,
      },
      access: {
        keyDigests: [
          '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',
          '3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3',
        ],
        rateLimitPerMinute: 0,
        failedKeysPerMinute: 19,
        maxConcurrentPerKey: 20,
        metricsToken: 'token',
      },
    });
  });

  it('ignores variables that are not its own', () => {
    expect(loadConfig({ HOME: '/bin', POOL_SIZE: 'nonsense', NODE_ENV: 'test' })).toEqual(loadConfig({}));
  });

  it('sets the log level to debug with DEBUG=true, and to nothing else with DEBUG=false', () => {
    expect(loadConfig({ DEBUG: 'true', LOG_LEVEL: 'error' }).server.logLevel).toBe('debug');
    expect(loadConfig({ DEBUG: 'TRUE' }).server.logLevel).toBe('debug');
    expect(loadConfig({ DEBUG: 'false', LOG_LEVEL: 'error' }).server.logLevel).toBe('error');
  });

  it.each([
    ['true', true],
    ['FALSE', false],
    ['0', 0],
    ['3', 3],
    ['loopback', 'loopback'],
    [
      '10.0.0.0/8, 192.168.1.1,fd00::/8 ,::1,uniquelocal',
      '10.0.0.0/8, 192.168.1.1,fd00::/8 ,::1,uniquelocal',
    ],
  ])('accepts TRUST_PROXY=%s, and so does Express', (text, value) => {
    const { trustProxy } = loadConfig({ TRUST_PROXY: text }).server;
    expect(trustProxy).toBe(value);
    expect(() => express().set('trust proxy', trustProxy)).not.toThrow();
  });

  it('normalizes origins and removes duplicates', () => {
    const list = 'https://A.example/, https://a.example ,http://localhost:80,http://localhost:5173,*';
    expect(loadConfig({ CORS_ORIGINS: list }).server.corsOrigins).toEqual([
      'https://a.example',
      'http://localhost',
      'http://localhost:5173',
      '*',
    ]);
  });
});

describe('a value that cannot be used', () => {
  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['PORT', 'http'],
    ['LOG_LEVEL', 'verbose'],
    ['DEBUG', 'express:*'],
    ['TRUST_PROXY', 'nginx'],
    ['TRUST_PROXY', '-1'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/0'],
    ['TRUST_PROXY', '10.0.0.1,'],
    ['CORS_ORIGINS', 'example.org'],
    ['CORS_ORIGINS', 'https://a.example/path'],
    ['CORS_ORIGINS', 'https://a.example?'],
    ['CORS_ORIGINS', 'https://user@a.example'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://a.example,'],
    ['CORS_ORIGINS', 'ftp://a.example'],
    ['REALTIME_PROVIDER', 'google'],
    ['REALTIME_DIALECT', 'beta'],
    ['OPENAI_BASE_URL', 'api.openai.com/v1'],
    ['OPENAI_BASE_URL', 'ftp://api.openai.com'],
    ['AZURE_OPENAI_ENDPOINT', 'https://'],
    ['AZURE_OPENAI_ENDPOINT', 'my resource'],
    ['AZURE_OPENAI_ENDPOINT', 'redis://res.openai.azure.com'],
    ['REALTIME_URL', '/v1/realtime'],
    ['REALTIME_URL', 'wss://example.org/#fragment'],
    ['DEFAULT_PROMPT', 'x'.repeat(8_001)],
    ['DEFAULT_TARGET', 'spanish'],
    ['DEFAULT_TARGET', 'auto'],
    ['MAX_TEXT_CHARS', '0'],
    ['MAX_TEXT_CHARS', '256001'],
    ['SESSION_TTL_MS', '999'],
    ['SESSION_TTL_MS', '86400001'],
    ['SESSION_MAX', '0'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['REDIS_URL', 'redis://localhost/sessions'],
    ['POOL_MAX_SOCKETS', '0'],
    ['MAX_AUDIO_SECONDS', '241'],
    ['FFMPEG_CONCURRENCY', '0'],
    ['RATE_LIMIT_PER_MINUTE', '-1'],
    ['RATE_LIMIT_PER_MINUTE', '600 '.repeat(2)],
  ])('stops the start: %s=%s', (name, value) => {
    const fault = faultOf({ [name]: value });
    expect(fault).toMatch(new RegExp(`^${name} must .{10,}\\.$`, 's'));
  });

  it('is reported together with all the others', () => {
    const env = {
      PORT: 'x',
      LOG_LEVEL: 'loud',
      POOL_WARM: '5',
      REALTIME_PROVIDER: 'azure',
      API_KEYS: 'a,,a',
    };
    const faults = faultsOf(env);
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
      'API_KEYS',
      'AZURE_OPENAI_API_KEY',
      'AZURE_OPENAI_DEPLOYMENT',
      'AZURE_OPENAI_ENDPOINT',
      'LOG_LEVEL',
      'POOL_WARM',
      'PORT',
    ]);
    expect(() => loadConfig(env)).toThrow(faults.join('\n- '));
  });

  it('in a list is reported with every other in it', () => {
    expect(faultOf({ API_KEYS: 'one,,two,one,with space' })).toBe(
      'API_KEYS must be different keys with commas between: entry 2 is empty, entry 4 repeats an earlier one, ' +
        'entry 5 is not printable ASCII without spaces.',
    );
    expect(faultOf({ CORS_ORIGINS: 'a,https://b.example,c' })).toContain('"a", "c"');
  });

  it('is not repeated where it may be a secret', () => {
    const env = {
      OPENAI_API_KEY: 'hush hush',
      METRICS_TOKEN: 'hüsh',
      API_KEYS: 'hush hush,hush hush',
      REDIS_URL: 'http://:hush@localhost',
      REALTIME_URL: 'hush://example.org',
      OPENAI_BASE_URL: 'ftp://hush@example.org',
    };
    const faults = faultsOf(env);
    expect(faults).toHaveLength(6);
    expect(faults.join('\n')).not.toMatch(/h[uü]sh/);
  });

  it('is a POOL_WARM above POOL_MAX_SOCKETS', () => {
    expect(faultOf({ POOL_MAX_SOCKETS: '2', POOL_WARM: '3' })).toContain('POOL_MAX_SOCKETS');
    expect(loadConfig({ POOL_MAX_SOCKETS: '2', POOL_WARM: '2' }).pool.warm).toBe(2);
  });
});
