/** Errors by their codes; the page has a sentence for each code in each of its languages. */
import type { ErrorCode } from '../../../src/errors.js';
import { parseObject, nonEmptyString } from './json.js';

/** Errors that arise in the browser. */
type BrowserErrorCode =
  | 'offline'
  | 'unreachable'
  | 'place-not-loaded'
  | 'microphone-missing'
  | 'microphone-refused'
  | 'microphone-insecure'
  | 'microphone-busy'
  | 'microphone-lost'
  | 'recording-too-short'
  | 'speech-not-understood'
  | 'connection-lost'
  | 'conversation-refused'
  | 'conversation-ended'
  | 'network-slow'
  | 'playback-failed'
  | 'unknown';

export type AppErrorCode = ErrorCode | BrowserErrorCode;

export interface AppErrorInfo {
  /** The service's own sentence, in English. */
  readonly detail?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly requestId?: string | undefined;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  readonly info: AppErrorInfo;

  constructor(code: AppErrorCode, info: AppErrorInfo = {}) {
    super(info.detail ?? code);
    this.code = code;
    this.info = info;
  }
}

/** @returns `thrown` as an AppError. For an error of another kind its message becomes the detail. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('unknown', { detail: thrown instanceof Error ? thrown.message : String(thrown) });
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
  const code = problem.code;
  const seconds = Number(retryAfter ?? NaN);
  return new AppError(typeof code === 'string' && isErrorCode(code) ? code : codeForStatus(status), {
    detail: nonEmptyString(problem.detail),
    requestId: nonEmptyString(problem.requestId),
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : undefined,
  });
}

/** Whether the page has a sentence for this code. */
export type IsErrorCode = (code: string) => code is AppErrorCode;

function codeForStatus(status: number): AppErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 413) return 'payload-too-large';
  if (status === 429) return 'rate-limited';
  if (status === 502 || status === 503) return 'upstream-unavailable';
  if (status === 504) return 'upstream-timeout';
  return 'unknown';
}
