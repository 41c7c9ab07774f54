/** What can be read of the pool: its state, and what it has done since it was created. */
import { upstreamCauseOf, type GatewayError } from '../errors.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { Usage } from '../wire/index.js';

/** A snapshot. */
export interface PoolStats {
  readonly sockets: number;
  readonly ready: number;
  readonly connecting: number;
  readonly draining: number;
  readonly running: number;
  readonly waiting: number;
  /** Requests that all sockets together can carry. */
  readonly capacity: number;
}

/** Counts that only grow; a live view. */
export interface PoolTotals {
  /** Sockets that the pool began to open. */
  readonly attempts: number;
  /** Those that never became ready, by what upstream did. */
  readonly failures: ReadonlyMap<string, number>;
  /** Sockets that were lost after they had been ready, by close code. */
  readonly losses: ReadonlyMap<string, number>;
  /** Requests that were retried because their socket was lost. */
  readonly retries: number;
  /** As upstream counts them, cancelled responses included. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Bytes of PCM16, 24 kHz, mono; a retry sends them again. */
  readonly sentAudioBytes: number;
  readonly receivedAudioBytes: number;
}

/** The rest is counted as `other`, because upstream chooses its codes. */
const MAX_CAUSES = 50;

export class PoolCounters implements PoolTotals {
  readonly failures = new Map<string, number>();
  readonly losses = new Map<string, number>();
  attempts = 0;
  retries = 0;
  inputTokens = 0;
  outputTokens = 0;
  sentAudioBytes = 0;
  receivedAudioBytes = 0;

  onSent({ request: { question } }: PendingResponse): void {
    if ('pcm' in question) this.sentAudioBytes += question.pcm.length;
  }

  onUsage({ inputTokens, outputTokens }: Usage): void {
    this.inputTokens += inputTokens;
    this.outputTokens += outputTokens;
  }

  /** @param error undefined where the socket was closed on purpose */
  onClosed(error: GatewayError | undefined, wasReady: boolean): void {
    const cause = upstreamCauseOf(error);
    if (cause === undefined) return;
    if (wasReady) count(this.losses, cause.kind === 'close' ? cause.code : cause.label);
    else count(this.failures, cause.label);
  }
}

function count(counts: Map<string, number>, name: string): void {
  const counted = counts.has(name) || counts.size < MAX_CAUSES ? name : 'other';
  counts.set(counted, (counts.get(counted) ?? 0) + 1);
}
