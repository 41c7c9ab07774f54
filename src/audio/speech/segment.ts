/** What a segment is: a stretch of speech in a recording, and where its samples are. */
import { BYTES_PER_SAMPLE } from '../pcm.js';

/** A stretch within speech in which nobody speaks; in milliseconds from the start of the recording. */
export interface Pause {
  readonly startMs: number;
  readonly endMs: number;
}

export interface SpeechSegment {
  /** From 0, without gaps. */
  readonly index: number;
  /** Where speech begins and ends, without padding, in milliseconds from the start of the recording. */
  readonly startMs: number;
  readonly endMs: number;
  /** The samples to listen to, padding included: from `fromSample` up to, not including, `toSample`. */
  readonly fromSample: number;
  readonly toSample: number;
  /** Pauses of at least 120 ms within the segment, in order; they touch neither its start nor its end. */
  readonly pauses: readonly Pause[];
}

/** The place of a segment's samples in a file of PCM16 without a header. */
export function segmentBytes({ fromSample, toSample }: SpeechSegment): { offset: number; length: number } {
  return { offset: fromSample * BYTES_PER_SAMPLE, length: (toSample - fromSample) * BYTES_PER_SAMPLE };
}
