/** How good the cues of a recording with known sentences are. */
import type { SegmentCues, SubtitleOptions } from '../src/subtitles/cues.js';
import { plainWords } from './align.js';
import { scoreFaults, type CueScore } from './cue-score.js';
import type { ReferenceSentence } from './reference.js';
import { scoreWords, type WordScore } from './word-score.js';

export type Score = WordScore & CueScore;

/**
 * @param side the language of the cues to score: of `source` and `target` the one that the sentences are in.
 * @param isCounted for figures of some sentences only, and of the cues that are nearest to one of them.
 */
export function scoreCues<Sentence extends ReferenceSentence>(
  sentences: readonly Sentence[],
  segments: readonly SegmentCues[],
  options: SubtitleOptions,
  side: 'source' | 'target',
  isCounted: (sentence: Sentence) => boolean = () => true,
): Score {
  const cues = segments.flatMap((segment) => segment.cues);
  const found = cues.flatMap((cue) => plainWords(cue[side].join(' ')).map((word) => ({ word, cue })));
  return {
    ...scoreWords(sentences, found, isCounted),
    ...scoreFaults(sentences, segments, options, isCounted),
  };
}
