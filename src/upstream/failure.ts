/** What upstream's refusals, error codes and close codes mean to a client of ours. */
import { GatewayError, UpstreamCause, type ErrorCode, type ErrorExtras } from '../errors.js';
import type { Fault, ResponseView } from '../wire/index.js';

/** Codes that no second try changes: credentials, model, dialect, configuration. */
const REJECTING_CODES = new Set([
  'invalid_api_key',
  'model_not_found',
  'invalid_model',
  'missing_model',
  'beta_api_shape_disabled',
  'invalid_value',
  'invalid_parameter',
  'unknown_parameter',
  'missing_required_parameter',
]);

const LIMITING_CODES = new Set([
  'rate_limit_exceeded',
  'insufficient_quota',
  'credit_balance_exhausted',
  'slow_down',
]);

/** Close codes of a refusal: 3000 bad key, 4000 bad model or dialect, 4004 no such model, 1008 other servers' bad key. */
const REJECTING_CLOSE_CODES = new Set([1008, 3000, 4000, 4004]);

const SENTENCES = {
  'upstream-rejected':
    'The translation provider refused the credentials, the model or the request. The operator of this service has to check its upstream settings.',
  'upstream-rate-limited':
    'The translation provider limits the rate of requests at the moment. Try again later.',
  'upstream-unavailable': 'The translation provider cannot be reached at the moment. Try again.',
  'translation-incomplete': 'The translation broke off before its end. What had arrived is in `partial`.',
  'content-filtered':
    'The translation provider ended the answer because of its content filter. Change the text and try again.',
  'unsupported-language': 'This pair of languages is not supported.',
  'offline-engine-missing': 'The offline engine lacks a part that this request needs.',
  'upstream-timeout': 'The translation did not end in time. Try again, or send a shorter text or recording.',
} as const satisfies Partial<Record<ErrorCode, string>>;

export function upstreamError(code: keyof typeof SENTENCES, extras: ErrorExtras = {}): GatewayError {
  return new GatewayError(code, SENTENCES[code], extras);
}

/** An HTTP answer instead of the upgrade. `retryAfter` is the header as it came. */
export function refusedUpgrade(status: number, retryAfter: string | undefined): GatewayError {
  const cause = new UpstreamCause('http', status, `upstream answered the upgrade with HTTP ${status}`);
  const retryAfterMs = parseRetryAfter(retryAfter);
  if (status === 429) return upstreamError('upstream-rate-limited', { cause, retryAfterMs });
  if (status >= 500 || status === 408) return upstreamError('upstream-unavailable', { cause, retryAfterMs });
  return upstreamError('upstream-rejected', { cause });
}

/** An `error` event before the socket was ready: the configuration, or who we are, was not accepted. */
export function refusedHandshake(fault: Fault): GatewayError {
  const cause = new UpstreamCause('fault', fault.code, `upstream: ${fault.code}: ${fault.message}`);
  if (LIMITING_CODES.has(fault.code)) return upstreamError('upstream-rate-limited', { cause });
  if (REJECTING_CODES.has(fault.code) || fault.kind === 'invalid_request_error') {
    return upstreamError('upstream-rejected', { cause });
  }
  return upstreamError('upstream-unavailable', { cause });
}

/** The socket closed; code 1006 is a loss without a close frame. */
export function lostSocket(code: number, reason: string): GatewayError {
  const cause = new UpstreamCause('close', code, `upstream closed the socket: ${code} ${reason}`.trimEnd());
  return upstreamError(REJECTING_CLOSE_CODES.has(code) ? 'upstream-rejected' : 'upstream-unavailable', {
    cause,
  });
}

/** An `error` event that names a request of ours. */
export function refusedRequest(fault: Fault): GatewayError {
  const cause = new UpstreamCause('fault', fault.code, `upstream: ${fault.code}: ${fault.message}`);
  return upstreamError(LIMITING_CODES.has(fault.code) ? 'upstream-rate-limited' : 'upstream-rejected', {
    cause,
  });
}

/** A response that ended, but not whole. Undefined where it is whole. */
export function unfinished(response: ResponseView): GatewayError | undefined {
  if (response.status === 'completed') return undefined;
  const code = response.error?.code ?? '';
  const told = response.error?.message;
  const why = response.reason ?? (code === '' ? response.status : code);
  const cause = new UpstreamCause(
    'response',
    why,
    `response ${response.status}: ${why} ${told ?? ''}`.trimEnd(),
  );
  switch (response.status) {
    case 'incomplete':
      return response.reason === 'content_filter'
        ? upstreamError('content-filtered', { cause })
        : upstreamError('translation-incomplete', { cause, retryable: false });
    case 'cancelled':
    case 'in_progress':
      return upstreamError('translation-incomplete', { cause });
    case 'failed':
      if (LIMITING_CODES.has(code)) return upstreamError('upstream-rate-limited', { cause });
      // The offline engine's own sentences say which languages it has and what to install.
      if (code === 'unsupported_language')
        return new GatewayError('unsupported-language', told ?? '', { cause });
      if (code === 'offline_engine_missing')
        return new GatewayError('offline-engine-missing', told ?? '', { cause });
      return upstreamError('upstream-unavailable', { cause });
  }
}

/** Retry-After holds seconds or an HTTP date (RFC 9110, 10.2.3). */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
