/** What the pool has done since it began: counts that only grow. */
import { upstreamCauseOf, type GatewayError } from '../errors.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { Usage } from '../wire/index.js';

/** A view that moves on with the pool. */
export interface PoolTotals {
  /** Sockets that were asked for. */
  readonly attempts: number;
  /** Those of them that never became ready, by what upstream did. */
  readonly failures: ReadonlyMap<string, number>;
  /** Sockets that were lost after they had been ready, by close code. */
  readonly losses: ReadonlyMap<string, number>;
  /** Requests that were run once more because their socket was lost. */
  readonly retries: number;
  /** As upstream counts them, answers included that nobody waited for any more. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Bytes of PCM16, 24 kHz, mono; a second run sends them again. */
  readonly sentAudioBytes: number;
  readonly receivedAudioBytes: number;
}

/** Not more than so many different causes are told apart: upstream chooses its codes. */
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

  sent({ request: { question } }: PendingResponse): void {
    if ('pcm' in question) this.sentAudioBytes += question.pcm.length;
  }

  spent({ inputTokens, outputTokens }: Usage): void {
    this.inputTokens += inputTokens;
    this.outputTokens += outputTokens;
  }

  /** @param error undefined where the socket was closed on purpose */
  ended(error: GatewayError | undefined, wasReady: boolean): void {
    const cause = upstreamCauseOf(error);
    if (cause === undefined) return;
    if (wasReady) count(this.losses, cause.kind === 'close' ? cause.code : cause.label);
    else count(this.failures, cause.label);
  }
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.has(name) || counts.size < MAX_CAUSES ? name : 'other';
  counts.set(known, (counts.get(known) ?? 0) + 1);
}
