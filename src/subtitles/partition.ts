/** Splits the text of a segment into the texts of its cues: at sentences, then clauses, then where it reads best. */
import { MAX_CUE_MS } from './limits.js';
import type { BreakableText } from './text.js';
import type { TextTimes } from './text-times.js';

/*
 * Costs have no unit. Their scale is that of `breakCost`: 0 at the end of a sentence, 80 between two inseparable words.
 */

/** Each cue costs less than a sentence that ends inside one, so that sentences get cues of their own. */
const CUE_COST = 3;
const INNER_SENTENCE_COST = 6;
/** A cue with a long pause inside is on the screen while nobody speaks. */
const INNER_PAUSE_COST = 20;
/** How much the cost of the break between two lines counts, as a share of that between two cues. */
const LAYOUT_SHARE = 0.3;
/** Grows with the square of the width, which makes the cues of one text equally long. */
const FULLNESS_COST = 3;
/** A cue should stay on the screen for a second: the cost of one that cannot stay at all. */
const SHORT_MS = 1_000;
const SHORT_COST = 30;
/** The cost of a cue that takes twice as long to read as a cue may stay on the screen. */
const UNREADABLE_COST = 40;
/** The cost of a break that is the width of a line away from where the other language breaks. */
const DISTANCE_COST = 15;
/** The cost of a cue without words in this language. */
const EMPTY_COST = 25;

/**
 * Finds the partition of the least cost by dynamic programming.
 *
 * @param times how long a cue of certain words can stay on the screen.
 * @returns the first word of each cue, and the number of words: `[0, 7, 12]` are two cues.
 */
export function partitionText(text: BreakableText, times: TextTimes): number[] {
  const best = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= text.count; end += 1) {
    let found = { cost: Infinity, from: end - 1 };
    for (let from = end - 1; from >= 0; from -= 1) {
      // Only a single word may be wider than a cue.
      if (from < end - 1 && text.width(from, end) > text.maxWidth) break;
      const cost = (best[from]?.cost ?? 0) + costOfCue(text, from, end, times);
      if (cost < found.cost) found = { cost, from };
    }
    best.push(found);
  }
  const bounds = [text.count];
  for (let at = text.count; at > 0; at = bounds[0] ?? 0) bounds.unshift(best[at]?.from ?? 0);
  return bounds;
}

function costOfCue(text: BreakableText, from: number, end: number, times: TextTimes): number {
  const width = text.width(from, end);
  const layout = text.layout(from, end);
  const fullness = Math.min(1, width / text.maxWidth);
  const shortMs = Math.max(0, SHORT_MS - times.availableMs(from, end));
  const readMs = (1000 * width) / text.limits.charactersPerSecond;
  const unreadable = Math.max(0, readMs / MAX_CUE_MS - 1);
  return (
    CUE_COST +
    text.costBefore(end === text.count ? 0 : end) +
    INNER_SENTENCE_COST * text.sentenceEndsInside(from, end) +
    INNER_PAUSE_COST * times.pausesInside(from, end) +
    LAYOUT_SHARE * layout.cost +
    FULLNESS_COST * fullness ** 2 +
    (SHORT_COST * shortMs) / SHORT_MS +
    UNREADABLE_COST * unreadable
  );
}

/**
 * Splits a text into as many cues as its translation has, near the same places. A cue may get no words.
 *
 * @param shares where each cue but the last ends, as shares of the text from 0 to 1, in order.
 * @returns the first word of each cue, and the number of words.
 */
export function partitionByShares(text: BreakableText, shares: readonly number[]): number[] {
  const { count } = text;
  const total = text.width(0, count);
  /** By the number of words before it: the least cost up to a place where the present cue can begin. */
  let reached = new Map<number, number>([[0, 0]]);
  const steps: Map<number, number>[] = [];
  for (const share of [...shares, 1]) {
    const isLast = steps.length === shares.length;
    const next = new Map<number, number>();
    const from = new Map<number, number>();
    for (const [start, costSoFar] of reached) {
      for (const end of isLast ? [count] : candidateEnds(text, start, share * total)) {
        const distance = isLast ? 0 : Math.abs(text.width(0, end) - share * total) / text.limits.lineWidth;
        const layoutCost = end === start ? EMPTY_COST : LAYOUT_SHARE * text.layout(start, end).cost;
        const breakCost = end === count ? 0 : text.costBefore(end);
        const cost = costSoFar + layoutCost + breakCost + DISTANCE_COST * distance;
        if (cost >= (next.get(end) ?? Infinity)) continue;
        next.set(end, cost);
        from.set(end, start);
      }
    }
    steps.push(from);
    reached = next;
  }
  const bounds = [count];
  for (const from of steps.toReversed()) bounds.unshift(from.get(bounds[0] ?? 0) ?? 0);
  return bounds;
}

/** @returns the ends of a cue that are at most the width of a line from the wanted width; the start if there are none. */
function candidateEnds(text: BreakableText, start: number, wanted: number): number[] {
  const ends: number[] = [];
  for (let end = start; end <= text.count; end += 1) {
    const width = text.width(0, end);
    if (width > wanted + text.limits.lineWidth) break;
    if (width >= wanted - text.limits.lineWidth) ends.push(end);
  }
  return ends.length > 0 ? ends : [start];
}
