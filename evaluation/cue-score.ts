/** What is wrong with cues, whatever they say. */
import type { SegmentCues, SubtitleOptions } from '../src/subtitles/cues.js';
import type { Cue } from '../src/subtitles/cue.js';
import { cueFaults } from '../src/subtitles/faults.js';
import { nearestSentence, type ReferenceSentence } from './reference.js';

export interface CueScore {
  readonly cues: number;
  /** Cues that begin where nobody speaks. */
  readonly inSilence: number;
  readonly overlaps: number;
  readonly outOfOrder: number;
  readonly overLimit: number;
  readonly overLimitUnreported: number;
}

/** A cue may begin this much before speech: it is what the eye does not notice. */
const EARLY_MS = 200;
/** @param isCounted for the cues that are nearest to some sentences only. */
export function scoreFaults<Sentence extends ReferenceSentence>(
  sentences: readonly Sentence[],
  segments: readonly SegmentCues[],
  options: SubtitleOptions,
  isCounted: (sentence: Sentence) => boolean,
): CueScore {
  const all = segments.flatMap(({ cues, warnings }) => cues.map((cue) => ({ cue, warnings })));
  const pairs = all.map(({ cue, warnings }, index) => ({ cue, warnings, before: all[index - 1]?.cue }));
  const counted = pairs.filter(({ cue }) => isCounted(nearestSentence(cue, sentences)));
  const faults = counted.flatMap(({ cue, warnings }) =>
    cueFaults(cue, options).map(({ fault }) => warnings.some(({ code }) => code === fault)),
  );
  return {
    cues: counted.length,
    inSilence: counted.filter(({ cue }) => !beginsInSpeech(cue, sentences)).length,
    overlaps: counted.filter(({ before, cue }) => before && before.endMs > cue.startMs).length,
    outOfOrder: counted.filter(({ before, cue }) => before && before.startMs > cue.startMs).length,
    overLimit: faults.length,
    overLimitUnreported: faults.filter((isReported) => !isReported).length,
  };
}

function beginsInSpeech({ startMs }: Cue, sentences: readonly ReferenceSentence[]): boolean {
  return sentences.some((sentence) => startMs >= sentence.startMs - EARLY_MS && startMs < sentence.endMs);
}
