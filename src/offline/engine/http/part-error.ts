/** The failures of a part behind HTTP: a ResponderError whose code names the part and the kind of failure. */
import { ResponderError } from '../../server/errors.js';

export type PartName = 'stt' | 'translator' | 'tts';

/**
 * `rejected`: refused, redirected, or an answer that cannot be read. `unavailable`: out of reach, or a fault of its own.
 * `incomplete`: it failed after the beginning of its answer. `overlong`: its answer was cut, and would be again.
 */
export type FailureKind = 'rejected' | 'unavailable' | 'rate_limited' | 'timeout' | 'incomplete' | 'overlong';

export interface FailureExtras {
  readonly retryAfterMs?: number | undefined;
  readonly httpStatus?: number | undefined;
}

const SUBJECT: Readonly<Record<PartName, string>> = {
  stt: 'The speech recognition server',
  translator: 'The translator',
  tts: 'The speech synthesis server',
};
const VARIABLES: Readonly<Record<PartName, string>> = {
  stt: 'STT_URL, STT_API_KEY and STT_MODEL',
  translator: 'TRANSLATOR_URL, TRANSLATOR_API_KEY, TRANSLATOR_MODEL and TRANSLATOR_FORM',
  tts: 'TTS_URL, TTS_API_KEY, TTS_MODEL and TTS_VOICES',
};

export class PartError extends ResponderError {
  readonly part: PartName;
  readonly kind: FailureKind;
  /** As the part asked for it. */
  readonly retryAfterMs: number | undefined;
  /** The HTTP status of its answer, where that was the reason. */
  readonly httpStatus: number | undefined;

  /** @param what continues after the name of the part: "answered with HTTP 500". No key, payload or address. */
  constructor(
    part: PartName,
    kind: FailureKind,
    what: string,
    { retryAfterMs, httpStatus }: FailureExtras = {},
  ) {
    super(`${part}_${kind}`, `${SUBJECT[part]} ${what}. ${advice(part, kind, retryAfterMs)}`);
    this.part = part;
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.httpStatus = httpStatus;
  }
}

function advice(part: PartName, kind: FailureKind, retryAfterMs: number | undefined): string {
  if (kind === 'rejected') return `The operator of this service has to check ${VARIABLES[part]}.`;
  if (kind === 'overlong')
    return 'Send a shorter text, or ask the operator of this service for another model.';
  if (retryAfterMs !== undefined) return `Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))}s.`;
  return 'Try again.';
}
