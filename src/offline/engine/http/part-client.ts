/** Calls a part over HTTP: one deadline, one retry, no redirects, and every failure as a PartError. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PartError, type FailureExtras, type FailureKind, type PartName } from './part-error.js';

export interface PartClientOptions {
  readonly part: PartName;
  /** With the credentials; never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly logger: Pick<Logger, 'warn'> | undefined;
}

export interface PartRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer<ArrayBuffer>;
}

/** The wait before a retry where the server names none. */
const DEFAULT_RETRY_MS = 500;
/** DeepL's status for a used-up quota. */
const QUOTA_EXCEEDED = 456;

/** An answer with a status of success. `close` must be called; it ends what is still running. */
export interface PartAnswer {
  readonly contentType: string;
  /** The body as it comes. @throws PartError; the caller's `signal.reason` when aborted */
  chunks(): AsyncIterable<Buffer>;
  close(): void;
}

/** An attempt that failed; `retryInMs` is undefined where a second one would fail as well. */
class FailedAttempt extends Error {
  readonly error: PartError;
  readonly retryInMs: number | undefined;

  constructor(error: PartError, retryInMs: number | undefined) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryInMs = retryInMs;
  }
}

export class PartClient {
  readonly part: PartName;
  readonly #options: PartClientOptions;

  constructor(options: PartClientOptions) {
    this.part = options.part;
    this.#options = options;
  }

  /** Makes the failure of this part. */
  failure(kind: FailureKind, what: string, extras?: FailureExtras): PartError {
    return new PartError(this.part, kind, what, extras);
  }

  /**
   * Resolves when the first bytes of the body have come, or its end. A lost connection before that, 429 and 503 are
   * retried once, the latter two after `Retry-After` where that lies within the deadline.
   */
  async open(request: PartRequest, signal: AbortSignal): Promise<PartAnswer> {
    const call = new Call(this.#options.timeoutMs, signal, this);
    try {
      return await this.#attempt(request, call);
    } catch (thrown) {
      if (!(thrown instanceof FailedAttempt)) {
        call.close();
        throw thrown;
      }
      const { error, retryInMs } = thrown;
      this.#log(error, request.url, retryInMs);
      if (retryInMs === undefined || retryInMs >= call.leftMs) {
        call.close();
        throw error;
      }
      return await this.#retry(request, call, retryInMs);
    }
  }

  /** The whole body. @throws PartError also where it is longer than `maxBytes` */
  async read(request: PartRequest, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const answer = await this.open(request, signal);
    try {
      return await this.#collect(answer, maxBytes);
    } finally {
      answer.close();
    }
  }

  /** The body as JSON. */
  async readJson(request: PartRequest, maxBytes: number, signal: AbortSignal): Promise<unknown> {
    const body = await this.read(request, maxBytes, signal);
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch {
      throw this.failure('rejected', 'answered with something that is not JSON');
    }
  }

  async #collect(answer: PartAnswer, maxBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.chunks()) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw this.failure('overlong', `answered with more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async #retry(request: PartRequest, call: Call, waitMs: number): Promise<PartAnswer> {
    try {
      await wait(waitMs, undefined, { signal: call.signal });
      return await this.#attempt(request, call);
    } catch (thrown) {
      const reason = call.reasonOr(thrown);
      call.close();
      if (!(thrown instanceof FailedAttempt)) throw reason;
      this.#log(thrown.error, request.url, undefined);
      throw thrown.error;
    }
  }

  async #attempt({ url, method, headers, body }: PartRequest, call: Call): Promise<PartAnswer> {
    const response = await fetch(url, {
      method,
      headers: { ...this.#options.headers, ...headers },
      redirect: 'manual',
      signal: call.signal,
      ...(body !== undefined && { body }),
    }).catch((error: unknown) => {
      throw this.#lost(call, error);
    });
    if (!response.ok) {
      // An answer that is not read keeps its connection.
      await response.body?.cancel().catch(() => undefined);
      throw this.#refused(response);
    }
    const reader = bytesOf(response)?.getReader();
    const first = await reader?.read().catch((error: unknown) => {
      throw this.#lost(call, error);
    });
    return {
      contentType: response.headers.get('content-type') ?? '',
      chunks: () => this.#chunks(call, reader, first),
      close: () => {
        call.close();
      },
    };
  }

  async *#chunks(
    call: Call,
    reader: BodyReader | undefined,
    first: Awaited<ReturnType<BodyReader['read']>> | undefined,
  ): AsyncGenerator<Buffer, void, void> {
    if (reader === undefined) return;
    let next = first;
    while (next?.done === false) {
      yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      next = await reader.read().catch(() => {
        throw call.reasonOr(this.failure('unavailable', 'closed the connection in the middle of its answer'));
      });
    }
  }

  /** The connection failed before the first byte: the caller's reason, or an attempt that may be repeated. */
  #lost(call: Call, error: unknown): unknown {
    if (call.signal.aborted) return call.reasonOr(error);
    return new FailedAttempt(this.failure('unavailable', 'cannot be reached, or closed the connection'), 0);
  }

  #refused({ status, headers }: Response): FailedAttempt {
    const retryAfterMs = parseRetryAfterHeader(headers.get('retry-after'));
    const answered = `answered with HTTP ${status}`;
    if (status === 429) {
      const error = this.failure('rate_limited', 'is at its rate limit', {
        httpStatus: status,
        retryAfterMs,
      });
      return new FailedAttempt(error, retryAfterMs ?? DEFAULT_RETRY_MS);
    }
    if (status === QUOTA_EXCEEDED)
      return new FailedAttempt(
        this.failure('rate_limited', 'has used up its quota', { httpStatus: status }),
        undefined,
      );
    if (status >= 500 || status === 408) {
      const error = this.failure('unavailable', answered, { httpStatus: status, retryAfterMs });
      return new FailedAttempt(error, status === 503 ? (retryAfterMs ?? DEFAULT_RETRY_MS) : undefined);
    }
    const isRedirect = status >= 300 && status < 400;
    const what = isRedirect ? 'redirects to another address, which is not followed' : refusal(status);
    return new FailedAttempt(this.failure('rejected', what, { httpStatus: status }), undefined);
  }

  #log({ kind, message }: PartError, url: string, retryInMs: number | undefined): void {
    const { host, pathname } = new URL(url);
    this.#options.logger?.warn({ part: this.part, host, pathname, kind, retryInMs }, message);
  }
}

function refusal(status: number): string {
  if (status === 401 || status === 403) return `refused the key (HTTP ${status})`;
  if (status === 404) return 'has no such address or model (HTTP 404); the address usually ends in /v1';
  return `refused the request (HTTP ${status})`;
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** fetch declares the body without the type of its chunks. */
function bytesOf({ body }: Response): ReadableStream<Uint8Array> | null {
  return body;
}

/** One call with its retry: a deadline and the caller's signal in one. */
class Call {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #endsAt: number;
  readonly #caller: AbortSignal;

  constructor(timeoutMs: number, caller: AbortSignal, client: PartClient) {
    this.#endsAt = performance.now() + timeoutMs;
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.#abort.abort(client.failure('timeout', `did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    if (caller.aborted) this.#onCallerAborted();
    else caller.addEventListener('abort', this.#onCallerAborted);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get leftMs(): number {
    return this.#endsAt - performance.now();
  }

  /** Why it was aborted, if it was; else `error`. */
  reasonOr(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }

  /** Ends the call and closes its connection, if it is still running. */
  close(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#onCallerAborted);
    this.#abort.abort(new Error('The call is over.'));
  }

  readonly #onCallerAborted = (): void => {
    this.#abort.abort(this.#caller.reason);
  };
}

/** `Retry-After` holds seconds or an HTTP date (RFC 9110, 10.2.3). */
function parseRetryAfterHeader(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
