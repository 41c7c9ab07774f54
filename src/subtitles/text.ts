/** A text prepared for breaking: its words, the width of any stretch of them, and the cost of a break before each. */
import { breakCost, endsSentence } from './breaks.js';
import { cueLimits, MAX_LINES, textWidth, type CueLimits } from './limits.js';
import { joinWords, splitWords, type Word } from './words.js';

/** Lines of one cue. Where the text does not fit they are too long, by `overflow` characters in all. */
export interface CueLayout {
  /** The words with which lines begin: one or two. */
  readonly starts: readonly number[];
  readonly cost: number;
  readonly overflow: number;
}

/** Weight of the difference between two lines against the cost of a break. */
const IMBALANCE_COST = 10;
/** A first line that is longer than the second covers more of the picture. */
const TOP_HEAVY_COST = 1;
const OVERFLOW_COST = 100;

export class BreakableText {
  readonly limits: CueLimits;
  readonly words: readonly Word[];
  /** At each word the width of all words before it, spaces included. */
  readonly #widths: number[] = [0];
  /** At each word the cost of a break before it. */
  readonly #costs: number[] = [];
  /** At each word how many sentences end before it. */
  readonly #sentences: number[] = [0];

  constructor(text: string, language: string) {
    this.limits = cueLimits(language);
    this.words = splitWords(text, language);
    const space = textWidth(' ', this.limits);
    let width = 0;
    for (const [index, word] of this.words.entries()) {
      const next = this.words[index + 1];
      width += textWidth(word.text, this.limits) + (word.spaceAfter ? space : 0);
      this.#widths.push(width);
      this.#costs.push(next === undefined ? 0 : breakCost(word, next, language));
      this.#sentences.push((this.#sentences[index] ?? 0) + (endsSentence(word, next) ? 1 : 0));
    }
  }

  get count(): number {
    return this.words.length;
  }

  /** The width of the words from `start` up to, not including, `end`, on one line. */
  width(start: number, end: number): number {
    if (end <= start) return 0;
    const space = this.words[end - 1]?.spaceAfter === true ? textWidth(' ', this.limits) : 0;
    return (this.#widths[end] ?? 0) - (this.#widths[start] ?? 0) - space;
  }

  /** The cost of a break before the word; 0 at the start and at the end. */
  costBefore(word: number): number {
    return word === 0 ? 0 : (this.#costs[word - 1] ?? 0);
  }

  /** How many sentences end within the words, the last word not counted. */
  sentenceEndsInside(start: number, end: number): number {
    return end <= start ? 0 : (this.#sentences[end - 1] ?? 0) - (this.#sentences[start] ?? 0);
  }

  /** The best way to set these words as a cue. */
  layout(start: number, end: number): CueLayout {
    const { lineWidth } = this.limits;
    const width = this.width(start, end);
    const single = { starts: [start], cost: 0, overflow: Math.max(0, width - lineWidth) };
    if (single.overflow === 0) return single;
    let best: CueLayout = { ...single, cost: OVERFLOW_COST * single.overflow };
    for (let second = start + 1; second < end; second += 1) {
      const first = this.width(start, second);
      const last = this.width(second, end);
      const overflow = Math.max(0, first - lineWidth) + Math.max(0, last - lineWidth);
      const imbalance = (IMBALANCE_COST * Math.abs(first - last)) / lineWidth;
      const topHeavy = first > last ? TOP_HEAVY_COST : 0;
      const cost = this.costBefore(second) + imbalance + topHeavy + OVERFLOW_COST * overflow;
      if (cost < best.cost) best = { starts: [start, second], cost, overflow };
    }
    return best;
  }

  /** The lines of a cue of these words; none for no words. */
  lines(start: number, end: number): string[] {
    if (end <= start) return [];
    const { starts } = this.layout(start, end);
    return starts.map((line, index) => joinWords(this.words, line, starts[index + 1] ?? end));
  }

  /** The most that two lines hold. */
  get maxWidth(): number {
    return MAX_LINES * this.limits.lineWidth;
  }
}
