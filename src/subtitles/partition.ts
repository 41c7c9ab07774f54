/** Splits the text of a segment into the texts of its cues: at sentences, then clauses, then where it reads best. */
import { MAX_CUE_MS } from './limits.js';
import type { BreakableText } from './text.js';
import type { TextTimes } from './text-times.js';

/** What one more cue costs: less than a sentence that ends inside one, more than a break after a clause saves. */
const CUE_COST = 3;
const INNER_SENTENCE_COST = 6;
const INNER_PAUSE_COST = 20;
const LAYOUT_SHARE = 0.3;
/** Makes cues of one text equally long. */
const FULLNESS_COST = 3;
/** A cue should stand for a second, and no longer than the limit at the speed of reading. */
const SHORT_MS = 1_000;
const SHORT_COST = 30;
const UNREADABLE_COST = 40;
/** For each line's width of distance from the place where the other language breaks. */
const DISTANCE_COST = 15;
const EMPTY_COST = 25;

/**
 * @param times when the words are spoken, which tells how long a cue can stand.
 * @returns the first word of each cue, and the number of words: `[0, 7, 12]` are two cues.
 */
export function partitionText(text: BreakableText, times: TextTimes): number[] {
  const best = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= text.count; end += 1) {
    let found = { cost: Infinity, from: end - 1 };
    for (let from = end - 1; from >= 0; from -= 1) {
      // A single word may be too wide; more words never are where there is another way.
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
  const shortMs = Math.max(0, SHORT_MS - times.roomMs(from, end));
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
  /** For each cue, by the word after its last: the least cost so far, and where the cue begins. */
  let reached = new Map<number, number>([[0, 0]]);
  const steps: Map<number, number>[] = [];
  for (const share of [...shares, 1]) {
    const isLast = steps.length === shares.length;
    const next = new Map<number, number>();
    const from = new Map<number, number>();
    for (const [start, costSoFar] of reached) {
      for (const end of isLast ? [count] : candidates(text, start, share * total)) {
        const distance = isLast ? 0 : Math.abs(text.width(0, end) - share * total) / text.limits.lineWidth;
        const own = end === start ? EMPTY_COST : LAYOUT_SHARE * text.layout(start, end).cost;
        const broken = end === count ? 0 : text.costBefore(end);
        const cost = costSoFar + own + broken + DISTANCE_COST * distance;
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

/** Places near the wanted width: as many words around it as a cue can hold. */
function candidates(text: BreakableText, start: number, wanted: number): number[] {
  const ends: number[] = [];
  for (let end = start; end <= text.count; end += 1) {
    const width = text.width(0, end);
    if (width > wanted + text.limits.lineWidth) break;
    if (width >= wanted - text.limits.lineWidth) ends.push(end);
  }
  return ends.length > 0 ? ends : [start];
}
