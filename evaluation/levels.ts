/** Scores for each level of noise, and for all together. */
import type { SegmentCues, SubtitleOptions } from '../src/subtitles/cues.js';
import type { NoiseLevel } from './recording.js';
import type { ReferenceSentence } from './reference.js';
import { scoreCues, type Score } from './score.js';

export type ScoredLevel = NoiseLevel | 'all';

export type LevelScores = ReadonlyMap<ScoredLevel, Score>;

export interface NoisySentence extends ReferenceSentence {
  readonly noise: NoiseLevel;
}

/** @param side the language of the cues to score: of `source` and `target` the one that the sentences are in. */
export function scoreLevels(
  sentences: readonly NoisySentence[],
  segments: readonly SegmentCues[],
  options: SubtitleOptions,
  side: 'source' | 'target',
): LevelScores {
  const levels: ScoredLevel[] = ['all', ...new Set(sentences.map(({ noise }) => noise))];
  return new Map(
    levels.map((level) => {
      const isCounted = ({ noise }: NoisySentence): boolean => level === 'all' || noise === level;
      return [level, scoreCues(sentences, segments, options, side, isCounted)] as const;
    }),
  );
}
