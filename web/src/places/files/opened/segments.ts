/** The segments of a job as the page shows them: joined from the events of all targets. */
import type { JobSegment } from '../../../api/jobs.js';

export interface Segment {
  readonly index: number;
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  /** What was said; undefined if the job has no transcript, or that of this segment failed. */
  readonly source: string | undefined;
  /** By target; the key of a job that has only a prompt is the empty string. */
  readonly texts: ReadonlyMap<string, string>;
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly code: string;
  /** The service's own sentence, in English. */
  readonly detail: string;
}

/** The code of the warning of a segment without a translation. */
const FAILED = 'segment-failed';

export function hasFailed({ warnings }: Segment): boolean {
  return warnings.some(({ code }) => code === FAILED);
}

/** @returns the segment with the translation and warnings of an event. */
export function withEvent(known: Segment | undefined, event: JobSegment): Segment {
  const { index, start, end, source, text, target, warnings = [] } = event;
  const texts = new Map(known?.texts).set(target ?? '', text);
  return { index, start, end, source, texts, warnings };
}

/**
 * Finds the last segment that begins at `seconds` or before, by binary search.
 *
 * @returns its position in the array, which differs from its `index` while segments before it are missing; -1 before the first.
 */
export function positionAt(segments: readonly Segment[], seconds: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.start ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @returns the segments whose source, or text in `target`, contains the query, in any case. */
export function search(segments: readonly Segment[], query: string, target: string): readonly Segment[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return segments;
  const has = (text: string | undefined) => text?.toLocaleLowerCase().includes(wanted) === true;
  return segments.filter(({ source, texts }) => has(source) || has(texts.get(target)));
}
