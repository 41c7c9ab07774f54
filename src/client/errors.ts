/** The one error of the client: what the service answered (RFC 9457), or that it could not be asked. */
import type { ProblemDetails } from './types.js';

/**
 * The service's own codes, and three of the client: `unreachable` (no answer at all), `connection-lost` (an answer that broke
 * off), `unexpected-answer` (of something that is not this service, such as the page of a proxy).
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
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** Does not change between versions. */
  readonly code: TranslationErrorCode;
  /** What was wrong and what to do. */
  readonly detail: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Seconds to wait before it is worth trying again, where the service knows. */
  readonly retryAfter: number | undefined;
  /** The whole answer: `requestId`, `hint`, `errors` of fields, `partial` text. */
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

/** @param problem of an answer, an event or a job. */
export function problemError(problem: ProblemDetails, retryAfter?: number): TranslationError {
  const { status, code, detail, retryable } = problem;
  return new TranslationError({ status, code, detail, retryable, retryAfter, problem });
}

/** The error of an answer that is not a success; reads its body. */
export async function answerError(response: Response): Promise<TranslationError> {
  const body = await response.text().catch(() => '');
  const retryAfter = retryAfterOf(response);
  const problem = parseProblemDetails(body);
  if (problem !== undefined) return problemError(problem, retryAfter);
  const { status, url } = response;
  return new TranslationError({
    ...{ status, code: 'unexpected-answer', retryAfter },
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

/** Seconds; undefined for what is neither a number nor a date. */
export function retryAfterOf({ headers }: Response): number | undefined {
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

/** Node's fetch says only `fetch failed`, and why in its cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause;
  if (inner instanceof Error && (inner.message !== '' || 'code' in inner))
    return inner.message === '' && 'code' in inner ? String(inner.code) : inner.message;
  return cause.message;
}
