/**
 * Every error that a request can end with: its code, HTTP status, title and whether a retry can help.
 * Everything thrown on purpose is a GatewayError; everything else is a bug, and the client gets `internal`.
 */
import { types } from 'node:util';

interface Cause {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  /** Default wait before a retry. Absent: waiting does not help, or the time is not known. */
  readonly retryAfterMs?: number;
}

const CAUSES = {
  'invalid-request': { status: 400, title: 'Invalid request', retryable: false },
  unauthorized: { status: 401, title: 'Unauthorized', retryable: false },
  forbidden: { status: 403, title: 'Forbidden', retryable: false },
  'session-not-found': { status: 404, title: 'Session not found', retryable: false },
  'job-not-found': { status: 404, title: 'Job not found', retryable: false },
  'not-found': { status: 404, title: 'Not found', retryable: false },
  'method-not-allowed': { status: 405, title: 'Method not allowed', retryable: false },
  'request-timeout': { status: 408, title: 'Request timeout', retryable: true },
  'session-conflict': { status: 409, title: 'Session conflict', retryable: false },
  'job-not-finished': { status: 409, title: 'Job not finished', retryable: true, retryAfterMs: 5_000 },
  'session-closed': { status: 410, title: 'Session closed', retryable: false },
  'payload-too-large': { status: 413, title: 'Payload too large', retryable: false },
  'audio-too-long': { status: 413, title: 'Audio too long', retryable: false },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type', retryable: false },
  'undecodable-audio': { status: 422, title: 'Undecodable audio', retryable: false },
  'empty-audio': { status: 422, title: 'Empty audio', retryable: false },
  'unsupported-language': { status: 422, title: 'Unsupported language', retryable: false },
  'content-filtered': { status: 422, title: 'Content filtered', retryable: false },
  'rate-limited': { status: 429, title: 'Rate limited', retryable: true, retryAfterMs: 1_000 },
  'session-limit': { status: 429, title: 'Session limit reached', retryable: true, retryAfterMs: 1_000 },
  'job-limit': { status: 429, title: 'Job limit reached', retryable: false },
  internal: { status: 500, title: 'Internal error', retryable: false },
  'upstream-unavailable': { status: 502, title: 'Upstream unavailable', retryable: true },
  'upstream-rejected': { status: 502, title: 'Upstream rejected', retryable: false },
  'translation-incomplete': { status: 502, title: 'Translation incomplete', retryable: true },
  'pool-saturated': { status: 503, title: 'Pool saturated', retryable: true, retryAfterMs: 1_000 },
  'upstream-rate-limited': {
    ...{ status: 503, title: 'Upstream rate limited', retryable: true },
    retryAfterMs: 5_000,
  },
  draining: { status: 503, title: 'Draining', retryable: true, retryAfterMs: 5_000 },
  'store-unavailable': {
    ...{ status: 503, title: 'Store unavailable', retryable: true },
    retryAfterMs: 1_000,
  },
  'offline-engine-missing': { status: 503, title: 'Offline engine incomplete', retryable: false },
  'upstream-timeout': { status: 504, title: 'Upstream timeout', retryable: true },
  'storage-full': { status: 507, title: 'Storage full', retryable: true },
} as const satisfies Record<string, Cause>;

export type ErrorCode = keyof typeof CAUSES;

/** A fault of the input. `pointer` is a JSON pointer (RFC 6901) into the body: `/text` for the field `text`. */
export interface FieldFault {
  readonly pointer: string;
  readonly detail: string;
}

/** Speech to text, the translator, text to speech. */
export const FAILED_PARTS = ['stt', 'translator', 'tts'] as const;
export type FailedPart = (typeof FAILED_PARTS)[number];

export interface ErrorExtras {
  /** Overrides the default of the code, e.g. a token limit makes `translation-incomplete` final. */
  readonly retryable?: boolean | undefined;
  /** Overrides the wait of the code; becomes `Retry-After`, rounded up to seconds. */
  readonly retryAfterMs?: number | undefined;
  readonly hint?: string | undefined;
  readonly errors?: readonly FieldFault[] | undefined;
  /** Text received before the failure. */
  readonly partial?: string | undefined;
  /** The methods that are allowed, for `method-not-allowed`. */
  readonly allow?: readonly string[] | undefined;
  /** The part of the cascade that failed. */
  readonly part?: FailedPart | undefined;
  /** For logs only; never sent to a client. */
  readonly cause?: unknown;
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly hint: string | undefined;
  readonly errors: readonly FieldFault[] | undefined;
  readonly partial: string | undefined;
  readonly allow: readonly string[] | undefined;
  readonly part: FailedPart | undefined;

  /** @param detail what was wrong and what to do, in a sentence for the client: no secret, path or payload. */
  constructor(code: ErrorCode, detail: string, extras: ErrorExtras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    const cause: Cause = CAUSES[code];
    this.code = code;
    this.status = cause.status;
    this.title = cause.title;
    this.retryable = extras.retryable ?? cause.retryable;
    this.retryAfterMs = extras.retryAfterMs ?? (this.retryable ? cause.retryAfterMs : undefined);
    this.hint = extras.hint;
    this.errors = extras.errors;
    this.partial = extras.partial;
    this.allow = extras.allow;
    this.part = extras.part;
  }

  /** The same failure, with the text that had arrived before it. */
  withPartial(partial: string): GatewayError {
    if (partial === '') return this;
    const { code, message, retryable, retryAfterMs, hint, errors, allow, part, cause } = this;
    const extras = { retryable, retryAfterMs, hint, errors, partial, allow, part, cause };
    return new GatewayError(code, message, extras);
  }
}

/**
 * What upstream did, as the cause of a GatewayError. Its kind and code may appear in logs and metrics; upstream's messages may
 * quote a key or a user's words, and do not.
 */
export class UpstreamCause extends Error {
  override readonly name = 'UpstreamCause';
  readonly kind: UpstreamCauseKind;
  /** A close code, an HTTP status, or the name of an error; `other` if that is not a plain name. */
  readonly code: string;

  constructor(kind: UpstreamCauseKind, code: string | number, sentence: string) {
    super(sentence);
    this.kind = kind;
    this.code = /^[\w.-]{1,64}$/.test(String(code)) ? String(code) : 'other';
  }

  /** `close-1006`, `http-429`, `fault-invalid_api_key` */
  get label(): string {
    return `${this.kind}-${this.code}`;
  }
}

/** The response to the upgrade, the close of a socket, an `error` event, the end of a response, a timeout. */
export type UpstreamCauseKind = 'http' | 'close' | 'fault' | 'response' | 'timeout';

/** The pool wraps a loss once, so chains are shorter than this. */
const MAX_CAUSES = 4;

/** The upstream cause in the chain of causes of an error, if there is one. */
export function upstreamCauseOf(error: unknown): UpstreamCause | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES; depth += 1) {
    if (cause instanceof UpstreamCause) return cause;
    if (!(cause instanceof GatewayError)) return undefined;
    ({ cause } = cause);
  }
  return undefined;
}

export const ERROR_CODES = Object.keys(CAUSES) as readonly ErrorCode[];

/** The defaults of a code: its HTTP status, its title, and whether and when to retry. */
export function describeError(code: ErrorCode): Cause {
  return CAUSES[code];
}

/** Whether what was thrown is an Error, of any realm: those of node's core are of another one inside a test's sandbox. */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}
