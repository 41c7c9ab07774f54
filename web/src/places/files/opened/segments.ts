/** The segments of a job as they are shown: put together from its events, one for each target. */
import type { JobSegment } from '../../../api/jobs.js';

export interface Segment {
  readonly index: number;
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  /** What was said; undefined where the job was not asked for it, or it is not known. */
  readonly source: string | undefined;
  /** By target; the empty string stands for a job that has only a prompt. */
  readonly texts: ReadonlyMap<string, string>;
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly code: string;
  /** The service's own sentence, in English. */
  readonly detail: string;
}

const FAILED = 'segment-failed';

export function hasFailed({ warnings }: Segment): boolean {
  return warnings.some(({ code }) => code === FAILED);
}

/** The segment with what an event says of it. */
export function withEvent(known: Segment | undefined, event: JobSegment): Segment {
  const { index, start, end, source, text, target, warnings = [] } = event;
  const texts = new Map(known?.texts).set(target ?? '', text);
  return { index, start, end, source, texts, warnings };
}

/** Where `seconds` falls: the place of the last segment that has begun by then, -1 before the first. */
export function placeAt(segments: readonly Segment[], seconds: number): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.start ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Those in which the words occur, in the source or in the text of `target`. */
export function search(segments: readonly Segment[], query: string, target: string): readonly Segment[] {
  const words = query.trim().toLocaleLowerCase();
  if (words === '') return segments;
  const has = (text: string | undefined) => text?.toLocaleLowerCase().includes(words) === true;
  return segments.filter(({ source, texts }) => has(source) || has(texts.get(target)));
}
