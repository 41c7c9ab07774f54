/** Sends one translation request, and reports upload progress, then text and audio as they arrive. */
import { decodeBase64 } from '../audio/pcm.js';
import { AppError, networkError, parseProblem, type IsErrorCode } from './errors.js';
import { isObject, parseObject, nonEmptyString } from './json.js';
import type { components } from './openapi.js';
import type { Service } from './service.js';
import { SseReader, type SseEvent } from './sse.js';
import { postByFetch, postByXhr, type StreamRequest } from './transport.js';

export type Question =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'recording'; readonly file: Blob; readonly name: string };

/** The settings of a session. An empty string means the default of the service. */
export type Profile = {
  source: string;
  target: string;
  voice: string;
  prompt: string;
};

export interface TranslationRequest {
  readonly question: Question;
  readonly profile: Readonly<Profile>;
  /** A session that was created with the same profile. */
  readonly connectId: string | undefined;
  readonly speak: boolean;
}

export interface TranslationListener {
  /** @param fraction of the upload that has been sent, 0 to 1. */
  onUpload(fraction: number): void;
  onStarted(connectId: string): void;
  onText(delta: string): void;
  onAudio(pcm: Int16Array<ArrayBuffer>): void;
}

type Answer = components['schemas']['Translation'];

export type TokenUsage = NonNullable<Answer['usage']>;

export interface DetectedSource {
  readonly language: string;
  /** 0 to 1, where the service knows it. */
  readonly confidence: number | undefined;
}

/** The answer in the page's words: absent is undefined, never null. */
export interface TranslationResult {
  readonly text: string;
  readonly source: string | undefined;
  readonly target: string | undefined;
  /** What was heard in a recording. */
  readonly transcript: string | undefined;
  readonly detectedSource: DetectedSource | undefined;
  readonly usage: TokenUsage | undefined;
  readonly model: string | undefined;
  /** From acceptance by the service to the first word, if the service reports it. */
  readonly firstDeltaMs: number | undefined;
}

/** A smaller body is sent before progress could be seen, so it goes by fetch, whose answer is read without copies. */
const PROGRESS_FROM_BYTES = 64 * 1024;

/** @throws AppError for every failure, or the reason of `signal` when it is aborted. */
export async function translate(
  service: Service,
  translation: TranslationRequest,
  listener: TranslationListener,
  signal: AbortSignal,
): Promise<TranslationResult> {
  for (;;) {
    const { key } = service.apiKeys;
    try {
      return await send(service, translation, key, listener, signal);
    } catch (thrown) {
      const rejected = thrown instanceof AppError && thrown.code === 'unauthorized';
      if (!rejected || !(await service.apiKeys.renew(key))) throw thrown;
    }
  }
}

async function send(
  service: Service,
  translation: TranslationRequest,
  key: string | undefined,
  listener: TranslationListener,
  signal: AbortSignal,
): Promise<TranslationResult> {
  signal.throwIfAborted();
  const answer = new AnswerReader(listener, service.isErrorCode);
  const request: StreamRequest = {
    path: '/api/realtime/translate',
    headers: {
      Accept: 'text/event-stream',
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
    },
    body: toFormData(translation),
    onUpload: (fraction) => {
      listener.onUpload(fraction);
    },
    onText: (chunk) => {
      answer.push(chunk);
    },
    signal,
  };
  const { question } = translation;
  const isLarge = question.kind === 'recording' && question.file.size > PROGRESS_FROM_BYTES;
  try {
    const refusal = await (isLarge ? postByXhr(request) : postByFetch(request));
    if (refusal !== undefined)
      throw parseProblem(refusal.status, refusal.body, refusal.retryAfter, service.isErrorCode);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    // The network may fail after the last event.
    if (answer.outcome === undefined) throw thrown instanceof AppError ? thrown : networkError();
  }
  if (answer.outcome === undefined) throw new AppError('translation-incomplete', { retryable: true });
  if (answer.outcome instanceof AppError) throw answer.outcome;
  return answer.outcome;
}

/** Reads the events of an answer. Its outcome is what the last of them said. */
class AnswerReader {
  outcome: TranslationResult | AppError | undefined;
  readonly #events = new SseReader();
  readonly #listener: TranslationListener;
  readonly #isErrorCode: IsErrorCode;

  constructor(listener: TranslationListener, isErrorCode: IsErrorCode) {
    this.#listener = listener;
    this.#isErrorCode = isErrorCode;
  }

  push(chunk: string): void {
    for (const event of this.#events.push(chunk)) this.#dispatch(event);
  }

  #dispatch({ name, data }: SseEvent): void {
    const body = parseObject(data);
    if (name === 'translation.started') this.#listener.onStarted(nonEmptyString(body.connectId) ?? '');
    else if (name === 'translation.text.delta') this.#listener.onText(nonEmptyString(body.delta) ?? '');
    else if (name === 'translation.audio.delta')
      this.#listener.onAudio(decodeBase64(nonEmptyString(body.base64) ?? ''));
    else if (name === 'translation.done') this.outcome = toResult(body);
    else if (name === 'error') this.outcome = parseProblem(0, data, null, this.#isErrorCode);
  }
}

function toFormData({ question, profile, connectId, speak }: TranslationRequest): FormData {
  const form = new FormData();
  if (connectId !== undefined) form.set('connectId', connectId);
  else for (const [name, value] of Object.entries(profile)) if (value !== '') form.set(name, value);
  form.set('output', speak ? 'audio' : 'text');
  form.set('stream', 'true');
  // The file goes last, so that the service has the other fields when it arrives.
  if (question.kind === 'text') form.set('text', question.text);
  else {
    form.set('transcript', 'true');
    form.set('file', question.file, question.name);
  }
  return form;
}

function toResult(body: Record<string, unknown>): TranslationResult {
  const answer = body as Partial<Answer>;
  const { detectedSource } = body;
  const language = isObject(detectedSource) ? nonEmptyString(detectedSource.language) : undefined;
  const confidence = isObject(detectedSource) ? detectedSource.confidence : undefined;
  return {
    text: answer.text ?? '',
    source: answer.source ?? undefined,
    target: answer.target ?? undefined,
    transcript: nonEmptyString(body.transcript),
    detectedSource:
      language === undefined
        ? undefined
        : { language, confidence: typeof confidence === 'number' ? confidence : undefined },
    usage: answer.usage,
    model: answer.model,
    firstDeltaMs: answer.timings?.firstDeltaMs,
  };
}
