/** One segment into one language, and its words: asked for again where that may help, else a warning. */
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError, isError, type ErrorCode } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import { findImplausibility, type Implausibility } from '../subtitles/plausibility.js';
import type { SegmentWarning } from '../subtitles/faults.js';
import { TranscriptRequest } from '../translate/transcript.js';
import { toUpstreamRequest, type RequestProfile } from '../translate/upstream-request.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { SegmentTranslation } from './segment-result.js';
import { SEGMENT_FAILED } from './segment-result.js';

/** Every other segment would fail in the same way. */
const CONCERNS_ALL: ReadonlySet<ErrorCode> = new Set([
  'upstream-rejected',
  'unsupported-language',
  'offline-engine-missing',
  'draining',
]);
/** A busy pool is asked until it has a place, which does not count as a run; anything else is asked once more. */
const MAX_RUNS = 2;
const MAX_SATURATED = 60;
/** Before another run, unless the error says how long; an outage of a second must not cost segments. */
const RERUN_AFTER_MS = 1_000;
const MAX_RERUN_AFTER_MS = 30_000;

/** Where the words of a segment go as they come. What was sent stands, whatever comes after it. */
export interface LiveWords {
  /** Sends what is new. @param text all of it so far; while it does not continue what was sent, nothing is sent. */
  readonly send: (text: string) => Promise<void>;
  /** What was sent of the segment, over all its runs. */
  readonly sent: () => string;
}

/** What one segment and language need. */
export interface SegmentPiece {
  readonly profile: RequestProfile;
  /** PCM16 mono 24 kHz */
  readonly pcm: Buffer;
  readonly context: string | undefined;
  /** How long its speech lasts. */
  readonly speechMs: number;
  /** Absent: only the whole text is wanted. */
  readonly live?: LiveWords | undefined;
}

export interface PieceOutcome extends SegmentTranslation {
  readonly warnings: readonly SegmentWarning[];
  /** Why there is no text. */
  readonly error?: GatewayError;
}

export class SegmentRequester {
  readonly #pool: Pool;
  readonly #onEnd: (pending: PendingResponse) => void;

  /** @param onEnd called with each response that has ended, however it did. */
  constructor(pool: Pool, onEnd: (pending: PendingResponse) => void) {
    this.#pool = pool;
    this.#onEnd = onEnd;
  }

  /**
   * The text begins with the words that were sent. A run that does not continue those of the run before has a line of its
   * own after them, and a warning.
   *
   * @throws GatewayError for a refusal that concerns every segment; `signal.reason` when aborted.
   */
  async translate(piece: SegmentPiece, signal: AbortSignal): Promise<PieceOutcome> {
    const { target } = piece.profile;
    const whole = await this.#runAgain(() => this.#run(piece, signal), signal);
    const sent = piece.live?.sent() ?? '';
    if (whole instanceof GatewayError)
      return { target, text: sent, error: whole, warnings: [failure(SEGMENT_FAILED, whole)] };
    const text = sent === '' ? await this.#plausible(whole, piece, signal) : whole;
    const kind = implausibilityOf(text, piece);
    const warnings = kind === undefined ? [] : [{ code: kind, detail: IMPLAUSIBLE[kind] }];
    if (text.trimStart().startsWith(sent)) return { target, text, warnings };
    return { target, text: `${sent}\n${text.trim()}`, warnings: [RESTARTED, ...warnings] };
  }

  /** The text; where it is implausible, that of one run without context, unless it fails. */
  async #plausible(text: string, piece: SegmentPiece, signal: AbortSignal): Promise<string> {
    if (implausibilityOf(text, piece) === undefined) return text;
    const without = { ...piece, context: undefined, live: undefined };
    const second = await this.#runAgain(() => this.#run(without, signal), signal);
    return second instanceof GatewayError ? text : second;
  }

  /** @throws `signal.reason` when aborted; a transcript that fails is a warning. */
  async transcribe(
    pcm: Buffer,
    source: string | null,
    signal: AbortSignal,
  ): Promise<{ source?: string; warnings: readonly SegmentWarning[] }> {
    let warnings: readonly SegmentWarning[] = [];
    for (let run = 1; run <= MAX_RUNS; run += 1) {
      if (run > 1) await pause(RERUN_AFTER_MS, signal);
      const request = new TranscriptRequest(this.#pool, pcm, source);
      const { pending } = request;
      const outcome = await this.#until(() => request.result(), pending, signal);
      if (outcome.transcript !== undefined) return { source: outcome.transcript, warnings: [] };
      warnings = outcome.warnings ?? [];
    }
    return { warnings };
  }

  async #run({ profile, pcm, context, live }: SegmentPiece, signal: AbortSignal): Promise<string> {
    const piece = { context, question: { pcm }, output: 'text', onlyWhole: live === undefined } as const;
    const pending = this.#pool.request(toUpstreamRequest(profile, piece));
    const work = live === undefined ? () => pending.done() : () => passOn(pending, live);
    await this.#until(work, pending, signal);
    return pending.text;
  }

  /** Cancels the response when aborted. @throws `signal.reason` */
  async #until<T>(
    work: () => Promise<T>,
    pending: PendingResponse | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const cancel = (): void => {
      pending?.fail(cancelled(signal.reason));
    };
    signal.addEventListener('abort', cancel);
    try {
      if (signal.aborted) cancel();
      return await work();
    } finally {
      signal.removeEventListener('abort', cancel);
      if (pending !== undefined) this.#onEnd(pending);
      signal.throwIfAborted();
    }
  }

  /** @returns the text, or the error of the last run. */
  async #runAgain(run: () => Promise<string>, signal: AbortSignal): Promise<string | GatewayError> {
    let saturated = 0;
    for (let runs = 1; ;) {
      try {
        return await run();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof GatewayError) || CONCERNS_ALL.has(error.code)) throw error;
        const isSaturated = error.code === 'pool-saturated' && saturated < MAX_SATURATED;
        if (isSaturated) saturated += 1;
        else if (runs === MAX_RUNS) return error;
        else runs += 1;
        const afterMs = Math.min(error.retryAfterMs ?? RERUN_AFTER_MS, MAX_RERUN_AFTER_MS);
        await pause(afterMs, signal);
      }
    }
  }
}

async function passOn(pending: PendingResponse, live: LiveWords): Promise<void> {
  let text = '';
  for await (const chunk of pending) {
    if (chunk.type !== 'text') continue;
    text += chunk.delta;
    await live.send(text);
  }
}

const RESTARTED: SegmentWarning = {
  code: 'restarted',
  detail:
    'An answer failed after words of it were sent. They stand in a line of their own before the whole text.',
};

const IMPLAUSIBLE: Readonly<Record<Implausibility, string>> = {
  repetition: 'The same words stand in the text again and again; listen to this segment.',
  'too-fast': 'The text is longer than anyone can say in this time; listen to this segment.',
};

function implausibilityOf(text: string, { profile, speechMs }: SegmentPiece): Implausibility | undefined {
  return findImplausibility(text, profile.target ?? 'und', speechMs);
}

/** @throws `signal.reason` when aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
}

function failure(code: string, error: GatewayError): SegmentWarning {
  return { code, detail: `${error.code}: ${error.message}` };
}

/** For the pool's counters; no client receives it. */
function cancelled(reason: unknown): GatewayError {
  if (reason instanceof GatewayError) return reason;
  const detail = 'The translation of the recording ended before this segment was complete.';
  return new GatewayError('request-timeout', detail, isError(reason) ? { cause: reason } : {});
}
