/** Times one translation, and reports them to logs, metrics and tracing when it has ended. */
import { GatewayError, upstreamCauseOf } from '../errors.js';
import type { Timings, TranslationReport } from '../telemetry/reports.js';
import type { Attributes, TraceContext, SpanRecord, Tracing } from '../telemetry/tracing.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { Usage } from '../wire/index.js';
import type { TranscriptRequest } from './transcript.js';

interface Span {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What is reported of a response, or of all those of a recording together. */
export type TracedResponse = Pick<PendingResponse, 'timestamps' | 'usage' | 'attempts' | 'upstreamId'>;

/** Times are of the clock of `performance.now()`. */
export class TranslationTrace {
  readonly #tracing: Tracing;
  readonly #parent: TraceContext;
  readonly #uploadMs: number | undefined;
  #normalizing: (Span & { error: unknown }) | undefined;
  inputAudioMs: number | undefined;
  /** Set once the pool has accepted the request. */
  pending: TracedResponse | undefined;
  /** The words of a recording, where they are wanted. */
  transcript: TranscriptRequest | undefined;
  /** An event was written to the client, which knows the session's id from then on. */
  hasDelivered = false;
  /** Why there is no translation. */
  error: unknown;
  #report: TranslationReport | undefined;

  /** @param uploadMs how long the upload of a recording took */
  constructor(tracing: Tracing, uploadMs: number | undefined) {
    this.#tracing = tracing;
    this.#parent = tracing.activeContext();
    this.#uploadMs = uploadMs;
  }

  async normalize<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    let error: unknown;
    try {
      return await work();
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      this.#normalizing = { startedAt, endedAt: performance.now(), error };
    }
  }

  /** To be read once the translation has ended: it is computed once. */
  get report(): TranslationReport {
    const { pending } = this;
    this.#report ??= {
      timings: this.#timings,
      usage: sumOf(pending?.usage, this.transcript?.pending?.usage),
      attempts: pending?.attempts ?? 0,
      upstreamId: pending?.upstreamId,
    };
    return this.#report;
  }

  /** @param attributes of the upstream request; called only if spans are exported */
  recordSpans(attributes: () => Attributes): void {
    this.#tracing.record(this.#parent, () => [
      ...this.#normalizeSpan(),
      ...this.#upstreamSpans(attributes()),
    ]);
  }

  get #timings(): Timings {
    const { acceptedAt, sentAt, firstDeltaAt, endedAt } = this.pending?.timestamps ?? NO_TIMESTAMPS;
    return {
      uploadMs: tenthsBetween(0, this.#uploadMs),
      normalizeMs: tenthsBetween(this.#normalizing?.startedAt, this.#normalizing?.endedAt),
      queueMs: tenthsBetween(acceptedAt, sentAt ?? endedAt),
      upstreamMs: tenthsBetween(sentAt, endedAt),
      firstDeltaMs: tenthsBetween(sentAt, firstDeltaAt),
    };
  }

  #normalizeSpan(): SpanRecord[] {
    if (this.#normalizing === undefined) return [];
    const { error, ...span } = this.#normalizing;
    const attributes = { 'translation.input_audio_ms': this.inputAudioMs };
    return [{ name: 'normalize', ...span, attributes, error: codeOf(error) }];
  }

  #upstreamSpans(attributes: Attributes): SpanRecord[] {
    if (this.pending === undefined) return [];
    const { timestamps, usage, attempts, upstreamId } = this.pending;
    const { acceptedAt, sentAt, endedAt = performance.now() } = timestamps;
    const error = codeOf(this.error);
    const queue = { name: 'queue', startedAt: acceptedAt };
    if (sentAt === undefined) return [{ ...queue, endedAt, error }];
    const described = {
      ...attributes,
      'gen_ai.usage.input_tokens': usage?.inputTokens,
      'gen_ai.usage.output_tokens': usage?.outputTokens,
      'translation.attempts': attempts,
      'translation.upstream_id': upstreamId,
      'translation.upstream_cause': upstreamCauseOf(this.error)?.label,
      'translation.first_delta_ms': this.report.timings.firstDeltaMs,
    };
    return [
      { ...queue, endedAt: sentAt },
      { name: 'upstream', isCall: true, startedAt: sentAt, endedAt, attributes: described, error },
    ];
  }
}

function sumOf(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    totalTokens: one.totalTokens + other.totalTokens,
  };
}

const NO_TIMESTAMPS = {
  acceptedAt: undefined,
  sentAt: undefined,
  firstDeltaAt: undefined,
  endedAt: undefined,
};

/** Rounded to tenths of a millisecond; undefined if either end is missing. */
function tenthsBetween(startedAt: number | undefined, endedAt: number | undefined): number | undefined {
  if (startedAt === undefined || endedAt === undefined) return undefined;
  return Math.round((endedAt - startedAt) * 10) / 10;
}

function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof GatewayError ? error.code : 'client-gone';
}
