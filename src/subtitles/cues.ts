/** The cues of a recording, from its segments and their texts. Pure: the same segments give the same cues. */
import type { SpeechSegment } from '../audio/speech/segment.js';
import type { Cue, CueLanguages } from './cue.js';
import { cueWarnings, type SegmentWarning } from './faults.js';
import { partitionByShares, partitionText } from './partition.js';
import { SpeechClock } from './speech-clock.js';
import { BreakableText } from './text.js';
import { kindOfBreak, TextTimes } from './text-times.js';
import { cueCapacity, timeCues, type TimedText } from './timing.js';

/** A segment of speech with its translation. */
export interface TranslatedSegment extends Pick<SpeechSegment, 'startMs' | 'endMs' | 'pauses'> {
  readonly text: string;
  /** What was said; undefined: not known. */
  readonly source?: string | undefined;
}

export interface SubtitleOptions extends CueLanguages {
  readonly subtitles: 'target' | 'source' | 'both';
}

export interface SegmentCues {
  readonly cues: readonly Cue[];
  /** Limits that the cues could not keep. */
  readonly warnings: readonly SegmentWarning[];
}

/**
 * @param untilMs where the next segment begins, or the recording ends; a cue may stay on the screen in the silence before it.
 * @param isLast whether the recording ends at `untilMs`.
 * @returns no cues for a segment without text.
 */
export function cuesOfSegment(
  segment: TranslatedSegment,
  options: SubtitleOptions,
  untilMs: number,
  isLast: boolean,
): SegmentCues {
  const { subtitles } = options;
  const clock = new SpeechClock(segment);
  const source = new BreakableText(
    subtitles === 'target' ? '' : (segment.source ?? ''),
    options.source ?? '',
  );
  const target = new BreakableText(subtitles === 'source' ? '' : segment.text, options.target ?? '');
  if (source.count === 0 && target.count === 0) return { cues: [], warnings: [] };
  const latestMs = Math.max(untilMs, segment.endMs);
  const bounds = splitBoth(source, target, clock, latestMs);
  const lead = source.count > 0 ? source : target;
  const leadBounds = source.count > 0 ? bounds.source : bounds.target;
  const texts = leadBounds.slice(0, -1).map((start, index): TimedText => {
    const end = leadBounds[index + 1] ?? start;
    const readMs = Math.max(readingMs(source, bounds.source, index), readingMs(target, bounds.target, index));
    return {
      width: Math.max(1, lead.width(start, end)),
      readMs,
      breakAfter: kindOfBreak(lead.costBefore(end)),
    };
  });
  const times = timeCues(texts, clock, latestMs, isLast);
  const cues = times.map((time, index) => ({
    ...time,
    source: linesOf(source, bounds.source, index),
    target: linesOf(target, bounds.target, index),
  }));
  return { cues, warnings: cueWarnings(cues, options) };
}

/**
 * A generator, so that the caller can let other work in between: the cues of four hours take half a second.
 *
 * @param durationMs of the recording.
 * @returns for each segment its cues and warnings, in order.
 */
export function* eachCues(
  segments: readonly TranslatedSegment[],
  options: SubtitleOptions,
  durationMs: number,
): Generator<SegmentCues, void, void> {
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    yield cuesOfSegment(segment, options, next?.startMs ?? durationMs, next === undefined);
  }
}

/** Splits both texts into the same number of cues: the text that needs more is split first, the other near the same shares. */
function splitBoth(
  source: BreakableText,
  target: BreakableText,
  clock: SpeechClock,
  untilMs: number,
): { source: number[]; target: number[] } {
  const sourceBounds = split(source, clock, untilMs);
  const targetBounds = split(target, clock, untilMs);
  if (source.count === 0 || target.count === 0) return { source: sourceBounds, target: targetBounds };
  if (sourceBounds.length >= targetBounds.length)
    return { source: sourceBounds, target: partitionByShares(target, sharesOf(source, sourceBounds)) };
  return { source: partitionByShares(source, sharesOf(target, targetBounds)), target: targetBounds };
}

/** Splits a text; into fewer cues than it needs if the speech is too short for them. */
function split(text: BreakableText, clock: SpeechClock, untilMs: number): number[] {
  if (text.count === 0) return [0];
  const bounds = partitionText(text, new TextTimes(text, clock, untilMs));
  const capacity = cueCapacity(clock);
  if (bounds.length - 1 <= capacity) return bounds;
  const shares = Array.from({ length: capacity - 1 }, (_, index) => (index + 1) / capacity);
  return partitionByShares(text, shares);
}

function sharesOf(text: BreakableText, bounds: readonly number[]): number[] {
  return bounds.slice(1, -1).map((bound) => text.width(0, bound) / text.width(0, text.count));
}

function readingMs(text: BreakableText, bounds: readonly number[], index: number): number {
  const width = text.width(bounds[index] ?? 0, bounds[index + 1] ?? 0);
  return (1000 * width) / text.limits.charactersPerSecond;
}

function linesOf(text: BreakableText, bounds: readonly number[], index: number): string[] {
  return text.lines(bounds[index] ?? 0, bounds[index + 1] ?? 0);
}
