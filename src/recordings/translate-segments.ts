/** The segments of a recording through the pool: many at a time, each as it is finished, or in order. */
import { setMaxListeners } from 'node:events';
import type { SpeechSegment } from '../audio/speech/segment.js';
import { GatewayError } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import type { SegmentWarning } from '../subtitles/faults.js';
import type { RequestProfile } from '../translate/upstream-request.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { FairSemaphore } from './fair-semaphore.js';
import { SegmentRequester, type LiveWords, type SegmentTaskOutcome } from './segment-request.js';
import { hasFailed, SEGMENT_FAILED, type SegmentResult } from './segment-result.js';
import { joinContext } from './context.js';

export interface SegmentPorts {
  readonly pool: Pool;
  /** Requests upstream of all long recordings of this node, `JOB_PARALLEL`; or those of one short recording. */
  readonly slots: FairSemaphore;
}

export interface SegmentsRequest {
  /** In order. Read no further than needed; left early, its `return` is called. It has to end when `signal` is aborted. */
  readonly segments: AsyncIterable<SpeechSegment>;
  /** PCM16 mono 24 kHz of a segment, padding included; called when a place upstream is free, once for each request. */
  readonly readSamples: (segment: SpeechSegment) => Promise<Buffer>;
  /** One for each target, at least one; all have the same `source`. */
  readonly profiles: readonly [RequestProfile, ...RequestProfile[]];
  /** Sent with every segment, before the last sentences of the previous translation. */
  readonly context?: string;
  /** Whether the words of the source are wanted. */
  readonly transcript: boolean;
  /** Results of an earlier run, by index: they are yielded again without a request. */
  readonly done?: ReadonlyMap<number, SegmentResult>;
  /** Awaited before a segment begins, in order; what it throws ends everything. For points that may have to be waited for. */
  readonly admit?: (segment: SpeechSegment) => Promise<void>;
  /** Forwards the words of a segment in the first target as they arrive; absent: only whole texts are wanted. */
  readonly live?: (index: number) => LiveWords;
  /** Called with each response that has ended, however it did: its usage and its times. */
  readonly onResponse?: (pending: PendingResponse) => void;
  /** Cancels everything; the iteration throws its reason. */
  readonly signal: AbortSignal;
}

/**
 * How far a segment may be ahead of the oldest one that is not finished, as a multiple of the slots: it bounds what is held
 * in memory where results are put in order.
 */
const WINDOW_PER_SLOT = 4;

/**
 * Yields the result of each segment as it is finished. A segment that fails is a warning in its result. Of those that were
 * begun, never more than there are slots have not been taken by the caller, who has dealt with one when it asks for the next.
 *
 * @throws GatewayError for a refusal that concerns every segment, at once; the first failure where all have failed, at the
 *   end; `signal.reason` when aborted. Either way nothing runs any more then; nor after the loop was left.
 */
export async function* translateSegments(
  ports: SegmentPorts,
  request: SegmentsRequest,
): AsyncGenerator<SegmentResult, void, void> {
  yield* new SegmentRun(ports, request).results();
}

/** The same results in the order of their indices. @param first the index that is yielded first. */
export async function* inOrder(
  results: AsyncIterable<SegmentResult>,
  first = 0,
): AsyncGenerator<SegmentResult, void, void> {
  const early = new Map<number, SegmentResult>();
  let next = first;
  for await (const result of results) {
    early.set(result.index, result);
    for (let due = early.get(next); due !== undefined; due = early.get(next)) {
      early.delete(next);
      next += 1;
      yield due;
    }
  }
}

/** What happened first: a further segment, the end of the segments, or a segment that is finished. Never rejects. */
type Step =
  | { readonly kind: 'read'; readonly next: IteratorResult<SpeechSegment, unknown> }
  | { readonly kind: 'finished'; readonly result: SegmentResult; readonly isLost: boolean }
  | { readonly kind: 'failed'; readonly failure: unknown };

class SegmentRun {
  readonly #slots: FairSemaphore;
  readonly #request: SegmentsRequest;
  readonly #requester: SegmentRequester;
  /** Aborted when the iteration ends, however it does. */
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Map<number, Promise<Step>>();
  /** The texts of finished segments, in the order of the targets, as far as they may become context. */
  readonly #texts = new Map<number, string[]>();
  /** Whether the last segment was read, how many were begun, and of how many every translation has failed. */
  #isRead = false;
  #begun = 0;
  #lost = 0;
  /** Resolves once no translation can come any more: then the words of the source are not waited for. */
  readonly #allLost: Promise<Step>;
  #loseAll: (step: Step) => void = () => undefined;
  #succeeded = 0;
  #firstError: GatewayError | undefined;

  constructor({ pool, slots }: SegmentPorts, request: SegmentsRequest) {
    this.#slots = slots;
    this.#request = request;
    this.#requester = new SegmentRequester(pool, (pending) => request.onResponse?.(pending));
    this.#signal = AbortSignal.any([request.signal, this.#ended.signal]);
    this.#allLost = new Promise((resolve) => {
      this.#loseAll = resolve;
    });
    // One for each request that runs or waits.
    setMaxListeners(0, this.#signal);
  }

  async *results(): AsyncGenerator<SegmentResult, void, void> {
    const segments = this.#request.segments[Symbol.asyncIterator]();
    let reading: Promise<Step> | undefined;
    let nextIndex = 0;
    try {
      for (;;) {
        if (!this.#isRead && this.#mayBegin(nextIndex)) reading ??= this.#read(segments);
        const steps = [...this.#running.values(), ...(reading === undefined ? [] : [reading])];
        if (steps.length === 0) break;
        const step = await this.#first([...steps, this.#allLost]);
        if (step.kind === 'failed') throw step.failure;
        if (step.kind === 'finished') {
          this.#running.delete(step.result.index);
          this.#recordResult(step.result, step.isLost);
          yield step.result;
          continue;
        }
        reading = undefined;
        if (step.next.done === true) this.#endReading();
        else {
          nextIndex = step.next.value.index + 1;
          this.#start(step.next.value);
        }
      }
      if (this.#succeeded === 0 && this.#firstError !== undefined) throw this.#firstError;
    } finally {
      this.#ended.abort(new Error('The translation of the recording has ended.'));
      await Promise.all(this.#running.values());
      await segments.return?.();
    }
  }

  #mayBegin(index: number): boolean {
    const { limit } = this.#slots;
    const [oldest = index] = this.#running.keys();
    return this.#running.size < limit && index - oldest < WINDOW_PER_SLOT * limit;
  }

  /** @throws `signal.reason` as soon as it is aborted. */
  async #first(steps: readonly Promise<Step>[]): Promise<Step> {
    const { signal } = this.#request;
    signal.throwIfAborted();
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<Step>((resolve) => {
      onAbort = () => {
        resolve({ kind: 'failed', failure: signal.reason });
      };
    });
    signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([aborted, ...steps]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** The next segment, once it is admitted. */
  async #read(segments: AsyncIterator<SpeechSegment, unknown>): Promise<Step> {
    try {
      const next = await segments.next();
      if (next.done !== true && this.#request.done?.has(next.value.index) !== true)
        await this.#request.admit?.(next.value);
      return { kind: 'read', next };
    } catch (failure) {
      return { kind: 'failed', failure };
    }
  }

  #endReading(): void {
    this.#isRead = true;
    this.#failIfAllLost();
  }

  #failIfAllLost(): void {
    const failure = this.#firstError;
    if (this.#request.transcript && this.#isRead && this.#lost === this.#begun && failure !== undefined)
      this.#loseAll({ kind: 'failed', failure });
  }

  #start(segment: SpeechSegment): void {
    const { index } = segment;
    this.#begun += 1;
    const done = this.#request.done?.get(index);
    const work: Promise<Step> =
      done === undefined
        ? this.#translate(segment)
        : Promise.resolve({ kind: 'finished', result: done, isLost: isLost(done) } as const);
    this.#running.set(
      index,
      work.catch((failure: unknown): Step => ({ kind: 'failed', failure })),
    );
  }

  #recordResult(result: SegmentResult, isLost: boolean): void {
    const { index, translations } = result;
    this.#texts.delete(index - WINDOW_PER_SLOT * this.#slots.limit - 1);
    for (const [targetIndex, { text }] of translations.entries()) this.#recordText(index, targetIndex, text);
    if (isLost) this.#firstError ??= failureOf(result);
    else this.#succeeded += 1;
  }

  #recordText(index: number, targetIndex: number, text: string): void {
    const texts = this.#texts.get(index) ?? [];
    texts[targetIndex] = text;
    this.#texts.set(index, texts);
  }

  async #translate(segment: SpeechSegment): Promise<Step> {
    const { profiles, transcript } = this.#request;
    const translating = profiles.map((profile, targetIndex) =>
      this.#translateTo(profile, targetIndex, segment),
    );
    const [words, outcomes] = await Promise.all([
      transcript ? this.#transcribe(segment) : undefined,
      Promise.all(translating).then((all) => this.#recordLoss(all)),
    ]);
    const { index, startMs, endMs, pauses } = segment;
    const result: SegmentResult = {
      index,
      startMs,
      endMs,
      pauses,
      ...(words?.source !== undefined && { source: words.source }),
      translations: outcomes.map(({ target, text }) => ({ target, text })),
      warnings: [...outcomes.flatMap((outcome) => this.#warningsOf(outcome)), ...(words?.warnings ?? [])],
    };
    return { kind: 'finished', result, isLost: areLost(outcomes) };
  }

  #recordLoss(outcomes: readonly SegmentTaskOutcome[]): readonly SegmentTaskOutcome[] {
    if (areLost(outcomes)) {
      this.#lost += 1;
      this.#firstError ??= outcomes[0]?.error;
      this.#failIfAllLost();
    }
    return outcomes;
  }

  #translateTo(
    profile: RequestProfile,
    targetIndex: number,
    segment: SpeechSegment,
  ): Promise<SegmentTaskOutcome> {
    return this.#inSlot(async () => {
      const before = this.#texts.get(segment.index - 1)?.[targetIndex];
      const pcm = await this.#request.readSamples(segment);
      const context = joinContext(this.#request.context, before, profile.target ?? undefined);
      const speechMs = segment.endMs - segment.startMs;
      const live = targetIndex === 0 ? this.#request.live?.(segment.index) : undefined;
      const task = { profile, pcm, context, speechMs, live };
      const outcome = await this.#requester.translate(task, this.#signal);
      // Before the slot is free: the next segment may be the one that takes it.
      this.#recordText(segment.index, targetIndex, outcome.text);
      return outcome;
    });
  }

  #transcribe(segment: SpeechSegment): Promise<{ source?: string; warnings: readonly SegmentWarning[] }> {
    return this.#inSlot(async () => {
      const pcm = await this.#request.readSamples(segment);
      return await this.#requester.transcribe(pcm, this.#request.profiles[0].source, this.#signal);
    });
  }

  #inSlot<T>(work: () => Promise<T>): Promise<T> {
    return this.#slots.run(this, work, this.#signal);
  }

  /** With several targets, a warning names its target. */
  #warningsOf({ target, warnings }: SegmentTaskOutcome): readonly SegmentWarning[] {
    if (this.#request.profiles.length === 1 || target === null) return warnings;
    return warnings.map(({ code, detail }) => ({ code, detail: `${target}: ${detail}` }));
  }
}

/** Whether every translation of a segment failed. */
function areLost(outcomes: readonly SegmentTaskOutcome[]): boolean {
  return outcomes.every(({ error }) => error !== undefined);
}

/** The same for a result of an earlier run. */
function isLost(result: SegmentResult): boolean {
  return hasFailed(result) && result.translations.every(({ text }) => text === '');
}

/** Why it is lost, as far as an earlier run has stored that. */
function failureOf({ warnings }: SegmentResult): GatewayError {
  const detail = warnings.find(({ code }) => code === SEGMENT_FAILED)?.detail ?? '';
  return new GatewayError('upstream-unavailable', `Every segment has failed. The first one: ${detail}`);
}
