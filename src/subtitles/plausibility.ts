/** Recognizes text that a model made up: words in a loop, or more of them than anyone can say. */
import { splitWords } from './words.js';

export type Implausibility = 'repetition' | 'too-fast';

const LOOP_WORDS = 4;
const LOOP_TIMES = 4;
const MAX_CHARACTERS_PER_SECOND = 35;

/**
 * @param speechMs how long the segment's speech lasts.
 * @returns `repetition` where the same four words stand in it four times, without overlap; `too-fast` above 35 characters
 *   for each second of speech; undefined for plausible text.
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
  /** By four words: how often they stood, and the end of the last time. */
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
