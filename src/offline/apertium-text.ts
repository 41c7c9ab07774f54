/** Text as Apertium takes it: cut into sentences, its stream format's own characters made harmless, and back. */

/** A sentence between what surrounds it; the three of all segments joined are the text, character for character. */
export interface Segment {
  readonly before: string;
  /** Empty where the text has nothing but blanks. */
  readonly sentence: string;
  readonly after: string;
}

/** Longer sentences are cut at a blank: the time a pipeline takes grows with their length. */
const MAX_SENTENCE_LENGTH = 1_000;

/**
 * Where a sentence ends: after its full stop, at an empty line, at a line break unless the next line goes on in small
 * letters, at a NUL (which a pipeline takes as the end). Not after words of up to three letters: `Dr.`, `Mr.`, `p.`
 */
const BOUNDARY =
  /(?<=(?:(?<!(?<![\p{L}\p{N}])\p{L}{1,3})\.|[!?…])["'”’»)\]]*)\s+|(?<=[。！？])\s*|[^\S\n]*\n\s*(?:\n\s*|(?!\p{Ll}))|\s*\0[\s\0]*/u;

/** Cuts a text into sentences that can be translated each by itself. */
export function cutIntoSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let before = '';
  // Split with one capture: sentences and what stands between them, in turn.
  const pieces = text.split(new RegExp(`(${BOUNDARY.source})`, 'u'));
  for (let at = 0; at < pieces.length; at += 2) {
    const parts = cutLong(pieces[at] ?? '');
    parts.forEach((part, index) => {
      const after = index === parts.length - 1 ? (pieces[at + 1] ?? '') : '';
      if (part.trim() === '') {
        before += part + after;
        return;
      }
      const start = part.length - part.trimStart().length;
      const end = part.trimEnd().length;
      segments.push({
        before: before + part.slice(0, start),
        sentence: part.slice(start, end),
        after: part.slice(end) + after,
      });
      before = '';
    });
  }
  if (before !== '') segments.push({ before, sentence: '', after: '' });
  return segments;
}

function cutLong(sentence: string): string[] {
  const parts: string[] = [];
  let rest = sentence;
  while (rest.length > MAX_SENTENCE_LENGTH) {
    const blank = rest.lastIndexOf(' ', MAX_SENTENCE_LENGTH);
    const at = blank > 0 ? blank : endOfCharacter(rest, MAX_SENTENCE_LENGTH);
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...parts, rest];
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
