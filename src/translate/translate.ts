/** The use case: a sentence or a recording goes in, its translation comes back. Read this first. */
import type { Logger } from 'pino';
import type { AudioNormalizer } from '../audio/normalize.js';
import type { Recording } from '../audio/recording.js';
import { TranslationTrace } from './trace.js';
import type { TranslationReport } from '../telemetry/reports.js';
import { GatewayError } from '../errors.js';
import { Interruption } from './interruption.js';
import type { Pool } from '../pool/pool.js';
import type { ProfileInput, Session } from '../session/profile.js';
import type { SessionRegistry } from '../session/registry.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { PendingResponse, UpstreamRequest } from '../upstream/pending-response.js';

export interface TranslateRequest {
  /** Opaque id of who asks; sessions belong to it. */
  readonly owner: string;
  /** The client's name for this request, for logs; two clients may send the same. */
  readonly requestId: string;
  readonly connectId?: string;
  readonly profile: ProfileInput;
  /** Helps, but is not translated. */
  readonly context?: string;
  readonly output: 'text' | 'audio';
  /** The text is wanted as it comes; else none of its pieces is told. */
  readonly asItComes: boolean;
  /** A recording may have any audio format; it stays the caller's to delete. */
  readonly question:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'recording'; readonly recording: Recording; readonly uploadMs: number };
  /** Told once, when all is over, however it ended. */
  readonly report?: (report: TranslationReport) => void;
}

/** What is told while a translation comes. */
export type TranslationEvent =
  /** The response has started upstream. */
  | { type: 'started'; connectId: string }
  | { type: 'text'; delta: string }
  /** PCM16 mono 24 kHz */
  | { type: 'audio'; pcm: Buffer };

/** Who waits for a translation. */
export interface Asker {
  /** Told each event as it comes; the next waits until this one is settled. Absent: only the whole result is of interest. */
  readonly tell?: ((event: TranslationEvent) => Promise<void>) | undefined;
  /** Who is told, once, that nobody waits any more; at once if that is so already. Each call takes the place of the one before. */
  readonly onGone: (tell: (reason: Error) => void) => void;
}

export interface TranslationResult {
  connectId: string;
  text: string;
  responses: string[];
  source: string | null;
  target: string | null;
  /** PCM16 mono 24 kHz, with output audio. */
  audio?: Buffer | undefined;
  usage: {
    inputTokens: number;
    outputTokens: number;
    totalTokens: number;
    /** Of a recording. */
    inputAudioMs?: number | undefined;
  };
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

/** Rejects with a GatewayError, or with the reason why nobody waits any more. */
export type Translate = (request: TranslateRequest, asker: Asker) => Promise<TranslationResult>;

export interface TranslatePorts {
  readonly sessions: SessionRegistry;
  readonly audio: AudioNormalizer;
  readonly pool: Pool;
  readonly provider: string;
  readonly model: string;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

export function createTranslate(ports: TranslatePorts): Translate {
  const { sessions, audio, pool, provider, model, logger, tracing } = ports;
  return async function translate(request, asker) {
    const { question, requestId } = request;
    // No answer waits for the session store: it may be slow, or just have gone away.
    const settle = (told: Promise<unknown>, failure: string): void => {
      told.catch((error: unknown) => {
        logger.warn({ err: error, requestId }, failure);
      });
    };
    const interruption = new Interruption();
    asker.onGone(interruption.abort);
    const lease = await sessions.acquire(request.owner, request.connectId, request.profile);
    lease.onDeleted(interruption.abort);
    const { session } = lease;
    const trace = new TranslationTrace(
      tracing,
      question.kind === 'recording' ? question.uploadMs : undefined,
    );
    try {
      const prepared = await prepare(request, audio, trace, interruption);
      if (interruption.reason !== undefined) throw interruption.reason;
      const pending = pool.request(upstreamRequest(request, session, prepared));
      trace.pending = pending;
      interruption.onAbort((reason) => {
        pending.fail(toGatewayError(reason));
      });
      await collectAudio(pending, session, trace, asker.tell);
      settle(lease.complete(), 'a completed translation was not counted');
      return toResult(request, session, trace, pending, model);
    } catch (error) {
      const { reason } = interruption;
      trace.error = reason ?? error;
      if (!trace.hasStarted) settle(lease.discard(), 'a session that nobody knows was not removed');
      // A client that is gone is no failure of the translation; any other end has its own error, with what had arrived.
      throw reason === undefined || reason instanceof GatewayError ? error : reason;
    } finally {
      trace.recordSpans(() => ({
        'gen_ai.provider.name': provider,
        'gen_ai.request.model': model,
        'translation.source': session.source ?? undefined,
        'translation.target': session.target ?? undefined,
        'translation.output': request.output,
      }));
      request.report?.(trace.report);
      lease.release();
    }
  };
}

/** Words go as they are, recordings as raw samples. */
async function prepare(
  { question }: TranslateRequest,
  audio: AudioNormalizer,
  trace: TranslationTrace,
  interruption: Interruption,
): Promise<UpstreamRequest['question']> {
  if (question.kind === 'text') return { text: question.text };
  const interrupted = new AbortController();
  interruption.onAbort((reason) => {
    interrupted.abort(reason);
  });
  const { pcm, durationMs } = await trace.normalize(() =>
    audio.normalize(question.recording, interrupted.signal),
  );
  trace.inputAudioMs = durationMs;
  return { pcm };
}

/** Takes the answer to its end. */
async function collectAudio(
  pending: PendingResponse,
  { connectId }: Session,
  trace: TranslationTrace,
  tell: Asker['tell'],
): Promise<void> {
  if (tell === undefined) {
    await pending.done();
    return;
  }
  for await (const chunk of pending) {
    trace.hasStarted = true;
    await tell(chunk.type === 'started' ? { type: 'started', connectId } : chunk);
  }
}

/** Why an answer that nobody waits for ends: told to nobody but upstream's books. */
function toGatewayError(reason: Error): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError('request-timeout', 'The client went away before the answer was whole.', {
    cause: reason,
  });
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
    onlyWhole: !asItComes,
    voice: voice ?? undefined,
    metadata: {
      ...(source !== null && { source_language: source }),
      ...(target !== null && { target_language: target }),
    },
  };
}

function toResult(
  request: TranslateRequest,
  session: Session,
  { inputAudioMs, report }: TranslationTrace,
  { text, audio, usage }: PendingResponse,
  model: string,
): TranslationResult {
  const { uploadMs, normalizeMs, queueMs = 0, upstreamMs = 0, firstDeltaMs = upstreamMs } = report.timings;
  return {
    connectId: session.connectId,
    text,
    responses: [text],
    source: session.source,
    target: session.target,
    audio: request.output === 'audio' ? Buffer.concat(audio) : undefined,
    usage: {
      inputTokens: usage?.inputTokens ?? 0,
      outputTokens: usage?.outputTokens ?? 0,
      totalTokens: usage?.totalTokens ?? 0,
      inputAudioMs: inputAudioMs === undefined ? undefined : Math.round(inputAudioMs),
    },
    model,
    requestId: request.requestId,
    timings: { uploadMs, normalizeMs, queueMs, upstreamMs, firstDeltaMs },
  };
}
