/** The one error class of the client: a problem that the service sent (RFC 9457), or a failed connection. */
import type { ProblemDetails } from './types.js';

/**
 * The codes of the service, and three of the client: `unreachable` (no response), `connection-lost` (a response that broke off),
 * and `unexpected-answer` (an error response without a problem of this service, such as the page of a proxy).
 */
export type TranslationErrorCode =
  ProblemDetails['code'] | 'unreachable' | 'connection-lost' | 'unexpected-answer';

interface ErrorDetails {
  readonly status: number;
  readonly code: TranslationErrorCode;
  readonly detail: string;
  readonly retryable: boolean;
  readonly retryAfter?: number | undefined;
  readonly problem?: ProblemDetails | undefined;
  readonly cause?: unknown;
}

export class TranslationError extends Error {
  override readonly name = 'TranslationError';
  /** HTTP status of the response; 0 if there was none. */
  readonly status: number;
  /** Stable between versions. */
  readonly code: TranslationErrorCode;
  /** What was wrong and what to do. */
  readonly detail: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Seconds after which the request is worth another try, if the service knows. */
  readonly retryAfter: number | undefined;
  /** The whole problem, with `requestId`, `hint`, `errors` of fields and `partial` text. */
  readonly problem: ProblemDetails | undefined;

  constructor({ status, code, detail, retryable, retryAfter, problem, cause }: ErrorDetails) {
    super(detail, { cause });
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retryable = retryable;
    this.retryAfter = retryAfter;
    this.problem = problem;
  }
}

/** @param problem of a response, an event or a job. @param retryAfter in seconds. */
export function problemError(problem: ProblemDetails, retryAfter?: number): TranslationError {
  const { status, code, detail, retryable } = problem;
  return new TranslationError({ status, code, detail, retryable, retryAfter, problem });
}

/** Reads the body of a response without success. */
export async function failedResponseError(response: Response): Promise<TranslationError> {
  const body = await response.text().catch(() => '');
  const retryAfter = retryAfterSeconds(response);
  const problem = parseProblemDetails(body);
  if (problem !== undefined) return problemError(problem, retryAfter);
  const { status, url } = response;
  return new TranslationError({
    status,
    code: 'unexpected-answer',
    retryAfter,
    detail: `${status} from ${url} without a problem of this service in it. Check the address, and what is in front of it.`,
    retryable: status === 429 || status >= 502,
  });
}

export function unreachable(url: string, cause: unknown): TranslationError {
  const detail = `No answer from ${url}: ${reasonOf(cause)}. Check the address, and whether the service runs.`;
  return new TranslationError({ status: 0, code: 'unreachable', detail, retryable: true, cause });
}

export function connectionLost(cause?: unknown): TranslationError {
  const reason = cause === undefined ? '' : ` (${reasonOf(cause)})`;
  const detail = `The answer broke off before its end${reason}.`;
  return new TranslationError({ status: 0, code: 'connection-lost', detail, retryable: true, cause });
}

/** @returns the seconds of `Retry-After`; undefined if it is absent, or neither a number nor a date. */
export function retryAfterSeconds({ headers }: Response): number | undefined {
  const sent = headers.get('Retry-After');
  if (sent === null) return undefined;
  const seconds = /^\d+$/.test(sent) ? Number(sent) : (Date.parse(sent) - Date.now()) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function parseProblemDetails(body: string): ProblemDetails | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  return isProblem(value) ? value : undefined;
}

function isProblem(value: unknown): value is ProblemDetails {
  if (typeof value !== 'object' || value === null) return false;
  const { status, code, detail } = value as Partial<Record<keyof ProblemDetails, unknown>>;
  return typeof status === 'number' && typeof code === 'string' && typeof detail === 'string';
}

/** The message of Node's fetch is only `fetch failed`; the reason is in its cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause;
  if (inner instanceof Error && (inner.message !== '' || 'code' in inner))
    return inner.message === '' && 'code' in inner ? String(inner.code) : inner.message;
  return cause.message;
}
