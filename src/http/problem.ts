/** A failure as the client reads it: application/problem+json (RFC 9457). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError, type FailedPart, type FieldFault } from '../errors.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** Faults of one body that are listed in `errors`. */
export const MAX_FAULTS = 50;
/** Faults that are listed in `detail` too. */
const MAX_FAULTS_IN_DETAIL = 3;

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly hint?: string;
  readonly errors?: readonly FieldFault[];
  readonly partial?: string;
  readonly part?: FailedPart;
  /** Of `/readyz` only. */
  readonly checks?: readonly object[];
}

/** The `type` of a problem: a name, not an address, so that it stays true wherever the service is installed. */
export function problemType(code: string): string {
  return `urn:realtime-translation:problem:${code}`;
}

export function toProblem(error: GatewayError, requestId: string): Problem {
  return {
    type: problemType(error.code),
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    retryable: error.retryable,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.errors !== undefined && { errors: error.errors }),
    ...(error.partial !== undefined && { partial: error.partial }),
    ...(error.part !== undefined && { part: error.part }),
  };
}

/** Writes a failure and the headers that belong to it to a response that has not begun, and leaves it to be ended. */
export type ErrorWriter = (res: ServerResponse, error: GatewayError, requestId: string) => void;

export const writeProblem: ErrorWriter = (res, error, requestId) => {
  if (error.retryAfterMs !== undefined) {
    res.setHeader('Retry-After', Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  }
  if (error.allow !== undefined) res.setHeader('Allow', error.allow.join(', '));
  writeProblemBody(res, toProblem(error, requestId));
};

/** The problem alone; `writeProblem` is for everything that is a GatewayError. */
export function writeProblemBody(res: ServerResponse, problem: Problem): void {
  const body = JSON.stringify(problem);
  res.statusCode = problem.status;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', PROBLEM_TYPE);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.write(body);
}

/**
 * Sends a failure in the form that the route has for it. Where the connection ends with the answer and the client is
 * still sending, its body is read on for up to `lingerMs`: a connection that is closed over unread bytes is reset, and
 * the client would lose the answer.
 */
export function endWithError(
  req: IncomingMessage,
  res: ServerResponse,
  error: GatewayError,
  lingerMs: number,
): void {
  const isLast = !res.shouldKeepAlive || res.getHeader('connection') === 'close';
  req.context.writeError(res, error, req.context.id);
  if (req.complete || !isLast) {
    res.end(); // on a connection that goes on, node reads what is left of the body
    return;
  }
  const end = (): void => {
    clearTimeout(timer);
    res.end();
    // Node forgets a request that is answered; a reader of its body must learn that no more will come.
    req.destroy();
  };
  const timer = setTimeout(end, lingerMs);
  req.once('end', end).once('close', end).resume();
}

/** A JSON pointer (RFC 6901) to a field of the body. */
export function pointerTo(field: string): string {
  return `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Every fault of the input, in one answer. */
export function invalidRequest(faults: readonly FieldFault[], hint?: string): GatewayError {
  return new GatewayError('invalid-request', joinFaults(faults), {
    errors: faults.slice(0, MAX_FAULTS),
    hint,
  });
}

/** Something is larger than its limit, which each fault states. */
export function tooLarge(faults: readonly FieldFault[], hint?: string): GatewayError {
  return new GatewayError('payload-too-large', joinFaults(faults), { errors: faults, hint });
}

export function joinFaults(faults: readonly FieldFault[]): string {
  const details = faults.slice(0, MAX_FAULTS_IN_DETAIL).map((fault) => fault.detail);
  const rest = faults.length - details.length;
  return rest > 0 ? `${details.join(' ')} And ${rest} more: see \`errors\`.` : details.join(' ');
}
