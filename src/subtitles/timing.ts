/** Times the cues of a segment: in proportion to their text, snapped to pauses, and long enough to be read if possible. */
import { alignText, type TextBreak } from './anchors.js';
import { CUE_GAP_MS, MAX_CUE_MS, MIN_CUE_MS } from './limits.js';
import type { SpeechClock } from './speech-clock.js';

export interface CueTime {
  readonly startMs: number;
  readonly endMs: number;
}

/** A cue to be timed. */
export interface TimedText {
  /** The width of its text. */
  readonly width: number;
  /** How long it takes to read. */
  readonly readMs: number;
  /** The kind of break after it. */
  readonly breakAfter: TextBreak['kind'];
}

/** How much later than its words a cue may begin, so that the one before it can be read. */
const MAX_LAG_MS = 500;
/** Every cue lasts at least this long, however much text there is for the time. */
const SHORTEST_CUE_MS = 250;

/** @returns how many cues the speech has room for, at least one. */
export function cueCapacity(clock: SpeechClock): number {
  return Math.max(1, Math.floor(clock.spokenMs / (SHORTEST_CUE_MS + CUE_GAP_MS)));
}

/**
 * @param texts at most `cueCapacity`.
 * @param untilMs where the next segment begins, or the recording ends: not before the end of this one.
 * @param isLast whether the recording ends at `untilMs`; otherwise a gap is kept before it.
 */
export function timeCues(
  texts: readonly TimedText[],
  clock: SpeechClock,
  untilMs: number,
  isLast: boolean,
): CueTime[] {
  const starts = delayForReading(texts, startsInSpeech(texts, clock), clock);
  const limitMs = isLast ? untilMs : untilMs - CUE_GAP_MS;
  return texts.map(({ readMs }, index) => {
    const startMs = starts[index] ?? clock.startMs;
    const next = starts[index + 1];
    const speechEndMs = next === undefined ? clock.endMs : clock.speechEndBefore(next);
    const latestEndMs = Math.min(next === undefined ? limitMs : next - CUE_GAP_MS, startMs + MAX_CUE_MS);
    const readEndMs = startMs + Math.max(MIN_CUE_MS, Math.ceil(readMs));
    return { startMs, endMs: Math.min(latestEndMs, Math.max(speechEndMs, readEndMs)) };
  });
}

/** @returns how much has been spoken when the words of each cue begin, in milliseconds. */
function startsInSpeech(texts: readonly TimedText[], clock: SpeechClock): number[] {
  const total = texts.reduce((sum, { width }) => sum + width, 0);
  let width = 0;
  const breaks = texts
    .slice(0, -1)
    .map((text): TextBreak => ({ width: (width += text.width), kind: text.breakAfter }));
  const { spokenAt } = alignText(breaks, total, clock);
  return [0, ...breaks.map((each) => spokenAt(each.width))];
}

/**
 * Delays each cue until the one before it can be read, by at most MAX_LAG_MS.
 *
 * @param spoken the starts as `startsInSpeech` returns them.
 * @returns the starts from the start of the recording, in order, at least the shortest cue and a gap apart.
 */
function delayForReading(
  texts: readonly TimedText[],
  spoken: readonly number[],
  clock: SpeechClock,
): number[] {
  const count = texts.length;
  const slotMs = Math.min(SHORTEST_CUE_MS + CUE_GAP_MS, clock.spokenMs / count);
  const starts: number[] = [];
  let lastSpoken = 0;
  for (const [index, spokenMs] of spoken.entries()) {
    const previous = starts[index - 1];
    if (previous === undefined) {
      starts.push(clock.startMs);
      continue;
    }
    const readMs = Math.min(MAX_CUE_MS, Math.max(MIN_CUE_MS, texts[index - 1]?.readMs ?? 0));
    const readUntil = clock.spokenUntil(previous + readMs + CUE_GAP_MS);
    const wanted = Math.max(spokenMs, Math.min(readUntil, spokenMs + MAX_LAG_MS), lastSpoken + slotMs);
    lastSpoken = Math.min(wanted, clock.spokenMs - (count - index) * slotMs);
    starts.push(Math.round(clock.at(lastSpoken)));
  }
  return starts;
}
