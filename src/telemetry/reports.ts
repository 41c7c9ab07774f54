/** What is reported of a request when it has ended: for logs and metrics, so never its content. */

export interface FinishedRequest {
  readonly method: string;
  /** The pattern of the path, never the path: metrics need few values. */
  readonly route: string;
  /** Undefined if the client left before a status was sent. */
  readonly status: number | undefined;
  /** Of the problem. */
  readonly code: string | undefined;
  /** The client did not get the whole answer. */
  readonly aborted: boolean;
  readonly durationMs: number;
  readonly report: TranslationReport | undefined;
}

/** What a translation took, whether it succeeded or not. */
export interface TranslationReport {
  readonly timings: Timings;
  readonly usage:
    { readonly inputTokens: number; readonly outputTokens: number; readonly totalTokens: number } | undefined;
  /** Number of sockets it was sent on, one after the other. */
  readonly attempts: number;
  /** Our id for the last attempt, as sent upstream. */
  readonly upstreamId: string | undefined;
}

/** A step that never began has no time. */
export interface Timings {
  readonly uploadMs: number | undefined;
  readonly normalizeMs: number | undefined;
  readonly queueMs: number | undefined;
  readonly upstreamMs: number | undefined;
  readonly firstDeltaMs: number | undefined;
}
