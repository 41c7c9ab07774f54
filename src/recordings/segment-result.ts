/** What becomes of one segment, as endpoints and jobs see it. Plain data: it survives JSON. */
import type { SpeechSegment } from '../audio/speech/segment.js';
import type { SegmentWarning } from '../subtitles/faults.js';

export interface SegmentTranslation {
  /** BCP 47; null where the prompt alone decides. */
  readonly target: string | null;
  /** Empty where nothing was said, or where the translation failed before words of it were sent. */
  readonly text: string;
}

export interface SegmentResult extends Pick<SpeechSegment, 'index' | 'startMs' | 'endMs' | 'pauses'> {
  /** The words of the source, where they were wanted and did not fail. */
  readonly source?: string | undefined;
  /** In the order of the targets. */
  readonly translations: readonly SegmentTranslation[];
  /**
   * `segment-failed`, `transcript-failed`, `restarted`, `repetition` or `too-fast`; `detail` names the target where there are
   * several.
   */
  readonly warnings: readonly SegmentWarning[];
}

export const SEGMENT_FAILED = 'segment-failed';

/** Whether a translation of it is missing. */
export function hasFailed({ warnings }: Pick<SegmentResult, 'warnings'>): boolean {
  return warnings.some(({ code }) => code === SEGMENT_FAILED);
}

/** A line for each segment that has text. */
export function joinSegments(texts: readonly string[]): string {
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join('\n');
}

/** @returns undefined where the words of every segment are missing. */
export function transcriptOf(segments: readonly SegmentResult[]): string | undefined {
  const known = segments.flatMap(({ source }) => (source === undefined ? [] : [source]));
  return known.length === 0 && segments.length > 0 ? undefined : joinSegments(known);
}
