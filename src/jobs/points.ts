/** Takes the points of a job segment by segment; waits where a request would be refused. */
import { setTimeout as wait } from 'node:timers/promises';
import { SAMPLE_RATE } from '../audio/pcm.js';
import type { SpeechSegment } from '../audio/speech/segment.js';
import type { Limiter } from '../quota/limiter.js';
import { audioPoints } from '../quota/points.js';

/** A window that ends now has ended a moment later. */
const MIN_WAIT_MS = 250;

export class JobPoints {
  readonly #limiter: Limiter | undefined;
  readonly #client: string;
  readonly #responses: number;
  /** The fraction of a point that has not been taken yet. */
  #owed = 0;

  /**
   * @param limiter absent: no client is limited.
   * @param responses for each segment: one for each target, and one for the transcript.
   */
  constructor(limiter: Limiter | undefined, client: string, responses: number) {
    this.#limiter = limiter;
    this.#client = client;
    this.#responses = responses;
  }

  /** Resolves once the points of a segment are taken, if need be in the next minute. @throws `signal.reason` */
  async take({ fromSample, toSample }: SpeechSegment, signal: AbortSignal): Promise<void> {
    this.#owed += this.#responses * audioPoints((1_000 * (toSample - fromSample)) / SAMPLE_RATE);
    const points = Math.floor(this.#owed);
    this.#owed -= points;
    if (points === 0 || this.#limiter === undefined) return;
    for (;;) {
      const { allowed, resetMs } = await this.#limiter.take(this.#client, points);
      if (allowed) return;
      await wait(Math.max(MIN_WAIT_MS, resetMs), undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }
}
