/** Cleans the text of a chat model while it comes: no thoughts, no markers, nothing after a stop string, no blanks around. */

export interface AnswerFilterOptions {
  /** Removed wherever they stand. */
  readonly markers: readonly string[];
  /** Removed at the beginning. */
  readonly leading: readonly string[];
  /** The answer ends before the first of them. */
  readonly stops: readonly string[];
}

const THOUGHT_BEGIN = '<think>';
const THOUGHT_END = '</think>';

export class AnswerFilter {
  readonly #options: AnswerFilterOptions;
  /** What may be the beginning of something that is removed. */
  #held = '';
  #state: 'beginning' | 'thinking' | 'answering' | 'stopped' = 'beginning';
  #hasText = false;

  constructor(options: AnswerFilterOptions) {
    this.#options = options;
  }

  /** A stop string has come: the rest is of no use. */
  get stopped(): boolean {
    return this.#state === 'stopped';
  }

  /** Returns what is certain to belong to the answer, which may be nothing yet. */
  push(text: string): string {
    this.#held += text;
    if (this.#state === 'thinking') this.#skipThought();
    if (this.#state === 'beginning' && !this.#begin()) return '';
    return this.#state === 'answering' ? this.#release() : '';
  }

  /** Returns the rest, at the end of the text. */
  end(): string {
    if (this.#state === 'thinking' || this.#state === 'stopped') return '';
    const rest = this.#held.trimEnd();
    this.#held = '';
    return this.#hasText ? rest : rest.trimStart();
  }

  /** @returns whether it is decided how the answer begins. */
  #begin(): boolean {
    const text = this.#held.trimStart();
    const beginnings = [THOUGHT_BEGIN, ...this.#options.markers, ...this.#options.leading];
    if (beginnings.some((each) => each.length > text.length && each.startsWith(text))) return false;
    if (text.startsWith(THOUGHT_BEGIN)) {
      this.#state = 'thinking';
      this.#held = text;
      return this.#skipThought() && this.#begin();
    }
    const removed = beginnings.find((each) => text.startsWith(each));
    this.#held = text.slice(removed?.length ?? 0);
    if (removed !== undefined) return this.#begin();
    this.#state = 'answering';
    return true;
  }

  /** @returns whether the thought has ended. */
  #skipThought(): boolean {
    const end = this.#held.indexOf(THOUGHT_END);
    if (end < 0) {
      this.#held = this.#held.slice(-THOUGHT_END.length);
      return false;
    }
    this.#held = this.#held.slice(end + THOUGHT_END.length);
    this.#state = 'beginning';
    return true;
  }

  #release(): string {
    const { markers, stops } = this.#options;
    let text = this.#held;
    for (const marker of markers) text = text.replaceAll(marker, '');
    const [stop] = stops
      .map((each) => text.indexOf(each))
      .filter((at) => at >= 0)
      .sort((a, b) => a - b);
    if (stop !== undefined) {
      this.#state = 'stopped';
      this.#held = '';
      return text.slice(0, stop).trimEnd();
    }
    const certain = text.slice(0, text.length - heldLength(text, [...markers, ...stops])).trimEnd();
    this.#held = text.slice(certain.length);
    if (certain !== '') this.#hasText = true;
    return certain;
  }
}

/** The length of the longest end of the text that may be the beginning of one of the strings. */
function heldLength(text: string, strings: readonly string[]): number {
  const longest = Math.max(0, ...strings.map((each) => each.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
    const end = text.slice(-length);
    if (strings.some((each) => each.startsWith(end))) return length;
  }
  return 0;
}
