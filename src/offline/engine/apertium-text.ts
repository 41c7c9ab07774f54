/** Text as Apertium takes it: cut into sentences, its stream format's own characters made harmless, and back. */

/** Letters and digits that are only drawn in another way: Latin ligatures as PDF files have them, and those of full width. */
const DRAWN_OTHERWISE = /[\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+/g;

/** Text as dictionaries have it: each accent composed with its letter (NFC), and plain letters. Nothing else changes. */
export function normalise(text: string): string {
  return text.normalize('NFC').replace(DRAWN_OTHERWISE, (letters) => letters.normalize('NFKC'));
}

/** A sentence between what surrounds it; the three of all segments joined are the text, character for character. */
export interface Segment {
  readonly before: string;
  /** Empty where the text has nothing but blanks. */
  readonly sentence: string;
  readonly after: string;
}

/** Longer sentences are cut at a blank: the time a pipeline takes grows with their length. */
const MAX_SENTENCE_LENGTH = 1_000;

/** A place where a sentence may end; Chinese and Japanese put no blank there. */
const GAP = /[\s\0]+|(?<=[。！？])(?![\s\0])/gu;
/** A full stop or the like, and what closes behind it. What may be an abbreviation ends nothing: `Dr.`, `p.`, `U.S.` */
const FULL_STOP = /(?:(?<!(?<![\p{L}\p{N}])(?:\p{L}|\p{Lu}\p{L}{1,2}))\.|[!?…。！？])["'”’»)\]]*$/u;
/** Lines of lists and verse are shorter. */
const WRAPPED_LINE_LENGTH = 50;
/** So much of the text before a gap tells whether the sentence ends there. */
const TAIL_LENGTH = 16;

/** Cuts a text into sentences that can be translated each by itself. */
export function splitIntoSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let before = '';
  let start = 0;
  /** What stands from `start` to `end` is a sentence, what follows up to `next` a gap. */
  const close = (end: number, next: number): void => {
    const piece = text.slice(start, end);
    const sentence = piece.trim();
    const at = piece.indexOf(sentence);
    const after = piece.slice(at + sentence.length) + text.slice(end, next);
    start = next;
    before += piece.slice(0, at);
    if (sentence === '') {
      before += after;
      return;
    }
    segments.push({ before, sentence, after });
    before = '';
  };
  const closeUpTo = (end: number, next: number): void => {
    while (end - start > MAX_SENTENCE_LENGTH) {
      const cut = findCut(text, start);
      close(cut, cut);
    }
    close(end, next);
  };
  for (const { 0: gap, index } of text.matchAll(GAP)) {
    if (index === start || endsSentence(text, index, gap)) closeUpTo(index, index + gap.length);
  }
  closeUpTo(text.length, text.length);
  if (before !== '') segments.push({ before, sentence: '', after: '' });
  return segments;
}

/**
 * A NUL always ends a sentence, for a pipeline takes it as the end; so does an empty line. A full stop does unless it goes on
 * in small letters, and so does a line break, but not that of a long line, which was merely wrapped.
 */
function endsSentence(text: string, index: number, gap: string): boolean {
  const breaks = gap.split('\n').length - 1;
  if (gap.includes('\0') || breaks > 1) return true;
  const goesOn = /^\p{Ll}/u.test(text.slice(index + gap.length, index + gap.length + 2));
  if (goesOn) return false;
  if (FULL_STOP.test(text.slice(Math.max(0, index - TAIL_LENGTH), index))) return true;
  return breaks === 1 && index - (text.lastIndexOf('\n', index - 1) + 1) < WRAPPED_LINE_LENGTH;
}

/** Where a sentence that is too long is cut with the least harm. */
function findCut(text: string, start: number): number {
  const limit = start + MAX_SENTENCE_LENGTH;
  for (const stop of ['.', ';', ',', '']) {
    const at = text.lastIndexOf(`${stop} `, limit);
    if (at > start) return at + stop.length;
  }
  return endOfCharacter(text, limit);
}

/** Never between the two halves of a surrogate pair. */
function endOfCharacter(text: string, at: number): number {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff ? at + 1 : at;
}

/**
 * What passes through untranslated, as a blank between words: addresses, control characters, runs of blanks, and the
 * tilde, which the last stage of a pipeline drops.
 */
const UNTRANSLATED =
  /(?:https?:\/\/|www\.)[^\s<>"]*[^\s<>"'.,;:!?)\]]|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+|\s{2,}|[^\S ]|\p{Cc}+|~+/gu;
const SPECIAL = /[[\]{}^$@\\/<>]/g;

/**
 * One sentence in Apertium's stream format. The full stop with an empty blank behind it tells the tagger that the sentence
 * ends; the way back removes it. Text has no NUL here.
 */
export function encodeSentence(sentence: string): string {
  let encoded = '';
  let from = 0;
  for (const { 0: kept, index } of sentence.matchAll(UNTRANSLATED)) {
    encoded += `${escape(sentence.slice(from, index))}[${escape(kept)}]`;
    from = index + kept.length;
  }
  return `${encoded}${escape(sentence.slice(from))}.[]`;
}

function escape(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}

/**
 * Plain text again, without the blanks that words which fell away left behind.
 * @param original the sentence that was encoded
 */
export function decodeSentence(stream: string, original: string): string {
  const text = stream
    .replace(PARTS, (all, escaped?: string, blank?: string) => {
      if (escaped !== undefined || blank !== undefined) return escaped ?? unescape(blank ?? '');
      return all === '.[]' ? '' : ' ';
    })
    .trim();
  return original.search(BLANK_BEFORE_STOP) >= 0 ? text : text.replace(BLANK_BEFORE_STOP, '');
}

/** French has it, and file names: `.env`. */
const BLANK_BEFORE_STOP = /(?<=\S) (?=[.,;:!?])/gu;

const PARTS = /\\(.)|\[((?:\\.|[^\]\\])*)\]|\.\[\]| {2,}/gsu;

function unescape(text: string): string {
  return text.replace(/\\(.)/gsu, '$1');
}

/** One word of an analysis. */
export interface AnalysedWord {
  /** As it was written. */
  readonly word: string;
  /** The dictionary has it. */
  readonly isKnown: boolean;
  /** The dictionary has it with a capital only: `Monday`. */
  readonly isName: boolean;
}

/** The words of a text, from what the analyser of a language wrote: `^monday/Monday<n><sg>$`, `^york/*york$`. */
export function readAnalysis(analysis: string): AnalysedWord[] {
  const words = analysis.matchAll(/\^((?:\\.|[^\\/$])*)\/((?:\\.|[^\\$])*)\$/gsu);
  return [...words].map(([, word = '', readings = '']) => ({
    word: unescape(word),
    isKnown: !readings.startsWith('*'),
    isName: readings.split('/').every((reading) => /^\p{Lu}/u.test(reading)),
  }));
}
