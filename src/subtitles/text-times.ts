/** Estimates when the words of a text are spoken, and so how long a cue of them can stay on the screen. */
import { alignText, type Alignment, type TextBreak } from './anchors.js';
import { CLAUSE_BREAK, SENTENCE_BREAK } from './breaks.js';
import { CUE_GAP_MS } from './limits.js';
import type { SpeechClock } from './speech-clock.js';
import type { BreakableText } from './text.js';

/** A cue should not stay on the screen through a pause of this length. */
const LONG_PAUSE_MS = 500;

export class TextTimes {
  readonly #text: BreakableText;
  readonly #clock: SpeechClock;
  readonly #spokenAt: Alignment;
  readonly #untilMs: number;
  /** The words before which there is a long pause. */
  readonly #afterPause: number[] = [];

  /** @param untilMs until when the last cue may stay on the screen. */
  constructor(text: BreakableText, clock: SpeechClock, untilMs: number) {
    this.#text = text;
    this.#clock = clock;
    this.#untilMs = untilMs;
    const words: number[] = [];
    const breaks: TextBreak[] = [];
    for (let word = 1; word < text.count; word += 1) {
      const kind = kindOfBreak(text.costBefore(word));
      if (kind === 'other') continue;
      words.push(word);
      breaks.push({ width: text.width(0, word), kind });
    }
    const { spokenAt, pauses } = alignText(breaks, text.width(0, text.count), clock);
    this.#spokenAt = spokenAt;
    for (const [index, word] of words.entries()) {
      const { startMs, endMs } = clock.pauses[pauses[index] ?? -1] ?? { startMs: 0, endMs: 0 };
      if (endMs - startMs >= LONG_PAUSE_MS) this.#afterPause.push(word);
    }
  }

  /** How long a cue of the words can stay on the screen: until the next word, or into the silence after the last one. */
  availableMs(from: number, end: number): number {
    const endMs = end === this.#text.count ? this.#untilMs : this.#startOf(end) - CUE_GAP_MS;
    return endMs - this.#startOf(from);
  }

  /** The number of long pauses between these words. */
  pausesInside(from: number, end: number): number {
    return this.#afterPause.filter((word) => word > from && word < end).length;
  }

  #startOf(word: number): number {
    return this.#clock.at(word === 0 ? 0 : this.#spokenAt(this.#text.width(0, word)));
  }
}

/** @param cost of a break, as `BreakableText.costBefore` gives it. */
export function kindOfBreak(cost: number): TextBreak['kind'] {
  if (cost === SENTENCE_BREAK) return 'sentence';
  return cost === CLAUSE_BREAK ? 'clause' : 'other';
}
