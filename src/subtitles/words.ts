/** Splits text where a line may break: into words, which `Intl.Segmenter` finds in scripts without spaces. */

export interface Word {
  readonly text: string;
  /** Whether a space separates it from the next word on the same line. */
  readonly spaceAfter: boolean;
}

/** Scripts that do not separate words by spaces. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** Characters that no line begins with: closing punctuation, small kana, the marks that lengthen or repeat a character. */
const CLINGS_TO_LAST =
  /^[\p{Pe}\p{Pf}!%,.:;?…‥·、。，．：；？！％゛゜ーゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ”’ๆฯ]/u;
/** Characters that no line ends with: opening punctuation and currency. */
const CLINGS_TO_NEXT = /[\p{Ps}\p{Pi}$€£¥￥¿¡“‘]$/u;
/** Spaces at which a line may break, and control characters; a no-break space is none of them. */
const SPACES = /[^\S\u00a0\u202f]+|\p{Cc}+/u;

/** @returns the words in order; joined, with a space where `spaceAfter` says so, they are the text but for its spaces. */
export function splitWords(text: string, language: string): Word[] {
  const chunks = text.split(SPACES).filter((chunk) => chunk !== '');
  const words = chunks.flatMap((chunk) => {
    const pieces = UNSPACED.test(chunk) ? splitUnspaced(chunk, language) : [chunk];
    return pieces.map((piece, index) => ({ text: piece, spaceAfter: index === pieces.length - 1 }));
  });
  return joinPunctuation(words);
}

const ONLY_CLOSING = /^[\p{Pe}\p{Pf}!%,.:;?…、。！？]+$/u;
const ONLY_OPENING = /^[\p{Ps}\p{Pi}¿¡]+$/u;

/** Joins punctuation that stands alone to the word it belongs to, as in French: « Quoi ? » */
function joinPunctuation(words: readonly Word[]): Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (last === undefined || !(ONLY_CLOSING.test(word.text) || ONLY_OPENING.test(last.text)))
      joined.push(word);
    else
      joined[joined.length - 1] = { ...word, text: `${last.text}${last.spaceAfter ? ' ' : ''}${word.text}` };
  }
  return joined;
}

function splitUnspaced(chunk: string, language: string): string[] {
  const pieces: string[] = [];
  for (const { segment } of segmenterFor(language).segment(chunk)) {
    const last = pieces.at(-1);
    if (last !== undefined && belongTogether(last, segment)) pieces[pieces.length - 1] = last + segment;
    else pieces.push(segment);
  }
  return pieces;
}

function belongTogether(last: string, next: string): boolean {
  if (CLINGS_TO_LAST.test(next) || CLINGS_TO_NEXT.test(last)) return true;
  // Latin words and figures are whole, with the punctuation inside them.
  return (
    !UNSPACED.test(last.slice(-1)) && !UNSPACED.test(next.slice(0, 1)) && !CLINGS_TO_LAST.test(last.slice(-1))
  );
}

function segmenterFor(language: string): Intl.Segmenter {
  const isKnown = language !== '' && Intl.Segmenter.supportedLocalesOf([language]).length > 0;
  return new Intl.Segmenter(isKnown ? language : undefined, { granularity: 'word' });
}

/** @returns the words from `start` up to, not including, `end`, as one line. */
export function joinWords(words: readonly Word[], start: number, end: number): string {
  let line = '';
  for (let at = start; at < end; at += 1) {
    const word = words[at];
    if (word !== undefined) line += word.text + (word.spaceAfter && at < end - 1 ? ' ' : '');
  }
  return line;
}
