/** What the pool has done since it was created: counts that only grow. */
import { upstreamCauseOf, type GatewayError } from '../errors.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { Usage } from '../wire/index.js';

/** A live view. */
export type PoolTotals = Readonly<Omit<PoolCounters, 'onSent' | 'onUsage' | 'onClosed'>>;

/** The rest is counted as `other`, because upstream chooses its codes. */
const MAX_CAUSES = 50;

export class PoolCounters {
  /** Sockets that the pool began to open. */
  attempts = 0;
  /** Those that never became ready, by what upstream did. */
  readonly failures = new Map<string, number>();
  /** Sockets that were lost after they had been ready, by close code. */
  readonly losses = new Map<string, number>();
  /** Requests that were retried because their socket was lost. */
  retries = 0;
  /** As upstream counts them, cancelled responses included. */
  inputTokens = 0;
  outputTokens = 0;
  /** Bytes of PCM16, 24 kHz, mono; a retry sends them again. */
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
