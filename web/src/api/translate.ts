/** Sends one translation request, and reports upload progress, then text and audio as they arrive. */
import { decodeBase64 } from '../audio/pcm.js';
import type { Service } from './service.js';
import { SseReader, type SseEvent } from './sse.js';
import { isObject, parseObject, nonEmptyString } from './json.js';
import { networkError, parseProblem, AppError } from './errors.js';

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

export interface TranslationResult {
  readonly text: string;
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly model: string | undefined;
  /** From acceptance by the service to the first word, if the service reports it. */
  readonly firstDeltaMs: number | undefined;
}

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

function toFormData({ question, profile, connectId, speak }: TranslationRequest): FormData {
  const form = new FormData();
  if (connectId !== undefined) form.set('connectId', connectId);
  else for (const [name, value] of Object.entries(profile)) if (value !== '') form.set(name, value);
  form.set('output', speak ? 'audio' : 'text');
  form.set('stream', 'true');
  // The file goes last, so that the service has the other fields when it arrives.
  if (question.kind === 'text') form.set('text', question.text);
  else form.set('file', question.file, question.name);
  return form;
}

/** Uses XMLHttpRequest, because fetch does not report upload progress. */
function send(
  service: Service,
  translation: TranslationRequest,
  key: string | undefined,
  listener: TranslationListener,
  signal: AbortSignal,
): Promise<TranslationResult> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const reader = new SseReader();
    let readChars = 0;
    let settled = false;

    const settle = (complete: () => void) => {
      settled = true;
      signal.removeEventListener('abort', abort);
      complete();
    };
    const abort = () => {
      settle(() => {
        reject(signal.reason as Error);
      });
      request.abort();
    };
    const readEvents = () => {
      if (settled || request.status !== 200) return;
      const events = reader.push(request.responseText.slice(readChars));
      readChars = request.responseText.length;
      for (const event of events) {
        const body = parseObject(event.data);
        if (event.name === 'translation.done')
          settle(() => {
            resolve(parseResult(body));
          });
        else if (event.name === 'error')
          settle(() => {
            reject(parseProblem(0, event.data, null, service.isErrorCode));
          });
        else dispatch(event, body, listener);
      }
    };

    request.upload.onprogress = ({ loaded, total }) => {
      listener.onUpload(total === 0 ? 1 : loaded / total);
    };
    request.upload.onload = () => {
      listener.onUpload(1);
    };
    request.onprogress = readEvents;
    request.onload = () => {
      readEvents();
      if (settled) return;
      const { status, responseText } = request;
      const failure =
        status === 200
          ? new AppError('translation-incomplete')
          : parseProblem(status, responseText, request.getResponseHeader('Retry-After'), service.isErrorCode);
      settle(() => {
        reject(failure);
      });
    };
    request.onerror = () => {
      if (!settled)
        settle(() => {
          reject(networkError());
        });
    };

    signal.addEventListener('abort', abort);
    request.open('POST', '/api/realtime/translate');
    request.setRequestHeader('Accept', 'text/event-stream');
    if (key !== undefined) request.setRequestHeader('Authorization', `Bearer ${key}`);
    request.send(toFormData(translation));
  });
}

function dispatch(event: SseEvent, body: Record<string, unknown>, listener: TranslationListener): void {
  if (event.name === 'translation.started') listener.onStarted(nonEmptyString(body.connectId) ?? '');
  if (event.name === 'translation.text.delta') listener.onText(nonEmptyString(body.delta) ?? '');
  if (event.name === 'translation.audio.delta')
    listener.onAudio(decodeBase64(nonEmptyString(body.base64) ?? ''));
}

function parseResult(body: Record<string, unknown>): TranslationResult {
  const timings = isObject(body.timings) ? body.timings : {};
  const firstDeltaMs = timings.firstDeltaMs;
  return {
    text: nonEmptyString(body.text) ?? '',
    source: nonEmptyString(body.source),
    target: nonEmptyString(body.target),
    model: nonEmptyString(body.model),
    firstDeltaMs: typeof firstDeltaMs === 'number' ? firstDeltaMs : undefined,
  };
}
