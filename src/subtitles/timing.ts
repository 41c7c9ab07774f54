/** Gives each cue of a segment its time: shared by characters, snapped to pauses, long enough to read where there is room. */
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
  /** What its text ends with. */
  readonly ends: TextBreak['kind'];
}

/** How much later than its words a cue may begin, so that the one before it can be read. */
const MAX_LAG_MS = 500;
/** Where time is short for the text, cues get at least so much of it. */
const LEAST_CUE_MS = 250;

/** @returns how many cues the speech has room for, at least one. */
export function cueCapacity(clock: SpeechClock): number {
  return Math.max(1, Math.floor(clock.spokenMs / (LEAST_CUE_MS + CUE_GAP_MS)));
}

/**
 * @param texts as many as `cueCapacity` at the most.
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
    const latestMs = Math.min(next === undefined ? limitMs : next - CUE_GAP_MS, startMs + MAX_CUE_MS);
    const neededMs = startMs + Math.max(MIN_CUE_MS, Math.ceil(readMs));
    return { startMs, endMs: Math.min(latestMs, Math.max(speechEndMs, neededMs)) };
  });
}

/** When the words of each cue begin, in time spoken. */
function startsInSpeech(texts: readonly TimedText[], clock: SpeechClock): number[] {
  const total = texts.reduce((sum, { width }) => sum + width, 0);
  let width = 0;
  const breaks = texts
    .slice(0, -1)
    .map((text): TextBreak => ({ width: (width += text.width), kind: text.ends }));
  const { spokenAt } = alignText(breaks, total, clock);
  return [0, ...breaks.map((each) => spokenAt(each.width))];
}

/** @returns the starts in order, at least a slot apart; each late enough for the cue before it to be read, within bounds. */
function delayForReading(
  texts: readonly TimedText[],
  spoken: readonly number[],
  clock: SpeechClock,
): number[] {
  const count = texts.length;
  const slotMs = Math.min(LEAST_CUE_MS + CUE_GAP_MS, clock.spokenMs / count);
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
