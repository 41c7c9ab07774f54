/** Aligns text with speech: finds the pause that belongs to each break of the text. */
import type { Pause } from '../audio/speech/segment.js';
import type { SpeechClock } from './speech-clock.js';

/** A break between two cues. */
export interface TextBreak {
  /** The width of the text before it. */
  readonly width: number;
  readonly kind: 'sentence' | 'clause' | 'other';
}

/** The score of a break at a pause: it grows with the pause, up to `most` for one of `fullMs` or longer. */
const PAUSE_SCORES = {
  sentence: { most: 4, fullMs: 400 },
  clause: { most: 2.5, fullMs: 500 },
  other: { most: 1.2, fullMs: 500 },
} as const;
/** How far speech may be from its average speed at no great cost: this long, and this share of the stretch. */
const TOLERANCE_MS = 250;
const TOLERANCE_SHARE = 0.25;
/** Only so many pauses are considered, the longest: a segment has fewer breaks. */
const MAX_PAUSES = 40;
/** The least time between two breaks: no cue is shorter. */
const MIN_SPOKEN_MS = 250;

/** A break at a pause, and the best choice of pauses for the breaks before it. */
interface Anchor {
  readonly score: number;
  readonly width: number;
  readonly spokenMs: number;
  readonly previous: Anchor | undefined;
  /** Indices of the break and of the pause; -1 at the start of the text. */
  readonly index: number;
  readonly pause: number;
}

/**
 * Chooses pauses so that the speed of speech between them stays near the average, which keeps errors from adding up. Dynamic
 * programming: the best chain of anchors that ends in each pair of a break and a pause.
 *
 * @returns for each break the index of its pause, or undefined if none fits.
 */
function anchorBreaks(
  breaks: readonly TextBreak[],
  totalWidth: number,
  clock: SpeechClock,
): (number | undefined)[] {
  const msPerWidth = clock.spokenMs / totalWidth;
  const anchors: Anchor[] = [{ score: 0, width: 0, spokenMs: 0, previous: undefined, index: -1, pause: -1 }];
  const pauses = longestPauses(clock);
  for (const [index, { width, kind }] of breaks.entries()) {
    const earlier = [...anchors];
    for (const pause of pauses) {
      const spokenMs = clock.spokenBefore[pause] ?? 0;
      const score = pauseScore(kind, clock.pauses[pause]);
      let best: Anchor | undefined;
      for (const previous of earlier) {
        if (previous.pause >= pause) continue;
        const total = previous.score + score + speedScore(previous, width, spokenMs, msPerWidth);
        if (total > (best?.score ?? -Infinity))
          best = { score: total, width, spokenMs, previous, index, pause };
      }
      if (best !== undefined) anchors.push(best);
    }
  }
  const scoreAtEnd = (anchor: Anchor): number =>
    anchor.score + speedScore(anchor, totalWidth, clock.spokenMs, msPerWidth);
  let chosen: Anchor | undefined = anchors.reduce((best, anchor) =>
    scoreAtEnd(anchor) > scoreAtEnd(best) ? anchor : best,
  );
  const found = breaks.map((): number | undefined => undefined);
  for (; chosen !== undefined && chosen.index >= 0; chosen = chosen.previous)
    found[chosen.index] = chosen.pause;
  return found;
}

function pauseScore(kind: TextBreak['kind'], pause: Pause | undefined): number {
  const { most, fullMs } = PAUSE_SCORES[kind];
  const { startMs, endMs } = pause ?? { startMs: 0, endMs: 0 };
  return most * Math.min(1, (endMs - startMs) / fullMs);
}

/** At most 0: the further the speech from `from` to here is from the average speed, the lower. */
function speedScore(from: Anchor, width: number, spokenMs: number, msPerWidth: number): number {
  const actualMs = spokenMs - from.spokenMs;
  const expectedMs = (width - from.width) * msPerWidth;
  if (actualMs < MIN_SPOKEN_MS) return -Infinity;
  return -(((actualMs - expectedMs) / (TOLERANCE_MS + TOLERANCE_SHARE * expectedMs)) ** 2);
}

function longestPauses({ pauses }: SpeechClock): number[] {
  const length = (index: number): number => (pauses[index]?.endMs ?? 0) - (pauses[index]?.startMs ?? 0);
  const indices = pauses.map((_, index) => index);
  if (indices.length <= MAX_PAUSES) return indices;
  return indices
    .toSorted((a, b) => length(b) - length(a))
    .slice(0, MAX_PAUSES)
    .toSorted((a, b) => a - b);
}

/** Maps the width of the text before a place to the time spoken before it, in milliseconds. */
export type Alignment = (width: number) => number;

/**
 * Interpolates by width between the breaks that have a pause.
 *
 * @returns the alignment, and for each break the index of its pause in `clock.pauses`, or undefined.
 */
export function alignText(
  breaks: readonly TextBreak[],
  totalWidth: number,
  clock: SpeechClock,
): { spokenAt: Alignment; pauses: (number | undefined)[] } {
  const pauses = anchorBreaks(breaks, totalWidth, clock);
  const known = [
    { width: 0, spokenMs: 0 },
    ...breaks.flatMap(({ width }, index) => {
      const pause = pauses[index];
      return pause === undefined ? [] : [{ width, spokenMs: clock.spokenBefore[pause] ?? 0 }];
    }),
    { width: totalWidth, spokenMs: clock.spokenMs },
  ];
  return { spokenAt: (width) => interpolate(known, width), pauses };
}

function interpolate(known: readonly { width: number; spokenMs: number }[], width: number): number {
  const next = known.findIndex((each) => each.width >= width);
  const [before, after] = [known[Math.max(0, next - 1)], known[next]];
  if (before === undefined || after === undefined || after.width === before.width)
    return after?.spokenMs ?? 0;
  const share = (width - before.width) / (after.width - before.width);
  return before.spokenMs + share * (after.spokenMs - before.spokenMs);
}
