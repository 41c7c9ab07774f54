/** Recognizes hallucinated text: words in a loop, or more words than anyone can say in the time. */
import { splitWords } from './words.js';

export type Implausibility = 'repetition' | 'too-fast';

const LOOP_WORDS = 4;
const LOOP_TIMES = 4;
const MAX_CHARACTERS_PER_SECOND = 35;

/**
 * @param speechMs how long the segment's speech lasts.
 * @returns `repetition` if the same four words occur four times without overlap; `too-fast` above 35 characters a second of
 *   speech; undefined for plausible text.
 */
export function findImplausibility(
  text: string,
  language: string,
  speechMs: number,
): Implausibility | undefined {
  const characters = Array.from(text.trim()).length;
  if (characters > MAX_CHARACTERS_PER_SECOND * (speechMs / 1000)) return 'too-fast';
  return hasLoop(splitWords(text, language).map((word) => bare(word.text))) ? 'repetition' : undefined;
}

function hasLoop(all: readonly string[]): boolean {
  const words = all.filter((word) => word !== '');
  /** By four words: how often they have occurred, and where their last occurrence ends. */
  const seen = new Map<string, { count: number; end: number }>();
  for (let at = 0; at + LOOP_WORDS <= words.length; at += 1) {
    const key = words.slice(at, at + LOOP_WORDS).join(' ');
    const last = seen.get(key) ?? { count: 0, end: 0 };
    if (at < last.end) continue;
    if (last.count + 1 === LOOP_TIMES) return true;
    seen.set(key, { count: last.count + 1, end: at + LOOP_WORDS });
  }
  return false;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/\p{P}+/gu, '');
}
