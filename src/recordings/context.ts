/** The context of a segment: that of the client, and the last sentences of the previous translation. */

const SENTENCES = 2;
/** Text without an end of a sentence must not grow the request without bound. */
const MAX_CHARS = 400;

/**
 * @param given by the client.
 * @param before the translation of the previous segment, if it is known.
 * @param language BCP 47; absent: not known.
 */
export function joinContext(
  given: string | undefined,
  before: string | undefined,
  language: string | undefined,
): string | undefined {
  const parts = [given ?? '', lastSentences(before ?? '', language)].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join('\n');
}

function lastSentences(text: string, language: string | undefined): string {
  const segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  const sentences = [...segmenter.segment(text.trim())].map(({ segment }) => segment);
  return Array.from(sentences.slice(-SENTENCES).join('').trim()).slice(-MAX_CHARS).join('');
}
