/** How good the cues of a recording with known sentences are. */
import { cueFaults, type MeasuredCue } from '../src/subtitles/faults.js';
import type { SegmentCues, SubtitleOptions } from '../src/subtitles/cues.js';
import { alignWords, plainWords } from './align.js';
import { errorFigures, slope, type ErrorFigures } from './statistics.js';

/** A sentence as it was spoken: what is recognized of it alone, and when. */
export interface ReferenceSentence {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Score {
  readonly sentences: number;
  readonly cues: number;
  /** Of the cues that begin with a sentence, and those that end with one. */
  readonly start: ErrorFigures;
  readonly end: ErrorFigures;
  /** Sentences that begin in the middle of a cue, whose start therefore has no error. */
  readonly startsInside: number;
  readonly sentencesLost: number;
  readonly wordsMissing: number;
  /** Words doubled, or never said. */
  readonly wordsExtra: number;
  /** Cues that begin where nobody speaks. */
  readonly inSilence: number;
  readonly overlaps: number;
  readonly outOfOrder: number;
  readonly overLimit: number;
  readonly overLimitUnreported: number;
  /** How much the start error grows in an hour. */
  readonly driftMsPerHour: number;
}

/** A cue may begin this much before speech: it is what the eye does not notice. */
const EARLY_MS = 200;
const HOUR_MS = 3_600_000;

/**
 * @param side the language of the cues to score: of `source` and `target` the one that the sentences are in.
 * @param isCounted for figures of some sentences only; words made up and faults of cues are those of all.
 */
export function scoreCues<Sentence extends ReferenceSentence>(
  sentences: readonly Sentence[],
  segments: readonly SegmentCues[],
  options: SubtitleOptions,
  side: 'source' | 'target',
  isCounted: (sentence: Sentence) => boolean = () => true,
): Score {
  const cues = segments.flatMap((segment) => segment.cues);
  const found = cues.flatMap((cue, index) =>
    plainWords(cue[side].join(' ')).map((word) => ({ word, index })),
  );
  const reference = sentences.map(({ text }) => plainWords(text));
  const { matches, extra } = alignWords(
    reference.flat(),
    found.map(({ word }) => word),
  );
  const starts: { x: number; y: number }[] = [];
  const ends: number[] = [];
  let [startsInside, sentencesLost, wordsMissing, at] = [0, 0, 0, 0];
  for (const [index, sentence] of sentences.entries()) {
    const { startMs, endMs } = sentence;
    const words = matches.slice(at, (at += reference[index]?.length ?? 0));
    if (!isCounted(sentence)) continue;
    const own = words.filter((place) => place !== undefined);
    wordsMissing += words.length - own.length;
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) {
      sentencesLost += 1;
      continue;
    }
    const [firstCue, lastCue] = [found[first]?.index ?? 0, found[last]?.index ?? 0];
    if (found[first - 1]?.index === firstCue) startsInside += 1;
    else starts.push({ x: startMs / HOUR_MS, y: (cues[firstCue]?.startMs ?? 0) - startMs });
    if (found[last + 1]?.index !== lastCue) ends.push((cues[lastCue]?.endMs ?? 0) - endMs);
  }
  return {
    ...{ sentences: sentences.filter(isCounted).length, cues: cues.length, startsInside, sentencesLost },
    ...{ start: errorFigures(starts.map(({ y }) => y)), end: errorFigures(ends) },
    ...{ wordsMissing, wordsExtra: extra },
    inSilence: cues.filter((cue) => !beginsInSpeech(cue, sentences)).length,
    ...countCollisions(cues),
    ...countFaults(segments, options),
    driftMsPerHour: slope(starts),
  };
}

function beginsInSpeech({ startMs }: MeasuredCue, sentences: readonly ReferenceSentence[]): boolean {
  return sentences.some((sentence) => startMs >= sentence.startMs - EARLY_MS && startMs < sentence.endMs);
}

function countCollisions(cues: readonly MeasuredCue[]): Pick<Score, 'overlaps' | 'outOfOrder'> {
  const pairs = cues.slice(1).map((cue, index) => ({ before: cues[index] ?? cue, cue }));
  return {
    overlaps: pairs.filter(({ before, cue }) => before.endMs > cue.startMs).length,
    outOfOrder: pairs.filter(({ before, cue }) => before.startMs > cue.startMs).length,
  };
}

function countFaults(
  segments: readonly SegmentCues[],
  options: SubtitleOptions,
): Pick<Score, 'overLimit' | 'overLimitUnreported'> {
  let [overLimit, overLimitUnreported] = [0, 0];
  for (const { cues, warnings } of segments) {
    const faults = cues.flatMap((cue) => cueFaults(cue, options));
    overLimit += faults.length;
    overLimitUnreported += faults.filter(({ fault }) => !warnings.some(({ code }) => code === fault)).length;
  }
  return { overLimit, overLimitUnreported };
}
