/** Text as the pieces between which a line may break: words, and in scripts without blanks what `Intl.Segmenter` tells apart. */

export interface Word {
  readonly text: string;
  /** Whether a blank separates it from the next word on the same line. */
  readonly blankAfter: boolean;
}

/** Scripts whose words no blank separates. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** No line begins with one: closing punctuation, small kana, the marks that lengthen or repeat a character. */
const CLINGS_TO_LAST =
  /^[\p{Pe}\p{Pf}!%,.:;?…‥·、。，．：；？！％゛゜ーゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ”’ๆฯ]/u;
/** No line ends with one: opening punctuation and currency. */
const CLINGS_TO_NEXT = /[\p{Ps}\p{Pi}$€£¥￥¿¡“‘]$/u;
/** Blanks at which a line may break, and control characters; a no-break blank is not one. */
const BLANKS = /[^\S\u00a0\u202f]+|\p{Cc}+/u;

/** @returns the words in order; joined, with a blank where `blankAfter` says so, they are the text but for its blanks. */
export function splitWords(text: string, language: string): Word[] {
  const chunks = text.split(BLANKS).filter((chunk) => chunk !== '');
  const words = chunks.flatMap((chunk) => {
    const pieces = UNSPACED.test(chunk) ? splitUnspaced(chunk, language) : [chunk];
    return pieces.map((piece, index) => ({ text: piece, blankAfter: index === pieces.length - 1 }));
  });
  return joinPunctuation(words);
}

/** Closing punctuation that stands alone goes with the word before it, as in French: « Quoi ? » */
function joinPunctuation(words: readonly Word[]): Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (
      last === undefined ||
      !(/^[\p{Pe}\p{Pf}!%,.:;?…、。！？]+$/u.test(word.text) || isOnlyOpening(last.text))
    )
      joined.push(word);
    else
      joined[joined.length - 1] = { ...word, text: `${last.text}${last.blankAfter ? ' ' : ''}${word.text}` };
  }
  return joined;
}

function isOnlyOpening(text: string): boolean {
  return /^[\p{Ps}\p{Pi}¿¡]+$/u.test(text);
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
    if (word !== undefined) line += word.text + (word.blankAfter && at < end - 1 ? ' ' : '');
  }
  return line;
}
