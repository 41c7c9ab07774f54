/** Converts between the time of a recording and time spoken, in which the pauses of a segment do not count. */
import type { Pause } from '../audio/speech/segment.js';

export class SpeechClock {
  readonly startMs: number;
  readonly endMs: number;
  readonly pauses: readonly Pause[];
  /** Milliseconds spoken before each pause. */
  readonly spokenBefore: readonly number[];
  /** Milliseconds spoken in the whole segment. */
  readonly spokenMs: number;

  constructor(segment: {
    readonly startMs: number;
    readonly endMs: number;
    readonly pauses: readonly Pause[];
  }) {
    this.startMs = segment.startMs;
    this.endMs = segment.endMs;
    this.pauses = segment.pauses;
    let paused = 0;
    this.spokenBefore = segment.pauses.map(({ startMs, endMs }) => {
      const before = startMs - this.startMs - paused;
      paused += endMs - startMs;
      return before;
    });
    this.spokenMs = this.endMs - this.startMs - paused;
  }

  /** @returns the time in the recording after that much speech; at a pause, its end. */
  at(spokenMs: number): number {
    let ms = this.startMs + spokenMs;
    for (const [index, { startMs, endMs }] of this.pauses.entries()) {
      if ((this.spokenBefore[index] ?? 0) > spokenMs) break;
      ms += endMs - startMs;
    }
    return ms;
  }

  /** @returns the milliseconds spoken before a time in the recording. */
  spokenUntil(ms: number): number {
    let spoken = ms - this.startMs;
    for (const { startMs, endMs } of this.pauses) {
      if (ms <= startMs) break;
      spoken -= Math.min(ms, endMs) - startMs;
    }
    return spoken;
  }

  /** @returns when the speech before `ms` ended: the start of a pause that ends at `ms`, else `ms` itself. */
  speechEndBefore(ms: number): number {
    return this.pauses.find(({ endMs }) => endMs === ms)?.startMs ?? ms;
  }
}
