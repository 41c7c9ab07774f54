/** How many segments of a job are finished, and how many failed, without their texts. */
import { hasFailed, type SegmentResult } from '../recordings/segment-result.js';

export interface SegmentCounts {
  readonly segments: number;
  readonly failedSegments: number;
  /** Every segment that ends before this is finished. */
  readonly processedMs: number;
}

/**
 * Counts the results of a log as they are read. A result replaces that of an earlier attempt; of the same attempt the first
 * counts, because two nodes may have worked on it for a moment. Memory grows with the failed segments only.
 */
export class SegmentCounter {
  /** All before this index are finished. */
  #next = 0;
  #processedMs = 0;
  /** The ends of finished segments after an unfinished one, by index. */
  readonly #ahead = new Map<number, number>();
  /** Segments whose result is not a translation of the first attempt. */
  readonly #exceptions = new Map<number, { attempt: number; isFailed: boolean }>();
  #failed = 0;

  get counts(): SegmentCounts {
    return {
      segments: this.#next + this.#ahead.size,
      failedSegments: this.#failed,
      processedMs: this.#processedMs,
    };
  }

  /** @returns false if an earlier result counts instead. */
  add(attempt: number, result: SegmentResult): boolean {
    const { index, endMs } = result;
    const earlier = this.#exceptions.get(index);
    if (this.#isFinished(index) && (earlier?.attempt ?? 1) >= attempt) return false;
    const isFailed = hasFailed(result);
    this.#failed += Number(isFailed) - Number(earlier?.isFailed ?? false);
    if (isFailed || attempt !== 1) this.#exceptions.set(index, { attempt, isFailed });
    else this.#exceptions.delete(index);
    if (index >= this.#next) this.#ahead.set(index, endMs);
    this.#advance();
    return true;
  }

  #isFinished(index: number): boolean {
    return index < this.#next || this.#ahead.has(index);
  }

  #advance(): void {
    for (let endMs = this.#ahead.get(this.#next); endMs !== undefined; endMs = this.#ahead.get(this.#next)) {
      this.#ahead.delete(this.#next);
      this.#processedMs = endMs;
      this.#next += 1;
    }
  }
}
