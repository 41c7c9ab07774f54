/** What a segment is told of the one before it. */

const SENTENCES = 2;
/** Text without an end of a sentence must not grow the request without bound. */
const MAX_CHARS = 400;

/**
 * @param language BCP 47; absent: not known.
 * @returns the last two sentences; undefined where there are none.
 */
export function lastSentences(text: string, language?: string): string | undefined {
  const segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  const sentences = [...segmenter.segment(text.trim())].map(({ segment }) => segment);
  const last = Array.from(sentences.slice(-SENTENCES).join('').trim()).slice(-MAX_CHARS).join('');
  return last === '' ? undefined : last;
}
