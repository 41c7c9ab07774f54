/** The errors of a cascade, whose codes name the part that failed and how: `stt_timeout`, `translator_rejected`. */
import { FAILED_PARTS, GatewayError, type ErrorCode, type UpstreamCause } from '../errors.js';
import { parseWait } from './rate-limits.js';

const CODES: Readonly<Record<string, { code: ErrorCode; retryable?: boolean } | undefined>> = {
  rejected: { code: 'upstream-rejected' },
  unavailable: { code: 'upstream-unavailable' },
  rate_limited: { code: 'upstream-rate-limited' },
  timeout: { code: 'upstream-timeout' },
  incomplete: { code: 'translation-incomplete' },
  overlong: { code: 'translation-incomplete', retryable: false },
};

/**
 * @param message of the engine, which names its parts and what to do, and quotes nothing
 * @returns undefined for every other code
 */
export function partError(code: string, message: string, cause: UpstreamCause): GatewayError | undefined {
  const part = FAILED_PARTS.find((name) => code.startsWith(`${name}_`));
  const failure = part && CODES[code.slice(part.length + 1)];
  if (failure === undefined) return undefined;
  const { retryable } = failure;
  return new GatewayError(failure.code, message, {
    part,
    cause,
    retryable,
    retryAfterMs: parseWait(message),
  });
}
