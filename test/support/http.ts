/** The HTTP side on a real port, over a translation that is plain code: it answers from a list and can be told to wait or fail. */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recording } from '../../src/audio/recording.js';
import { loadConfig, type Config } from '../../src/config/config.js';
import type { Express } from 'express';
import { createApp } from '../../src/http/app.js';
import type { Route } from '../../src/http/pipeline.js';
import type { HttpPorts } from '../../src/http/ports.js';
import type { Capabilities, Health, ReadyCheck } from '../../src/http/health.js';
import { createHttpServer, type ServerTiming } from '../../src/http/server.js';
import { EventEmitter } from 'node:events';
import { Jobs } from '../../src/jobs/jobs.js';
import { LocalQueue } from '../../src/jobs/local-queue.js';
import { JobStore } from '../../src/jobs/store.js';
import { ConcurrencyLimit } from '../../src/quota/concurrency-limit.js';
import { sweepUploads } from '../../src/upload-dir.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { Upgrades } from '../../src/http/upgrades.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { Relay } from '../../src/relay/relay.js';
import { MemoryStore } from '../../src/session/memory-store.js';
import { SessionRegistry } from '../../src/session/registry.js';
import { Tracing } from '../../src/telemetry/tracing.js';
import { dialects } from '../../src/wire/index.js';
import type {
  Translate,
  TranslateRequest,
  TranslationEvent,
  TranslationResult,
} from '../../src/translate/request.js';

export interface HttpFixture {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** The same pipeline, in Express. */
  readonly app: Express;
  readonly routes: readonly Route[];
  readonly config: Config;
  readonly sessions: SessionRegistry;
  /** What reached the translation, in order; a recording's bytes are beside it. */
  readonly asked: { request: TranslateRequest; recording: Buffer | undefined; signal: AbortSignal }[];
  /** Every line of the log. */
  readonly log: Record<string, unknown>[];
  /** Names of the files in UPLOAD_DIR. */
  uploads(): Promise<string[]>;
  close(): Promise<void>;
}

export interface HttpFixtureOptions {
  /** The environment; UPLOAD_DIR is a folder of the test's own. */
  readonly env?: Record<string, string>;
  readonly translate?: Acted;
  readonly deps?: Partial<
    Pick<
      HttpPorts,
      'limiter' | 'failedKeys' | 'health' | 'ready' | 'capabilities' | 'draining' | 'timing' | 'pageFolder'
    >
  >;
  readonly server?: Partial<ServerTiming>;
}

export const CAPABILITIES: Capabilities = {
  provider: 'offline',
  model: 'offline-1',
  dialect: 'ga',
  isolation: 'reference',
  maxConcurrent: 64,
  languages: [{ source: 'en', targets: ['es'] }],
  chains: [['en', 'es', 'pt']],
  speechSources: ['en'],
  voices: ['slt', 'rms'],
};

export const HEALTH: Health = {
  provider: 'offline',
  model: 'offline-1',
  pool: { sockets: 1, ready: 1, connecting: 0, draining: 0, running: 2, waiting: 3, capacity: 64 },
  relay: { conversations: 0 },
  jobs: { running: 0, queued: 0 },
  sessions: 5,
};

const READY: readonly ReadyCheck[] = [{ name: 'ffmpeg', ok: true, detail: 'ffmpeg runs.' }];

/** 100 ms of samples that are not silence. */
export const SPOKEN = Buffer.alloc(4_800, 1);

const WORDS: Readonly<Record<string, string>> = { 'Good morning': 'Buenos días', '': '' };

/** What a translation tells, and at its end the result. */
export type ActedEvent = TranslationEvent | { type: 'done'; result: TranslationResult };

/** A translation that is plain code. The signal aborts when nobody waits for it any more. */
export type Acted = (
  request: TranslateRequest,
  signal: AbortSignal,
) => AsyncGenerator<ActedEvent, void, void>;

/** Lets it be asked as the real one is. @param begun called with each request before anything else */
function asTranslate(
  acted: Acted,
  begun: (request: TranslateRequest, signal: AbortSignal) => Promise<void>,
): Translate {
  return async (request, { abort: { signal }, onEvent }) => {
    await begun(request, signal);
    for await (const event of acted(request, signal)) {
      if (event.type === 'done') return event.result;
      await onEvent?.(event);
    }
    throw new Error('The translation ended without a result.');
  };
}

/** No test breaks the folder of a job here. */
function throwFault(_jobId: string, error: unknown): never {
  throw error;
}

/** Real in shape and order: a session is taken, the response starts, text (and sound) comes in pieces, then the result. */
export function plainTranslate(sessions: SessionRegistry): Acted {
  return async function* (request) {
    const lease = await sessions.acquire(request.owner, request.connectId, request.profile);
    try {
      const { session } = lease;
      const { question } = request;
      const text = question.kind === 'text' ? (WORDS[question.text] ?? `«${question.text}»`) : 'Hola';
      yield { type: 'started', connectId: session.connectId };
      for (const delta of [text.slice(0, 3), text.slice(3)]) {
        if (delta !== '') yield { type: 'text', delta };
      }
      if (request.output === 'audio') yield { type: 'audio', pcm: SPOKEN };
      await lease.complete();
      const result = resultOf(request, session.connectId, text, session);
      request.report?.({
        timings: { uploadMs: undefined, normalizeMs: undefined, ...result.timings },
        usage: result.usage,
        attempts: 1,
        upstreamId: 'req_1',
      });
      yield { type: 'done', result };
    } finally {
      lease.release();
    }
  };
}

/** A translation that comes at once. */
export async function* say(...events: ActedEvent[]): AsyncGenerator<ActedEvent, void, void> {
  for (const event of events) yield await Promise.resolve(event);
}

export function resultOf(
  request: TranslateRequest,
  connectId: string,
  text: string,
  languages: { source: string | null; target: string | null } = { source: null, target: null },
): TranslationResult {
  const isRecording = request.question.kind === 'recording';
  return {
    connectId,
    text,
    responses: [text],
    source: languages.source,
    target: languages.target,
    ...(request.output === 'audio' && { audio: SPOKEN }),
    usage: { inputTokens: 41, outputTokens: 6, totalTokens: 47, ...(isRecording && { inputAudioMs: 1_860 }) },
    model: 'offline-1',
    requestId: request.requestId,
    timings: {
      ...(request.question.kind === 'recording' && { uploadMs: request.question.uploadMs, normalizeMs: 9.4 }),
      queueMs: 0,
      upstreamMs: 310.26,
      firstDeltaMs: 120,
    },
  };
}

export async function startHttp(options: HttpFixtureOptions = {}): Promise<HttpFixture> {
  const uploadDir = await mkdtemp(join(tmpdir(), 'rts-uploads-'));
  const config = loadConfig({ UPLOAD_DIR: uploadDir, ...options.env });
  const log: Record<string, unknown>[] = [];
  const logger = createLogger('info', {
    write: (line) => {
      log.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  const sessions = new SessionRegistry(new MemoryStore(), {
    ttlMs: config.sessions.ttlMs,
    max: config.sessions.max,
    defaultPrompt: config.translation.defaultPrompt,
    ...(config.translation.defaultTarget !== undefined && {
      defaultTarget: config.translation.defaultTarget,
    }),
  });
  const asked: HttpFixture['asked'] = [];
  const acted = options.translate ?? plainTranslate(sessions);
  const translate = asTranslate(acted, async (request, signal) => {
    const { question } = request;
    const recording = question.kind === 'recording' ? await contentOf(question.recording) : undefined;
    asked.push({ request, recording, signal });
  });

  await sweepUploads(uploadDir);
  await sweepUploads(config.jobs.dir, 'JOBS_DIR');
  const {
    express: app,
    handle,
    routes,
  } = createApp({
    config,
    logger,
    version: '1.2.3',
    translate,
    // A recording is a piece here, and costs its sound as the real one does.
    translateRecording: async (request, options) => {
      const result = await translate(request, options);
      const { inputAudioMs = 0 } = result.usage;
      options.onCharge?.(inputAudioMs);
      if (result.transcript !== undefined) options.onCharge?.(inputAudioMs);
      return result;
    },
    tracing: new Tracing('1.2.3'),
    metrics: new Metrics([]),
    sessions,
    // Jobs are made and never run here: see test/jobs.
    jobs: new Jobs(
      new JobStore(config.jobs.dir, throwFault),
      new LocalQueue(1, logger),
      { ...config.jobs, hearsRecordings: true },
      new EventEmitter(),
      logger,
    ),
    concurrency: new ConcurrencyLimit(config.access.maxConcurrentPerKey),
    // Nobody converses here: see test/relay.
    relay: new Relay(
      { url: 'ws://127.0.0.1:9', headers: {}, dialect: dialects.ga, model: 'none' },
      { max: 0, maxPerClient: 1, transcriptionModel: 'whisper-1', connectTimeoutMs: 1_000 },
      logger,
    ),
    upgrades: new Upgrades(),
    limiter: undefined,
    health: () => HEALTH,
    ready: () => Promise.resolve(READY),
    capabilities: () => Promise.resolve(CAPABILITIES),
    draining: () => false,
    ...options.deps,
  });
  const server = createHttpServer(handle, logger, options.server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    app,
    routes,
    config,
    sessions,
    asked,
    log,
    uploads: async () => (await readdir(uploadDir)).filter((name) => name !== 'jobs'),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await sessions.close();
      await rm(uploadDir, { recursive: true, force: true });
    },
  };
}

async function contentOf(recording: Recording): Promise<Buffer> {
  return typeof recording === 'string' ? await readFile(recording) : recording;
}

/** Waits until something has become true; the test's own deadline ends it. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A raw connection that keeps all it is told. */
export class RawClient {
  readonly socket: Socket;
  received = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
    // A reset is one way for a server to end a connection; `ended` resolves then too.
    this.socket.on('error', () => undefined);
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Resolves when the server has said something that matches. */
  async sees(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.received));
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    await until(() => this.socket.readableEnded || this.socket.destroyed);
  }

  leave(): void {
    this.socket.destroy();
  }
}

/** A multipart body made by hand, for what no client library would send. */
export const BOUNDARY = 'x-test-boundary';

export function part(disposition: string, content: string | Buffer, type?: string): Buffer {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')]);
}

export function multipart(...parts: Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;
