/** The sentences that cues are held against, and which of them is near a cue. */

/** A sentence as it was spoken, when, and as it should come. */
export interface ReferenceSentence {
  /** As a recognizer hears it alone; empty where it hears nothing. */
  readonly text: string;
  /** As it was said; absent: the same. */
  readonly said?: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** @throws Error for no sentences. */
export function nearestSentence<Sentence extends ReferenceSentence>(
  cue: TimeRange,
  sentences: readonly Sentence[],
): Sentence {
  const [first, ...others] = sentences;
  if (first === undefined) throw new Error('There are no sentences to score.');
  return others.reduce(
    (nearest, sentence) => (distanceMs(sentence, cue) < distanceMs(nearest, cue) ? sentence : nearest),
    first,
  );
}

/** The time between both; 0 where they overlap. */
export function distanceMs(one: TimeRange | undefined, other: TimeRange | undefined): number {
  if (one === undefined || other === undefined) return Infinity;
  return Math.max(0, one.startMs - other.endMs, other.startMs - one.endMs);
}

export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}
