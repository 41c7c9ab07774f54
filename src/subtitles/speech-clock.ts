/** The time of a segment without its pauses, in which text can be shared out: a position never falls where nobody speaks. */
import type { Pause } from '../audio/speech/segment.js';

export class SpeechClock {
  readonly startMs: number;
  readonly endMs: number;
  readonly pauses: readonly Pause[];
  /** Of each pause, the time spoken before it. */
  readonly spokenBefore: readonly number[];
  /** Time spoken in all. */
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

  /** @returns the moment after that much speech; at a pause the end of it. */
  at(spokenMs: number): number {
    let ms = this.startMs + spokenMs;
    for (const [index, { startMs, endMs }] of this.pauses.entries()) {
      if ((this.spokenBefore[index] ?? 0) > spokenMs) break;
      ms += endMs - startMs;
    }
    return ms;
  }

  /** @returns how much is spoken up to the moment. */
  spokenUntil(ms: number): number {
    let spoken = ms - this.startMs;
    for (const { startMs, endMs } of this.pauses) {
      if (ms <= startMs) break;
      spoken -= Math.min(ms, endMs) - startMs;
    }
    return spoken;
  }

  /** @returns when the speech before the moment ended: the start of the pause that ends then, or the moment. */
  speechEndBefore(ms: number): number {
    return this.pauses.find(({ endMs }) => endMs === ms)?.startMs ?? ms;
  }
}
