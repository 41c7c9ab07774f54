/** Finds which pause in the speech belongs to which break of the text. */
import type { SpeechClock } from './speech-clock.js';

/** A break between two cues. */
export interface TextBreak {
  /** The width of the text before it. */
  readonly width: number;
  readonly kind: 'sentence' | 'clause' | 'other';
}

/** What a pause of `fullMs` is worth to such a break; a longer one is worth no more. */
const WORTH = {
  sentence: { most: 4, fullMs: 400 },
  clause: { most: 2.5, fullMs: 500 },
  other: { most: 1.2, fullMs: 500 },
} as const;
/** How far speech may be off the average speed: so much, and that share of the stretch. */
const TOLERANCE_MS = 250;
const TOLERANCE_SHARE = 0.25;
/** Only the longest pauses are looked at: there are few cues in a segment. */
const MAX_PAUSES = 40;
/** No cue is so short that two breaks are nearer. */
const MIN_SPOKEN_MS = 250;

interface Anchor {
  readonly score: number;
  readonly width: number;
  readonly spokenMs: number;
  readonly previous: Anchor | undefined;
  /** The break and the pause; -1 for the start. */
  readonly index: number;
  readonly pause: number;
}

/**
 * Chooses pauses so that the speed of speech between them stays near the average, which keeps errors from adding up.
 *
 * @returns for each break the index of its pause, or undefined where none fits.
 */
function anchorBreaks(
  breaks: readonly TextBreak[],
  totalWidth: number,
  clock: SpeechClock,
): (number | undefined)[] {
  const msPerWidth = clock.spokenMs / totalWidth;
  const gain = (from: Anchor, width: number, spokenMs: number): number => {
    const took = spokenMs - from.spokenMs;
    const expected = (width - from.width) * msPerWidth;
    if (took < MIN_SPOKEN_MS) return -Infinity;
    return -(((took - expected) / (TOLERANCE_MS + TOLERANCE_SHARE * expected)) ** 2);
  };
  const anchors: Anchor[] = [{ score: 0, width: 0, spokenMs: 0, previous: undefined, index: -1, pause: -1 }];
  const pauses = longestPauses(clock);
  for (const [index, { width, kind }] of breaks.entries()) {
    const before = [...anchors];
    for (const pause of pauses) {
      const spokenMs = clock.spokenBefore[pause] ?? 0;
      const { startMs, endMs } = clock.pauses[pause] ?? { startMs: 0, endMs: 0 };
      const { most, fullMs } = WORTH[kind];
      const worth = most * Math.min(1, (endMs - startMs) / fullMs);
      let best: Anchor | undefined;
      for (const from of before) {
        if (from.pause >= pause) continue;
        const score = from.score + worth + gain(from, width, spokenMs);
        if (score > (best?.score ?? -Infinity))
          best = { score, width, spokenMs, previous: from, index, pause };
      }
      if (best !== undefined) anchors.push(best);
    }
  }
  const end = (anchor: Anchor): number => anchor.score + gain(anchor, totalWidth, clock.spokenMs);
  let chosen: Anchor | undefined = anchors.reduce((best, anchor) =>
    end(anchor) > end(best) ? anchor : best,
  );
  const found = breaks.map((): number | undefined => undefined);
  for (; chosen !== undefined && chosen.index >= 0; chosen = chosen.previous)
    found[chosen.index] = chosen.pause;
  return found;
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

/** Where text is in speech: a function from the width of the text before a place to the time spoken before it. */
export type Alignment = (width: number) => number;

/** Shares the time between anchored breaks out by width. @returns the alignment, and for each break its pause. */
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
