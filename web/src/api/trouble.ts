/** Everything that can go wrong, as a code that the page has a sentence for in each of its languages. */
import type { ErrorCode } from '../../../src/errors.js';
import { parseObject, textOf } from './json.js';

/** What only a browser can run into. */
type PageTroubleCode =
  | 'offline'
  | 'unreachable'
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

export type TroubleCode = ErrorCode | PageTroubleCode;

export interface TroubleFacts {
  /** The service's own sentence, in English. */
  readonly detail?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly requestId?: string | undefined;
}

export class Trouble extends Error {
  override readonly name = 'Trouble';
  readonly code: TroubleCode;
  readonly facts: TroubleFacts;

  constructor(code: TroubleCode, facts: TroubleFacts = {}) {
    super(facts.detail ?? code);
    this.code = code;
    this.facts = facts;
  }
}

/** Whatever was thrown, as a Trouble; a fault of the page itself keeps its message as the detail. */
export function asTrouble(thrown: unknown): Trouble {
  if (thrown instanceof Trouble) return thrown;
  return new Trouble('unknown', { detail: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** No answer came at all: is it this device or the service that is off the net? */
export function noAnswer(): Trouble {
  return new Trouble(navigator.onLine ? 'unreachable' : 'offline');
}

/**
 * A problem+json body (RFC 9457) as a Trouble. Proxies answer with pages of their own: then the status alone speaks.
 * @param retryAfter the header of that name, in seconds or absent.
 */
export function readProblem(
  status: number,
  body: string,
  retryAfter: string | null,
  known: KnowsCode,
): Trouble {
  const problem = parseObject(body);
  const code = problem.code;
  const seconds = Number(retryAfter ?? NaN);
  return new Trouble(typeof code === 'string' && known(code) ? code : codeOf(status), {
    detail: textOf(problem.detail),
    requestId: textOf(problem.requestId),
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : undefined,
  });
}

/** Whether there is a sentence for this code. */
export type KnowsCode = (code: string) => code is TroubleCode;

function codeOf(status: number): TroubleCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 413) return 'payload-too-large';
  if (status === 429) return 'rate-limited';
  if (status === 502 || status === 503) return 'upstream-unavailable';
  if (status === 504) return 'upstream-timeout';
  return 'unknown';
}
