/** Which words of the sentences came, and when. */
import { alignWords, plainWords } from './align.js';
import { distanceMs, nearestSentence, type ReferenceSentence } from './reference.js';
import { errorFigures, slope, type ErrorFigures } from './statistics.js';
import type { Cue } from '../src/subtitles/cue.js';

export interface WordScore {
  readonly sentences: number;
  /** Of the cues that begin with a sentence, and those that end with one. */
  readonly start: ErrorFigures;
  readonly end: ErrorFigures;
  /** Sentences that begin in the middle of a cue, whose start therefore has no error. */
  readonly startsInside: number;
  /** Sentences in whose place there is no text, or less than a third of it. */
  readonly sentencesLost: number;
  /** Sentences in whose place there are other words than were said, and other words than are recognized alone. */
  readonly sentencesMisheard: number;
  /** Sentences of which most words come once more. */
  readonly sentencesDoubled: number;
  readonly wordsMissing: number;
  /** Words doubled, or never said. */
  readonly wordsExtra: number;
  /** How much the start error grows in an hour. */
  readonly driftMsPerHour: number;
}

const HOUR_MS = 3_600_000;
/** A word of a cue this far from a sentence is not one of the sentence, even if it sounds like one. */
const MATCH_MS = 10_000;
/** A sentence is lost or misheard with fewer of its words than this share, and doubled with more than that once more. */
const KEPT_SHARE = 1 / 3;
const DOUBLED_SHARE = 2 / 3;
/** Fewer words may come again by chance. */
const MIN_DOUBLED_WORDS = 3;

export interface FoundWord {
  readonly word: string;
  readonly cue: Cue;
}

/** @param isCounted for figures of some sentences only, and of words in the cues that are nearest to one of them. */
export function scoreWords<Sentence extends ReferenceSentence>(
  sentences: readonly Sentence[],
  found: readonly FoundWord[],
  isCounted: (sentence: Sentence) => boolean,
): WordScore {
  const places = findSentences(sentences, found, ({ text }) => text);
  const isHeardOtherwise = sentences.some(({ text, said }) => said !== undefined && said !== text);
  const asSaid = isHeardOtherwise
    ? findSentences(sentences, found, ({ text, said = text }) => said)
    : undefined;
  const matched = new Set([...places.values()].flat());
  const extra = extraWords(found, matched).map((run) =>
    run.filter(({ cue }) => isCounted(nearestSentence(cue, sentences))),
  );
  const starts: { x: number; y: number }[] = [];
  const ends: number[] = [];
  let [startsInside, sentencesLost, sentencesMisheard, wordsMissing] = [0, 0, 0, 0];
  for (const sentence of sentences.filter(isCounted)) {
    const ways = [places, asSaid].map((each) => each?.get(sentence) ?? []).filter(({ length }) => length > 0);
    const own = places.get(sentence) ?? [];
    wordsMissing += own.filter((place) => place === undefined).length;
    if (own.length > 0 && ways.every((way) => matchedShare(way) < KEPT_SHARE)) {
      if (isTextInPlaceOf(sentence, own, found, matched)) sentencesMisheard += 1;
      else sentencesLost += 1;
    }
    const first = ways.map(firstPlace).find((place) => place !== undefined);
    const last = ways.map(lastPlace).find((place) => place !== undefined);
    if (first !== undefined) {
      const cue = found[first]?.cue;
      if (found[first - 1]?.cue === cue) startsInside += 1;
      else starts.push({ x: sentence.startMs / HOUR_MS, y: (cue?.startMs ?? NaN) - sentence.startMs });
    }
    if (last !== undefined && found[last + 1]?.cue !== found[last]?.cue)
      ends.push((found[last]?.cue.endMs ?? NaN) - sentence.endMs);
  }
  return {
    ...{ sentences: sentences.filter(isCounted).length, startsInside, wordsMissing },
    ...{ sentencesLost, sentencesMisheard },
    ...{ start: errorFigures(starts.map(({ y }) => y)), end: errorFigures(ends) },
    sentencesDoubled: extra.reduce((sum, run) => sum + doubledIn(run, sentences), 0),
    wordsExtra: extra.reduce((sum, run) => sum + run.length, 0),
    driftMsPerHour: slope(starts),
  };
}

/** For each word of a sentence its place among those found. */
type WordPlaces = readonly (number | undefined)[];

function findSentences<Sentence extends ReferenceSentence>(
  sentences: readonly Sentence[],
  found: readonly FoundWord[],
  textOf: (sentence: Sentence) => string,
): Map<Sentence, WordPlaces> {
  const reference = sentences.flatMap((sentence) =>
    plainWords(textOf(sentence)).map((word) => ({ word, sentence })),
  );
  const matches = alignWords(
    reference.map(({ word }) => word),
    found.map(({ word }) => word),
    (row, column) => distanceMs(reference[row]?.sentence, found[column]?.cue) <= MATCH_MS,
  );
  const places = new Map<Sentence, (number | undefined)[]>(sentences.map((sentence) => [sentence, []]));
  for (const [row, { sentence }] of reference.entries()) places.get(sentence)?.push(matches[row]);
  return places;
}

function matchedShare(places: WordPlaces): number {
  return places.filter((place) => place !== undefined).length / places.length;
}

/** Whether the cues over a sentence have words for it: its own, or some that are no other sentence's. */
function isTextInPlaceOf(
  sentence: ReferenceSentence,
  places: WordPlaces,
  found: readonly FoundWord[],
  matched: ReadonlySet<number | undefined>,
): boolean {
  const over = found.filter(
    ({ cue }, place) => distanceMs(sentence, cue) === 0 && (places.includes(place) || !matched.has(place)),
  );
  const expected = plainWords(sentence.said ?? sentence.text).length;
  return over.length >= KEPT_SHARE * expected;
}

/** The place of its first word; undefined unless the second one follows it: one word alone may be anybody's. */
function firstPlace([first, second, ...others]: WordPlaces): number | undefined {
  const isAlone = second === undefined && others.length === 0;
  return first !== undefined && (isAlone || second === first + 1) ? first : undefined;
}

/** The place of its last word, unless the one before it is elsewhere. */
function lastPlace(places: WordPlaces): number | undefined {
  const [before, last] = places.slice(-2);
  if (places.length === 1) return places[0];
  return last !== undefined && before === last - 1 ? last : undefined;
}

/** Words that match none, in runs. */
function extraWords(found: readonly FoundWord[], matched: ReadonlySet<number | undefined>): FoundWord[][] {
  const runs: FoundWord[][] = [[]];
  for (const [place, word] of found.entries()) {
    if (matched.has(place)) runs.push([]);
    else runs.at(-1)?.push(word);
  }
  return runs.filter((run) => run.length > 0);
}

function doubledIn(run: readonly FoundWord[], sentences: readonly ReferenceSentence[]): number {
  const said = run.map(({ word }) => word);
  return sentences.filter((sentence) => {
    const words = plainWords(sentence.text);
    if (words.length < MIN_DOUBLED_WORDS || distanceMs(sentence, run[0]?.cue) > MATCH_MS) return false;
    const again = alignWords(words, said).filter((place) => place !== undefined);
    return again.length >= DOUBLED_SHARE * words.length;
  }).length;
}
