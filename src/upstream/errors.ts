/** Maps upstream's error codes, HTTP statuses and close codes to the errors of this service. */
import { GatewayError, UpstreamCause, type ErrorCode, type ErrorExtras } from '../errors.js';
import type { Fault, ResponseView } from '../wire/index.js';
import { partError } from './part-errors.js';
import { parseWait, type RateLimits } from './rate-limits.js';

/** Codes that a retry does not change: credentials, model, dialect, configuration. */
const REJECTED_CODES = new Set([
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

const RATE_LIMIT_CODES = new Set([
  'rate_limit_exceeded',
  'insufficient_quota',
  'credit_balance_exhausted',
  'slow_down',
]);

/** Close codes of a refusal: 3000 bad key, 4000 bad model or dialect, 4004 unknown model, 1008 bad key (other servers). */
const REJECTING_CLOSE_CODES = new Set([1008, 3000, 4000, 4004]);

const MESSAGES = {
  'upstream-rejected':
    'The translation provider refused the credentials, the model or the request. The operator of this service has to check its upstream settings.',
  'upstream-rate-limited': 'The rate limit of the translation provider is reached. Try again later.',
  'upstream-unavailable': 'The translation provider cannot be reached at the moment. Try again.',
  'translation-incomplete': 'The translation ended before it was complete. `partial` holds what had arrived.',
  'content-filtered':
    'The translation provider ended the answer because of its content filter. Change the text and try again.',
  'unsupported-language': 'This pair of languages is not supported.',
  'offline-engine-missing': 'The offline engine lacks a part that this request needs.',
  'upstream-timeout':
    'The translation was not complete in time. Try again, or send a shorter text or recording.',
} as const satisfies Partial<Record<ErrorCode, string>>;

export function upstreamError(code: keyof typeof MESSAGES, extras: ErrorExtras = {}): GatewayError {
  return new GatewayError(code, MESSAGES[code], extras);
}

/** By the step at which a handshake timed out: what the operator of this service has to check. */
const STALLED = {
  connect: MESSAGES['upstream-unavailable'],
  session:
    'The translation provider accepted the connection, but began no session in time. Try again; if this persists, the operator of this service has to check the address of the provider.',
  configuration:
    'The translation provider did not acknowledge the settings of the session in time. Try again; if this persists, the operator of this service has to check that the server at the configured address answers `session.update`, in the configured dialect.',
} as const;

export function stalledHandshake(at: keyof typeof STALLED, timeoutMs: number): GatewayError {
  const cause = new UpstreamCause('timeout', 'handshake', `no ${at} within ${timeoutMs} ms`);
  return new GatewayError('upstream-unavailable', STALLED[at], { cause });
}

/** Where a server is taken for OpenAI's and is not. */
const ISOLATION_HINT =
  'If it is not a server of OpenAI, set REALTIME_ISOLATION and REALTIME_DIALECT; `npm run probe -- --url …` prints the values.';

/** What servers answer that take no item reference. */
const FOREIGN_SERVER = /item_reference|unknown_or_invalid_event/;

/** All sessions of the server are taken. */
const NO_SESSION_CODE = 'session_limit_reached';
const NO_SESSION_REASON = /session.?limit|session.* in use/i;
const NO_SESSION_RETRY_MS = 250;

function noFreeSession(cause: UpstreamCause): GatewayError {
  return new GatewayError(
    'pool-saturated',
    'All sessions of the translation provider are in use. Try again later.',
    { cause, retryAfterMs: NO_SESSION_RETRY_MS },
  );
}

/** An HTTP answer instead of the upgrade. `retryAfter` is the value of its header. */
export function upgradeRejected(status: number, retryAfter: string | undefined): GatewayError {
  const cause = new UpstreamCause('http', status, `upstream answered the upgrade with HTTP ${status}`);
  const retryAfterMs = parseRetryAfter(retryAfter);
  if (status === 429) return upstreamError('upstream-rate-limited', { cause, retryAfterMs });
  if (status >= 500 || status === 408) return upstreamError('upstream-unavailable', { cause, retryAfterMs });
  return upstreamError('upstream-rejected', { cause });
}

/** An `error` event before the socket was ready: the credentials or the configuration were not accepted. */
export function handshakeRejected(fault: Fault): GatewayError {
  const cause = new UpstreamCause('fault', fault.code, `upstream: ${fault.code}: ${fault.message}`);
  if (fault.code === NO_SESSION_CODE) return noFreeSession(cause);
  if (RATE_LIMIT_CODES.has(fault.code)) {
    return upstreamError('upstream-rate-limited', { cause, retryAfterMs: parseWait(fault.message) });
  }
  if (REJECTED_CODES.has(fault.code) || fault.kind === 'invalid_request_error') {
    return upstreamError('upstream-rejected', { cause, hint: ISOLATION_HINT });
  }
  return upstreamError('upstream-unavailable', { cause });
}

/** The socket closed; code 1006 is a loss without a close frame. */
export function socketLost(code: number, reason: string): GatewayError {
  const cause = new UpstreamCause('close', code, `upstream closed the socket: ${code} ${reason}`.trimEnd());
  if (code === 1008 && NO_SESSION_REASON.test(reason)) return noFreeSession(cause);
  return upstreamError(REJECTING_CLOSE_CODES.has(code) ? 'upstream-rejected' : 'upstream-unavailable', {
    cause,
  });
}

/** An `error` event that names a request of ours. */
export function requestRejected(fault: Fault, limits: RateLimits): GatewayError {
  const cause = new UpstreamCause('fault', fault.code, `upstream: ${fault.code}: ${fault.message}`);
  if (RATE_LIMIT_CODES.has(fault.code)) return rateLimited(cause, fault.message, limits);
  const isForeign = FOREIGN_SERVER.test(`${fault.code} ${fault.message}`);
  return upstreamError('upstream-rejected', { cause, ...(isForeign && { hint: ISOLATION_HINT }) });
}

/** An `error` event that names no request, taken for the answer to one of ours. */
export function unnamedRejection(fault: Fault, limits: RateLimits): GatewayError {
  const cause = new UpstreamCause('fault', fault.code, `upstream: ${fault.code}: ${fault.message}`);
  if (RATE_LIMIT_CODES.has(fault.code)) return rateLimited(cause, fault.message, limits);
  const isFinal = REJECTED_CODES.has(fault.code) || fault.kind === 'invalid_request_error';
  return new GatewayError(
    isFinal ? 'upstream-rejected' : 'upstream-unavailable',
    isFinal
      ? 'The translation provider answered with an error that names no request, and seems to refuse this one. The operator of this service has to read the log and check its upstream settings.'
      : 'The translation provider answered with an error that names no request, and with nothing else. Try again; if this persists, the operator of this service has to read the log and check the provider.',
    { cause, ...(isFinal && { hint: ISOLATION_HINT }) },
  );
}

/** The same where one request has the socket for itself, so that no other can be meant. */
export function unnamedRefusal(fault: Fault, limits: RateLimits): GatewayError {
  const cause = new UpstreamCause('fault', fault.code, `upstream: ${fault.code}: ${fault.message}`);
  if (RATE_LIMIT_CODES.has(fault.code)) return rateLimited(cause, fault.message, limits);
  return new GatewayError(
    'upstream-rejected',
    'The translation provider answered with an error instead of a translation. The operator of this service has to read the log and check the provider.',
    { cause },
  );
}

/** Errors that do not answer a request, or that change nothing for it. */
export function concernsNoRequest(fault: Fault): boolean {
  const { code } = fault;
  return code === 'response_cancel_not_active' || code === 'session_expired' || saysItExists(fault);
}

/** An error that changes nothing: there was nothing left to cancel, or what was to be created is there. */
export function isHarmless(fault: Fault): boolean {
  const isCancellation = fault.causedBy?.startsWith('cancel_') === true;
  return fault.code === 'response_cancel_not_active' || isCancellation || saysItExists(fault);
}

/** The item to be created exists already. */
export function saysItExists({ code, message }: Fault): boolean {
  return /already.?exists|duplicate/i.test(`${code} ${message}`);
}

/** A request was refused because of the prompt item that it refers to, the first of its input. */
export function concernsReference({ code, param }: Fault): boolean {
  return param?.startsWith('response.input[0]') === true || code.startsWith('item_not');
}

/** A response started without the metadata that name its request. */
export function untaggedResponse(): GatewayError {
  const cause = new UpstreamCause(
    'response',
    'untagged',
    'a response started without the metadata of its request',
  );
  return new GatewayError(
    'upstream-rejected',
    'The translation provider does not return the metadata of a response, so that its request cannot be identified. The operator of this service has to check which server runs at the configured address.',
    { cause, hint: ISOLATION_HINT },
  );
}

/** The socket under a request was lost, and the request is not retried. */
export function lostAnswer(hasOutput: boolean, cause: GatewayError): GatewayError {
  if (hasOutput) return upstreamError('translation-incomplete', { cause });
  return new GatewayError(
    'upstream-unavailable',
    'The translation provider closed the connection twice before it answered. Try again; if this persists, the operator of this service has to check the provider.',
    { cause },
  );
}

/** A response that is said to be complete, but lacks the text or the audio that was requested. */
export function emptyAnswer(lacks: 'words' | 'sound'): GatewayError {
  const cause = new UpstreamCause('response', `no_${lacks}`, `response completed without ${lacks}`);
  return new GatewayError(
    'translation-incomplete',
    lacks === 'words'
      ? 'The translation provider ended its answer without a word. Try again; if this persists, the operator of this service has to check the configured model.'
      : 'The translation provider sent the translation as text alone, without the sound that was requested. `partial` holds what had arrived. Ask for text, or try again.',
    { cause },
  );
}

/** The wait in the error message takes precedence over that of the last `limits` event. */
function rateLimited(cause: UpstreamCause, message: string, limits: RateLimits): GatewayError {
  return upstreamError('upstream-rate-limited', {
    cause,
    retryAfterMs: parseWait(message) ?? limits.resetMs,
  });
}

/** Why a response that ended is incomplete; undefined where it is complete. */
export function responseError(response: ResponseView, limits: RateLimits): GatewayError | undefined {
  if (response.status === 'completed') return undefined;
  const code = response.error?.code ?? '';
  const message = response.error?.message;
  const why = response.reason ?? (code === '' ? response.status : code);
  const cause = new UpstreamCause(
    'response',
    why,
    `response ${response.status}: ${why} ${message ?? ''}`.trimEnd(),
  );
  switch (response.status) {
    case 'incomplete':
      return response.reason === 'content_filter'
        ? upstreamError('content-filtered', { cause })
        : upstreamError('translation-incomplete', { cause, retryable: false });
    case 'cancelled':
      return new GatewayError(
        'translation-incomplete',
        'The translation provider cancelled the answer before it was complete. `partial` holds what had arrived. Try again.',
        { cause },
      );
    case 'in_progress':
      return upstreamError('translation-incomplete', { cause });
    case 'failed':
      if (RATE_LIMIT_CODES.has(code)) return rateLimited(cause, message ?? '', limits);
      // The offline engine's own messages name its languages and what to install.
      if (code === 'unsupported_language')
        return new GatewayError('unsupported-language', message ?? '', { cause });
      if (code === 'offline_engine_missing')
        return new GatewayError('offline-engine-missing', message ?? '', { cause });
      return partError(code, message ?? '', cause) ?? upstreamError('upstream-unavailable', { cause });
  }
}

/** `Retry-After` holds seconds or an HTTP date (RFC 9110, 10.2.3). */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
