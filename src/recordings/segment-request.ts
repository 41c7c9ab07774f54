/** Translates one segment into one language, or transcribes it: a failure is retried if that may help, else a warning. */
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

/** With these, every other segment would fail in the same way. */
const FATAL_CODES: ReadonlySet<ErrorCode> = new Set([
  'upstream-rejected',
  'unsupported-language',
  'offline-engine-missing',
  'draining',
]);
/** A failed request is retried once. */
const MAX_ATTEMPTS = 2;
/** So often, a refusal because the pool is full does not count as an attempt. */
const MAX_SATURATED = 60;
/** If the error has no `retryAfterMs`; an outage of a second must not cost segments. */
const RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 30_000;

/** Forwards the words of a segment as they arrive. Words that were sent cannot be taken back. */
export interface LiveWords {
  /** Sends what is new. @param text of the segment so far; nothing is sent while it does not continue what was sent. */
  readonly send: (text: string) => Promise<void>;
  /** What was sent of the segment, in all attempts together. */
  readonly sent: () => string;
}

/** One segment to be translated into one language. */
export interface SegmentTask {
  readonly profile: RequestProfile;
  /** PCM16 mono 24 kHz */
  readonly pcm: Buffer;
  readonly context: string | undefined;
  /** How long its speech lasts. */
  readonly speechMs: number;
  /** Absent: only the whole text is wanted. */
  readonly live?: LiveWords | undefined;
}

export interface SegmentTaskOutcome extends SegmentTranslation {
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
   * The text begins with the words that were sent. If a retry does not continue the words of the first attempt, its text has
   * a line of its own after them, and there is a warning.
   *
   * @throws GatewayError for a refusal that concerns every segment; `signal.reason` when aborted.
   */
  async translate(task: SegmentTask, signal: AbortSignal): Promise<SegmentTaskOutcome> {
    const { target } = task.profile;
    const whole = await this.#retry(() => this.#attempt(task, signal), signal);
    const sent = task.live?.sent() ?? '';
    if (whole instanceof GatewayError)
      return { target, text: sent, error: whole, warnings: [failure(SEGMENT_FAILED, whole)] };
    const text = sent === '' ? await this.#plausible(whole, task, signal) : whole;
    const kind = implausibilityOf(text, task);
    const warnings = kind === undefined ? [] : [{ code: kind, detail: IMPLAUSIBLE[kind] }];
    if (text.trimStart().startsWith(sent)) return { target, text, warnings };
    return { target, text: `${sent}\n${text.trim()}`, warnings: [RESTARTED, ...warnings] };
  }

  /** @returns the text; if it is implausible, that of a request without context, unless that fails. */
  async #plausible(text: string, task: SegmentTask, signal: AbortSignal): Promise<string> {
    if (implausibilityOf(text, task) === undefined) return text;
    const withoutContext = { ...task, context: undefined, live: undefined };
    const second = await this.#retry(() => this.#attempt(withoutContext, signal), signal);
    return second instanceof GatewayError ? text : second;
  }

  /** @throws `signal.reason` when aborted; a transcript that fails is a warning. */
  async transcribe(
    pcm: Buffer,
    source: string | null,
    signal: AbortSignal,
  ): Promise<{ source?: string; warnings: readonly SegmentWarning[] }> {
    let warnings: readonly SegmentWarning[] = [];
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await pause(RETRY_DELAY_MS, signal);
      const request = new TranscriptRequest(this.#pool, pcm, source);
      const { pending } = request;
      const outcome = await this.#cancelOnAbort(() => request.result(), pending, signal);
      if (outcome.transcript !== undefined) return { source: outcome.transcript, warnings: [] };
      warnings = outcome.warnings ?? [];
    }
    return { warnings };
  }

  async #attempt({ profile, pcm, context, live }: SegmentTask, signal: AbortSignal): Promise<string> {
    const piece = { context, question: { pcm }, output: 'text', onlyWhole: live === undefined } as const;
    const pending = this.#pool.request(toUpstreamRequest(profile, piece));
    const work = live === undefined ? () => pending.done() : () => forwardWords(pending, live);
    await this.#cancelOnAbort(work, pending, signal);
    return pending.text;
  }

  /** Awaits the work, and cancels the response when aborted. @throws `signal.reason` */
  async #cancelOnAbort<T>(
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

  /** @returns the text, or the error of the last attempt. */
  async #retry(attempt: () => Promise<string>, signal: AbortSignal): Promise<string | GatewayError> {
    let saturated = 0;
    for (let attempts = 1; ;) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof GatewayError) || FATAL_CODES.has(error.code)) throw error;
        const isSaturated = error.code === 'pool-saturated' && saturated < MAX_SATURATED;
        if (isSaturated) saturated += 1;
        else if (attempts === MAX_ATTEMPTS) return error;
        else attempts += 1;
        const delayMs = Math.min(error.retryAfterMs ?? RETRY_DELAY_MS, MAX_RETRY_DELAY_MS);
        await pause(delayMs, signal);
      }
    }
  }
}

async function forwardWords(pending: PendingResponse, live: LiveWords): Promise<void> {
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

function implausibilityOf(text: string, { profile, speechMs }: SegmentTask): Implausibility | undefined {
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
