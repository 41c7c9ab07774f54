/** Reads the reason of a failed /readyz. */
import { isObject, parseObject, nonEmptyString } from './json.js';
import { AppError } from './errors.js';

/** @param body of a response that is not 200. Only the names of its checks decide: its sentences may change. */
export function parseNotReady(body: string): AppError {
  const { checks, detail } = parseObject(body);
  const isDraining =
    Array.isArray(checks) &&
    checks.some((check: unknown) => isObject(check) && check.name === 'draining' && check.ok === false);
  return new AppError(isDraining ? 'draining' : 'upstream-unavailable', { detail: nonEmptyString(detail) });
}
