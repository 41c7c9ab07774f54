/** The use case: a sentence or a recording goes in, its translation comes back. Read this first. */
import type { Logger } from 'pino';
import type { AudioNormalizer } from './audio/normalize.js';
import type { Recording } from './audio/recording.js';
import { Course, type TranslationReport } from './course.js';
import { GatewayError } from './errors.js';
import type { Pool } from './pool/pool.js';
import type { ProfileWish, Session } from './session/profile.js';
import type { Lease, SessionRegistry } from './session/registry.js';
import type { Tracing } from './tracing.js';
import type { PendingResponse, UpstreamRequest } from './upstream/response.js';

export interface TranslateRequest {
  /** Opaque id of who asks; sessions belong to it. */
  readonly owner: string;
  /** The client's name for this request, for logs; two clients may send the same. */
  readonly requestId: string;
  readonly connectId?: string;
  readonly wish: ProfileWish;
  /** Helps, but is not translated. */
  readonly context?: string;
  readonly output: 'text' | 'audio';
  /** The text is wanted as it comes; else its pieces may be told together. */
  readonly asItComes: boolean;
  /** A recording may have any audio format; it stays the caller's to delete. */
  readonly question:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'recording'; readonly recording: Recording; readonly uploadMs: number };
  /** Told once, when all is over, however it ended. */
  readonly report?: (report: TranslationReport) => void;
}

export type TranslationEvent =
  /** The response has started upstream. */
  | { type: 'started'; connectId: string }
  | { type: 'text'; delta: string }
  /** PCM16 mono 24 kHz */
  | { type: 'audio'; pcm: Buffer }
  | { type: 'done'; result: TranslationResult };

export interface TranslationResult {
  connectId: string;
  text: string;
  responses: string[];
  source: string | null;
  target: string | null;
  /** PCM16 mono 24 kHz, with output audio. */
  audio?: Buffer;
  usage: { inputTokens: number; outputTokens: number; totalTokens: number; inputAudioMs?: number };
  model: string;
  requestId: string;
  timings: {
    uploadMs?: number | undefined;
    normalizeMs?: number | undefined;
    queueMs: number;
    upstreamMs: number;
    firstDeltaMs: number;
  };
}

/** Ends with `done`, or throws a GatewayError; an aborted signal ends it with the signal's reason. */
export type Translate = (
  request: TranslateRequest,
  signal: AbortSignal,
) => AsyncGenerator<TranslationEvent, void, void>;

export interface TranslateRooms {
  readonly sessions: SessionRegistry;
  readonly audio: AudioNormalizer;
  readonly pool: Pool;
  readonly provider: string;
  readonly model: string;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

export function createTranslate(rooms: TranslateRooms): Translate {
  const { sessions, audio, pool, provider, model, logger, tracing } = rooms;
  return async function* translate(request, signal) {
    const lease = await sessions.acquire(request.owner, request.connectId, request.wish);
    const { session } = lease;
    const { question } = request;
    const course = new Course(tracing, question.kind === 'recording' ? question.uploadMs : undefined);
    const spoken: Buffer[] = [];
    let isTold = false;
    try {
      const prepared = await prepare(request, audio, course, signal, lease);
      const pending = pool.request(upstreamRequest(request, session, prepared), signal);
      course.pending = pending;
      lease.onDeleted((closed) => {
        pending.fail(closed);
      });
      for await (const chunk of pending) {
        if (chunk.type === 'audio') spoken.push(chunk.pcm);
        isTold = true;
        yield chunk.type === 'started' ? { type: 'started', connectId: session.connectId } : chunk;
      }
      await lease.complete().catch((error: unknown) => {
        // The translation is there: a store that just went away must not take it from the client.
        logger.warn({ err: error, requestId: request.requestId }, 'a completed translation was not counted');
      });
      yield { type: 'done', result: describe(request, session, course, pending, spoken, model) };
    } catch (error) {
      course.error = signal.aborted ? signal.reason : error;
      if (!isTold) await lease.discard();
      // A client that is gone is no failure of the translation; any other end has its own error, with what had arrived.
      if (signal.aborted && !(signal.reason instanceof GatewayError)) throw signal.reason;
      throw error;
    } finally {
      course.trace(() => ({
        'gen_ai.provider.name': provider,
        'gen_ai.request.model': model,
        'translation.source': session.source ?? undefined,
        'translation.target': session.target ?? undefined,
        'translation.output': request.output,
      }));
      request.report?.(course.report);
      lease.release();
    }
  };
}

/** Words go as they are, recordings as raw samples. */
async function prepare(
  { question }: TranslateRequest,
  audio: AudioNormalizer,
  course: Course,
  signal: AbortSignal,
  lease: Lease,
): Promise<UpstreamRequest['question']> {
  if (question.kind === 'text') return { text: question.text };
  const deleted = new AbortController();
  lease.onDeleted((closed) => {
    deleted.abort(closed);
  });
  const either = AbortSignal.any([signal, deleted.signal]);
  const { pcm, durationMs } = await course.normalize(() => audio.normalize(question.recording, either));
  course.inputAudioMs = durationMs;
  return { pcm };
}

function upstreamRequest(
  { context, output, asItComes }: TranslateRequest,
  { prompt, source, target, voice }: Session,
  question: UpstreamRequest['question'],
): UpstreamRequest {
  return {
    prompt,
    context,
    question,
    output,
    inOnePiece: !asItComes,
    voice: voice ?? undefined,
    metadata: {
      ...(source !== null && { source_language: source }),
      ...(target !== null && { target_language: target }),
    },
  };
}

function describe(
  request: TranslateRequest,
  session: Session,
  { inputAudioMs, report }: Course,
  { text, usage }: PendingResponse,
  spoken: Buffer[],
  model: string,
): TranslationResult {
  const { queueMs = 0, upstreamMs = 0, firstDeltaMs = upstreamMs, ...before } = report.timings;
  return {
    connectId: session.connectId,
    text,
    responses: [text],
    source: session.source,
    target: session.target,
    ...(request.output === 'audio' && { audio: Buffer.concat(spoken) }),
    usage: {
      ...(usage ?? { inputTokens: 0, outputTokens: 0, totalTokens: 0 }),
      ...(inputAudioMs !== undefined && { inputAudioMs: Math.round(inputAudioMs) }),
    },
    model,
    requestId: request.requestId,
    timings: { ...before, queueMs, upstreamMs, firstDeltaMs },
  };
}
