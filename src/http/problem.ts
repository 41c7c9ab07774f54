/** A failure as the client reads it: application/problem+json (RFC 9457). */
import type { ServerResponse } from 'node:http';
import { GatewayError, type FieldFault } from '../errors.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** So many faults of one body are told; nobody reads more. */
export const MAX_FAULTS = 50;
/** So many of them are told in `detail` too. */
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
  };
}

/** Writes the problem and the headers that belong to it. The answer must not have begun, and is left to be ended. */
export function writeProblem(res: ServerResponse, error: GatewayError, requestId: string): void {
  if (error.retryAfterMs !== undefined) {
    res.setHeader('Retry-After', Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  }
  if (error.allow !== undefined) res.setHeader('Allow', error.allow.join(', '));
  writeProblemBody(res, toProblem(error, requestId));
}

/** The problem alone; `writeProblem` is for everything that is a GatewayError. */
export function writeProblemBody(res: ServerResponse, problem: Problem): void {
  const body = JSON.stringify(problem);
  res.statusCode = problem.status;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', PROBLEM_TYPE);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.write(body);
}

/** A JSON pointer (RFC 6901) to a field of the body. */
export function pointerTo(field: string): string {
  return `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** All that was wrong with the input, at once. */
export function invalidRequest(faults: readonly FieldFault[], hint?: string): GatewayError {
  return new GatewayError('invalid-request', joinFaults(faults), {
    errors: faults.slice(0, MAX_FAULTS),
    hint,
  });
}

/** Something is larger than is taken; each fault states the limit. */
export function tooLarge(faults: readonly FieldFault[], hint?: string): GatewayError {
  return new GatewayError('payload-too-large', joinFaults(faults), { errors: faults, hint });
}

export function joinFaults(faults: readonly FieldFault[]): string {
  const told = faults.slice(0, MAX_FAULTS_IN_DETAIL).map((fault) => fault.detail);
  const rest = faults.length - told.length;
  return rest > 0 ? `${told.join(' ')} And ${rest} more: see \`errors\`.` : told.join(' ');
}
