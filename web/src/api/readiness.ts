/** Why the service takes no work, as /readyz tells it. */
import { isObject, parseObject, textOf } from './json.js';
import { Trouble } from './trouble.js';

/** @param body of an answer that is not 200. The sentences in it are for people; the names of its checks decide. */
export function readNotReady(body: string): Trouble {
  const { checks, detail } = parseObject(body);
  const isDraining =
    Array.isArray(checks) &&
    checks.some((check: unknown) => isObject(check) && check.name === 'draining' && check.ok === false);
  return new Trouble(isDraining ? 'draining' : 'upstream-unavailable', { detail: textOf(detail) });
}
