/** Text for Apertium: split into sentences, encoded in its stream format, and decoded again. */

/** Compatibility characters: Latin ligatures, as in PDF files, and full-width letters and digits. */
const COMPATIBILITY_CHARACTERS = /[\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+/g;

/** Text as in the dictionaries: accents composed with their letters (NFC), and plain letters. Nothing else changes. */
export function normalizeText(text: string): string {
  return text.normalize('NFC').replace(COMPATIBILITY_CHARACTERS, (letters) => letters.normalize('NFKC'));
}

/** A sentence and the blanks around it; the parts of all segments joined are exactly the text. */
export interface Segment {
  readonly before: string;
  /** Empty if the text is only blanks. */
  readonly sentence: string;
  readonly after: string;
}

/** Longer sentences are split at a blank: the time of a pipeline grows with their length. */
const MAX_SENTENCE_LENGTH = 1_000;

/** A place where a sentence may end; Chinese and Japanese have no blank there. */
const GAP = /[\s\0]+|(?<=[。！？])(?![\s\0])/gu;
/** A full stop or the like with closing quotes or brackets, but not after an abbreviation: `Dr.`, `p.`, `U.S.` */
const FULL_STOP = /(?:(?<!(?<![\p{L}\p{N}])(?:\p{L}|\p{Lu}\p{L}{1,2}))\.|[!?…。！？])["'”’»)\]]*$/u;
/** Lines of lists and verse are shorter. */
const WRAPPED_LINE_LENGTH = 50;
/** Characters before a gap that decide whether the sentence ends there. */
const TAIL_LENGTH = 16;

/** Splits a text into sentences that can be translated separately. */
export function splitIntoSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let before = '';
  let start = 0;
  /** From `start` to `end` is a sentence, from there to `next` a gap. */
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
 * A NUL, at which a pipeline ends a sentence, and an empty line always end it. A full stop does unless lower case follows,
 * and so does a line break after a short line; a long line was merely wrapped.
 */
function endsSentence(text: string, index: number, gap: string): boolean {
  const breaks = gap.split('\n').length - 1;
  if (gap.includes('\0') || breaks > 1) return true;
  const goesOn = /^\p{Ll}/u.test(text.slice(index + gap.length, index + gap.length + 2));
  if (goesOn) return false;
  if (FULL_STOP.test(text.slice(Math.max(0, index - TAIL_LENGTH), index))) return true;
  return breaks === 1 && index - (text.lastIndexOf('\n', index - 1) + 1) < WRAPPED_LINE_LENGTH;
}

/** Where splitting a sentence that is too long does the least harm. */
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
 * Passed through untranslated, as a blank between words: addresses, control characters, runs of blanks, and the tilde,
 * which the last stage of a pipeline drops.
 */
const UNTRANSLATED =
  /(?:https?:\/\/|www\.)[^\s<>"]*[^\s<>"'.,;:!?)\]]|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+|\s{2,}|[^\S ]|\p{Cc}+|~+/gu;
const SPECIAL = /[[\]{}^$@\\/<>]/g;

/**
 * Encodes one sentence, which contains no NUL, in Apertium's stream format. The full stop with an empty blank after it marks
 * the end of the sentence for the tagger; `decodeSentence` removes it.
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
 * Decodes a translation to plain text, without the blanks of words that were dropped.
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

/** French and file names (`.env`) have blanks there in the original. */
const BLANK_BEFORE_STOP = /(?<=\S) (?=[.,;:!?])/gu;

const PARTS = /\\(.)|\[((?:\\.|[^\]\\])*)\]|\.\[\]| {2,}/gsu;

function unescape(text: string): string {
  return text.replace(/\\(.)/gsu, '$1');
}

/** One word of an analysis. */
export interface AnalysedWord {
  /** As it was written. */
  readonly word: string;
  /** Whether the dictionary has it. */
  readonly isKnown: boolean;
  /** Whether the dictionary has it only with a capital: `Monday`. */
  readonly isName: boolean;
}

/** The words of a text, from the output of an analyser: `^monday/Monday<n><sg>$`, `^york/*york$`. */
export function readAnalysis(analysis: string): AnalysedWord[] {
  const words = analysis.matchAll(/\^((?:\\.|[^\\/$])*)\/((?:\\.|[^\\$])*)\$/gsu);
  return [...words].map(([, word = '', readings = '']) => ({
    word: unescape(word),
    isKnown: !readings.startsWith('*'),
    isName: readings.split('/').every((reading) => /^\p{Lu}/u.test(reading)),
  }));
}
