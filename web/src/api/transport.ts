/** Posts a body and reads the answer as text while it arrives: by fetch, or by XMLHttpRequest, which alone tells of the upload. */
import { networkError } from './errors.js';

export interface StreamRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: FormData;
  /** @param fraction of the body that has been sent, 0 to 1. */
  onUpload(fraction: number): void;
  /** The next part of the answer's body, if its status is 200. */
  onText(chunk: string): void;
  readonly signal: AbortSignal;
}

/** An answer with another status than 200, whole: why it was refused, or that it was accepted (202). */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
}

/**
 * Each access to `responseText` copies all of it, so that reading at every progress event takes time that is quadratic
 * in the length. Reading this often costs a copy of at most 15 MB (a spoken reply of 4 minutes) four times a second.
 */
const READ_INTERVAL_MS = 250;
/** Text alone, or the first 4 s of a spoken reply: copies of this are nothing, and the sound begins without a gap. */
const READ_AT_ONCE_CHARS = 256 * 1024;

/** @returns undefined when the answer has been read to its end. @throws AppError without an answer, or what `signal` says. */
export async function postByFetch(request: StreamRequest): Promise<Refusal | undefined> {
  const response = await fetch(request.path, {
    method: 'POST',
    headers: request.headers,
    body: request.body,
    signal: request.signal,
  }).catch((thrown: unknown) => {
    throw request.signal.aborted ? thrown : networkError();
  });
  request.onUpload(1);
  if (response.status !== 200 || response.body === null) {
    return {
      status: response.status,
      body: await response.text(),
      retryAfter: response.headers.get('Retry-After'),
    };
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    request.onText(decoder.decode(value, { stream: true }));
  }
  request.onText(decoder.decode());
  return undefined;
}

/** As `postByFetch`, with progress of the upload. */
export function postByXhr(request: StreamRequest): Promise<Refusal | undefined> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let readChars = 0;
    let readTimer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      clearTimeout(readTimer);
      readTimer = undefined;
      if (xhr.status !== 200) return;
      const text = xhr.responseText;
      request.onText(text.slice(readChars));
      readChars = text.length;
    };
    const abort = () => {
      xhr.abort();
    };
    const settle = (complete: () => void) => {
      clearTimeout(readTimer);
      request.signal.removeEventListener('abort', abort);
      complete();
    };

    xhr.upload.onprogress = ({ loaded, total }) => {
      request.onUpload(total === 0 ? 1 : loaded / total);
    };
    xhr.upload.onload = () => {
      request.onUpload(1);
    };
    xhr.onprogress = () => {
      if (readChars < READ_AT_ONCE_CHARS) read();
      else readTimer ??= setTimeout(read, READ_INTERVAL_MS);
    };
    xhr.onload = () => {
      read();
      settle(() => {
        resolve(
          xhr.status === 200
            ? undefined
            : {
                status: xhr.status,
                body: xhr.responseText,
                retryAfter: xhr.getResponseHeader('Retry-After'),
              },
        );
      });
    };
    xhr.onerror = () => {
      read();
      settle(() => {
        reject(networkError());
      });
    };
    xhr.onabort = () => {
      settle(() => {
        reject(request.signal.reason as Error);
      });
    };
    request.signal.addEventListener('abort', abort);
    xhr.open('POST', request.path);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    xhr.send(request.body);
  });
}
