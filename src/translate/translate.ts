/** The use case: a sentence or a recording goes in, its translation comes back. Read this first. */
import type { AudioNormalizer } from '../audio/normalize.js';
import type { Cancellation } from '../cancellation.js';
import { GatewayError } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import type { Session } from '../session/profile.js';
import type { PendingResponse, UpstreamRequest } from '../upstream/pending-response.js';
import { createInSession, type SessionPorts } from './in-session.js';
import { toDetected, type LanguageDetector } from './language-detector.js';
import type { Translate, TranslateOptions, TranslateRequest, TranslationResult } from './request.js';
import type { TranslationTrace } from './trace.js';
import { TranscriptRequest } from './transcript.js';
import { toUpstreamRequest } from './upstream-request.js';

export interface TranslatePorts extends SessionPorts {
  readonly audio: AudioNormalizer;
  readonly pool: Pool;
  readonly languages: LanguageDetector;
}

export function createTranslate(ports: TranslatePorts): Translate {
  const inSession = createInSession(ports);
  const translatePiece = createTranslatePiece(ports);
  return (request, options) =>
    inSession(request, options.abort, async (session, trace) => {
      const { abort } = options;
      const prepared = await prepare(request.question, ports.audio, abort, trace);
      abort.throwIfAborted();
      return await translatePiece(request, prepared, session, trace, options);
    });
}

/** Translates one piece by one request upstream, within a session. */
export type TranslatePiece = (
  request: TranslateRequest,
  question: UpstreamRequest['question'],
  session: Session,
  trace: TranslationTrace,
  options: TranslateOptions,
) => Promise<TranslationResult>;

export function createTranslatePiece(
  ports: Pick<TranslatePorts, 'pool' | 'languages' | 'model'>,
): TranslatePiece {
  const { pool, languages, model } = ports;
  return async (request, prepared, session, trace, { abort, onEvent }) => {
    const { question, context, output } = request;
    const onlyWhole = onEvent === undefined;
    const piece = { context, question: prepared, output, onlyWhole };
    const pending = pool.request(toUpstreamRequest(session, piece));
    trace.pending = pending;
    const isSourceOpen = session.source === null;
    // Some µs, while upstream works.
    const ofText = isSourceOpen && question.kind === 'text' ? languages.detect(question.text) : undefined;
    const words =
      request.transcript === true && 'pcm' in prepared
        ? new TranscriptRequest(pool, prepared.pcm, session.source)
        : undefined;
    trace.transcript = words;
    abort.onAbort(() => {
      pending.fail(toGatewayError(abort.reason));
      words?.cancel(toGatewayError(abort.reason));
    });
    try {
      await deliver(pending, session, trace, onEvent);
      const outcome = words === undefined ? undefined : await words.result();
      abort.throwIfAborted();
      const { transcript } = outcome ?? {};
      const ofSpeech = isSourceOpen && transcript !== undefined ? languages.detect(transcript) : undefined;
      const ofEngine = isSourceOpen ? pending.detectedLanguage : undefined;
      const detectedSource = ofEngine === undefined ? await (ofText ?? ofSpeech) : toDetected(ofEngine);
      const result = toResult(request, session, trace, pending, model);
      result.detectedSource = detectedSource;
      return outcome === undefined ? result : Object.assign(result, outcome);
    } catch (error) {
      words?.cancel(toGatewayError(abort.aborted ? abort.reason : error));
      throw error;
    }
  };
}

/** Text is sent as it is, a recording as raw samples. */
async function prepare(
  question: TranslateRequest['question'],
  audio: AudioNormalizer,
  abort: Cancellation,
  trace: TranslationTrace,
): Promise<UpstreamRequest['question']> {
  if (question.kind === 'text') return { text: question.text };
  const { pcm, durationMs } = await trace.normalize(() => audio.normalize(question.recording, abort.signal));
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

/** @param answer the text, and the samples of a spoken reply. */
export function toResult(
  request: TranslateRequest,
  session: Session,
  { inputAudioMs, report }: TranslationTrace,
  { text, audio }: Pick<PendingResponse, 'text' | 'audio'>,
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
    detectedSource: undefined,
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
