/** The use case: a sentence or a recording goes in, its translation comes back. Read this first. */
import type { Logger } from 'pino';
import type { AudioNormalizer } from '../audio/normalize.js';
import { GatewayError } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import type { Session } from '../session/profile.js';
import type { SessionRegistry } from '../session/registry.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { PendingResponse, UpstreamRequest } from '../upstream/pending-response.js';
import type { LanguageDetector } from './language-detector.js';
import type {
  DetectedLanguage,
  Translate,
  TranslateOptions,
  TranslateRequest,
  TranslationResult,
} from './request.js';
import { TranslationTrace } from './trace.js';
import { TranscriptRequest } from './transcript.js';
import { toUpstreamRequest } from './upstream-request.js';

export interface TranslatePorts {
  readonly sessions: SessionRegistry;
  readonly audio: AudioNormalizer;
  readonly pool: Pool;
  readonly languages: LanguageDetector;
  readonly provider: string;
  readonly model: string;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

export function createTranslate(ports: TranslatePorts): Translate {
  const { sessions, audio, pool, languages, provider, model, logger, tracing } = ports;

  /** Never rejects: a translation is worth more than the name of its source. */
  async function detect(text: string, requestId: string): Promise<DetectedLanguage | undefined> {
    try {
      return await languages.detect(text);
    } catch (error) {
      logger.warn({ err: error, requestId }, 'the language of a question was not detected');
      return undefined;
    }
  }

  return async function translate(request, { abort, onEvent }) {
    const { signal } = abort;
    const { question, requestId } = request;
    // The answer does not wait for what is counted or removed behind it: the store may be slow or unreachable.
    const inBackground = (work: Promise<unknown>, failure: string): void => {
      work.catch((error: unknown) => {
        logger.warn({ err: error, requestId }, failure);
      });
    };
    const lease = await sessions.acquire(request.owner, request.connectId, request.profile, abort);
    const { session } = lease;
    const trace = new TranslationTrace(
      tracing,
      question.kind === 'recording' ? question.uploadMs : undefined,
    );
    try {
      const prepared = await prepare(question, audio, signal, trace);
      signal.throwIfAborted();
      const { context, output } = request;
      const onlyWhole = onEvent === undefined;
      const pending = pool.request(
        toUpstreamRequest(session, { context, question: prepared, output, onlyWhole }),
      );
      trace.pending = pending;
      const isSourceOpen = session.source === null;
      // Some µs, while upstream works.
      const ofText = isSourceOpen && question.kind === 'text' ? detect(question.text, requestId) : undefined;
      trace.transcript =
        request.transcript === true && 'pcm' in prepared
          ? new TranscriptRequest(pool, prepared.pcm, session.source)
          : undefined;
      signal.addEventListener('abort', () => {
        pending.fail(toGatewayError(signal.reason));
        trace.transcript?.cancel(toGatewayError(signal.reason));
      });
      await deliver(pending, session, trace, onEvent);
      const words = await trace.transcript?.result();
      signal.throwIfAborted();
      inBackground(lease.complete(), 'a completed translation was not counted');
      const { transcript } = words ?? {};
      const ofSpeech = isSourceOpen && transcript !== undefined ? detect(transcript, requestId) : undefined;
      const detectedSource = await (ofText ?? ofSpeech);
      return { ...toResult(request, session, trace, pending, model), ...words, detectedSource };
    } catch (error) {
      trace.error = signal.aborted ? signal.reason : error;
      trace.transcript?.cancel(toGatewayError(trace.error));
      // A client that received no event does not know the id of a new session.
      if (!trace.hasDelivered)
        inBackground(lease.discard(), 'a session that no client knows was not removed');
      // What the pool fails with is a GatewayError; a client that disconnected did not make the translation fail.
      throw signal.aborted && !(signal.reason instanceof GatewayError) ? signal.reason : error;
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

/** Text is sent as it is, a recording as raw samples. */
async function prepare(
  question: TranslateRequest['question'],
  audio: AudioNormalizer,
  signal: AbortSignal,
  trace: TranslationTrace,
): Promise<UpstreamRequest['question']> {
  if (question.kind === 'text') return { text: question.text };
  const { pcm, durationMs } = await trace.normalize(() => audio.normalize(question.recording, signal));
  trace.inputAudioMs = durationMs;
  return { pcm };
}

/** Waits for the end of the response, and passes its events on if they are wanted. */
async function deliver(
  pending: PendingResponse,
  { connectId }: Session,
  trace: TranslationTrace,
  onEvent: TranslateOptions['onEvent'],
): Promise<void> {
  if (onEvent === undefined) {
    await pending.done();
    return;
  }
  for await (const chunk of pending) {
    await onEvent(chunk.type === 'started' ? { type: 'started', connectId } : chunk);
    trace.hasDelivered = true;
  }
}

/** Why a response was cancelled, for the pool's counters; no client receives it. */
function toGatewayError(reason: unknown): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError('request-timeout', 'The client disconnected before the response was complete.', {
    cause: reason,
  });
}

function toResult(
  request: TranslateRequest,
  session: Session,
  { inputAudioMs, report }: TranslationTrace,
  { text, audio }: PendingResponse,
  model: string,
): TranslationResult {
  const { usage } = report;
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
