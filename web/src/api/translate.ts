/** One translation: the upload's progress, then the words and the sound as they come. */
import { decodeBase64 } from '../audio/pcm.js';
import type { Service } from './service.js';
import { SseReader, type SseEvent } from './sse.js';
import { isObject, parseObject, textOf } from './json.js';
import { noAnswer, readProblem, Trouble } from './trouble.js';

export type Question =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'recording'; readonly file: Blob; readonly name: string };

/** What shapes a session; empty strings leave it to the service. */
export type Profile = {
  source: string;
  target: string;
  voice: string;
  prompt: string;
};

export interface Order {
  readonly question: Question;
  readonly profile: Readonly<Profile>;
  /** A session made earlier with this very profile. */
  readonly connectId: string | undefined;
  readonly speak: boolean;
}

export interface TranslationListener {
  /** @param fraction of the upload that has left, 0 to 1. */
  onUpload(fraction: number): void;
  onStarted(connectId: string): void;
  onText(delta: string): void;
  onAudio(pcm: Int16Array<ArrayBuffer>): void;
}

export interface TranslationDone {
  readonly text: string;
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly model: string | undefined;
  /** From the service's acceptance to the first word, where it tells. */
  readonly firstDeltaMs: number | undefined;
}

/** @throws Trouble for every failure; rejects with the signal's reason when aborted. */
export async function translate(
  service: Service,
  order: Order,
  listener: TranslationListener,
  signal: AbortSignal,
): Promise<TranslationDone> {
  for (;;) {
    const { key } = service.keys;
    try {
      return await send(service, order, key, listener, signal);
    } catch (thrown) {
      const refused = thrown instanceof Trouble && thrown.code === 'unauthorized';
      if (!refused || !(await service.keys.renew(key))) throw thrown;
    }
  }
}

function formOf({ question, profile, connectId, speak }: Order): FormData {
  const form = new FormData();
  if (connectId !== undefined) form.set('connectId', connectId);
  else for (const [name, value] of Object.entries(profile)) if (value !== '') form.set(name, value);
  form.set('output', speak ? 'audio' : 'text');
  form.set('stream', 'true');
  // The file goes last, so that the service knows the rest when it arrives.
  if (question.kind === 'text') form.set('text', question.text);
  else form.set('file', question.file, question.name);
  return form;
}

/** XMLHttpRequest, because fetch tells nothing of an upload's progress. */
function send(
  service: Service,
  order: Order,
  key: string | undefined,
  listener: TranslationListener,
  signal: AbortSignal,
): Promise<TranslationDone> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const reader = new SseReader();
    let read = 0;
    let ended = false;

    const settle = (act: () => void) => {
      ended = true;
      signal.removeEventListener('abort', abort);
      act();
    };
    const abort = () => {
      settle(() => {
        reject(signal.reason as Error);
      });
      request.abort();
    };
    const take = () => {
      if (ended || request.status !== 200) return;
      const events = reader.push(request.responseText.slice(read));
      read = request.responseText.length;
      for (const event of events) {
        const body = parseObject(event.data);
        if (event.name === 'translation.done')
          settle(() => {
            resolve(readDone(body));
          });
        else if (event.name === 'error')
          settle(() => {
            reject(readProblem(0, event.data, null, service.knowsCode));
          });
        else pass(event, body, listener);
      }
    };

    request.upload.onprogress = ({ loaded, total }) => {
      listener.onUpload(total === 0 ? 1 : loaded / total);
    };
    request.upload.onload = () => {
      listener.onUpload(1);
    };
    request.onprogress = take;
    request.onload = () => {
      take();
      if (ended) return;
      const { status, responseText } = request;
      const failure =
        status === 200
          ? new Trouble('translation-incomplete')
          : readProblem(status, responseText, request.getResponseHeader('Retry-After'), service.knowsCode);
      settle(() => {
        reject(failure);
      });
    };
    request.onerror = () => {
      if (!ended)
        settle(() => {
          reject(noAnswer());
        });
    };

    signal.addEventListener('abort', abort);
    request.open('POST', '/api/realtime/translate');
    request.setRequestHeader('Accept', 'text/event-stream');
    if (key !== undefined) request.setRequestHeader('Authorization', `Bearer ${key}`);
    request.send(formOf(order));
  });
}

function pass(event: SseEvent, body: Record<string, unknown>, listener: TranslationListener): void {
  if (event.name === 'translation.started') listener.onStarted(textOf(body.connectId) ?? '');
  if (event.name === 'translation.text.delta') listener.onText(textOf(body.delta) ?? '');
  if (event.name === 'translation.audio.delta') listener.onAudio(decodeBase64(textOf(body.base64) ?? ''));
}

function readDone(body: Record<string, unknown>): TranslationDone {
  const timings = isObject(body.timings) ? body.timings : {};
  const firstDeltaMs = timings.firstDeltaMs;
  return {
    text: textOf(body.text) ?? '',
    source: textOf(body.source),
    target: textOf(body.target),
    model: textOf(body.model),
    firstDeltaMs: typeof firstDeltaMs === 'number' ? firstDeltaMs : undefined,
  };
}
