/** Errors by their codes; the page has a sentence for each code in each of its languages. */
import type { ErrorCode } from '../../../src/errors.js';
import { parseObject, nonEmptyString } from './json.js';

/** Errors that arise in the browser, and whether the same may succeed when it is tried again. */
const BROWSER_ERRORS = {
  offline: true,
  unreachable: true,
  /** A place of the page could not be loaded, usually because the page was replaced by a newer version. */
  'place-not-loaded': false,
  'microphone-missing': true,
  'microphone-refused': true,
  'microphone-insecure': false,
  'microphone-busy': true,
  /** Another place of this page records; `holder` names it. */
  'microphone-held': true,
  'microphone-lost': true,
  'recording-too-short': true,
  'speech-not-understood': false,
  'connection-lost': true,
  'conversation-refused': true,
  'conversation-ended': true,
  'network-slow': true,
  'playback-failed': false,
  'output-lost': false,
  'output-missing': false,
  /** The audio was dropped to make room, or could not be stored before a reload. */
  'sound-missing': false,
  'browser-storage-full': false,
  'storage-unavailable': false,
  /** Another tab runs an older version of the page; nothing is stored until it closes. */
  'storage-blocked': false,
  /** Another tab runs a newer version; this one stores nothing any more. */
  'storage-outdated': false,
  unknown: true,
} as const;

type BrowserErrorCode = keyof typeof BROWSER_ERRORS;

export type AppErrorCode = ErrorCode | BrowserErrorCode;

export interface AppErrorInfo {
  /** The service's own sentence, in English. Never one of the browser's: those go into `cause`. */
  readonly detail?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly requestId?: string | undefined;
  /** What the service says of this error. */
  readonly retryable?: boolean | undefined;
  /** Text that had arrived before the failure. */
  readonly partial?: string | undefined;
  /** The place that holds the microphone. */
  readonly holder?: string | undefined;
}

/** An AppError as plain JSON, which can be stored. */
export interface ErrorRecord extends AppErrorInfo {
  readonly code: AppErrorCode;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  readonly info: AppErrorInfo;

  /** @param info `cause` is for the console alone. */
  constructor(code: AppErrorCode, { cause, ...info }: AppErrorInfo & { readonly cause?: unknown } = {}) {
    super(info.detail ?? code, cause === undefined ? undefined : { cause });
    this.code = code;
    this.info = info;
  }

  static fromRecord({ code, ...info }: ErrorRecord): AppError {
    return new AppError(code, info);
  }

  /** Whether the same request may succeed later. For most errors of the service it is the service that says so. */
  get retryable(): boolean {
    if (this.info.retryable !== undefined) return this.info.retryable;
    return isBrowserErrorCode(this.code) && BROWSER_ERRORS[this.code];
  }

  toRecord(): ErrorRecord {
    return { code: this.code, ...this.info };
  }
}

/** @returns `thrown` as an AppError. Its message is the browser's and not shown; it is the `cause`. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('unknown', { cause: thrown });
}

/** The error for a request without a response: `offline` if this device has no network, else `unreachable`. */
export function networkError(): AppError {
  return new AppError(navigator.onLine ? 'unreachable' : 'offline');
}

/**
 * Reads a problem+json body (RFC 9457). A body without a known code, e.g. the page of a proxy, is mapped by its status.
 * @param retryAfter the `Retry-After` header, in seconds.
 */
export function parseProblem(
  status: number,
  body: string,
  retryAfter: string | null,
  isErrorCode: IsErrorCode,
): AppError {
  const problem = parseObject(body);
  const { code, retryable } = problem;
  const seconds = Number(retryAfter ?? NaN);
  const isKnown = typeof code === 'string' && isErrorCode(code);
  return new AppError(isKnown ? code : codeForStatus(status), {
    detail: nonEmptyString(problem.detail),
    requestId: nonEmptyString(problem.requestId),
    partial: nonEmptyString(problem.partial),
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : undefined,
    // Without a word of the service, overload and failures of a gateway may pass.
    retryable: typeof retryable === 'boolean' ? retryable : status === 429 || status >= 502,
  });
}

/** Whether the page has a sentence for this code. */
export type IsErrorCode = (code: string) => code is AppErrorCode;

function isBrowserErrorCode(code: AppErrorCode): code is BrowserErrorCode {
  return Object.hasOwn(BROWSER_ERRORS, code);
}

function codeForStatus(status: number): AppErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 413) return 'payload-too-large';
  if (status === 429) return 'rate-limited';
  if (status === 502 || status === 503) return 'upstream-unavailable';
  if (status === 504) return 'upstream-timeout';
  return 'unknown';
}
