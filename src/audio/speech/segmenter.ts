/** Finds the segments of a recording while its samples stream by, in memory that does not grow with its length. */
import { BYTES_PER_SAMPLE } from '../pcm.js';
import { SpeechActivity, type ActivityFrame } from './activity.js';
import { FRAME_MS, FRAME_SAMPLES } from './band-levels.js';
import {
  MAX_SEGMENT_FRAMES,
  ONSET_FRAMES,
  UtteranceBuilder,
  type FrameRange,
  type Utterance,
} from './utterances.js';
import type { SpeechSegment } from './segment.js';

/** 200 ms on either side, so that the faint start and end of a word are not cut off. */
const PADDING_SAMPLES = (200 / FRAME_MS) * FRAME_SAMPLES;
/** A shorter utterance is joined to a neighbour within NEIGHBOUR_FRAMES: a word without context is translated badly. */
const SHORT_FRAMES = 1_000 / FRAME_MS;
const NEIGHBOUR_FRAMES = 2_000 / FRAME_MS;

export interface SegmenterOptions {
  /**
   * Whether the longest utterance becomes a segment if none is long enough. A short recording may be the word "no" alone, of
   * which 200 ms are audible; in a long one such a sound is more likely a click.
   */
  readonly keepsBrief?: boolean;
}

/**
 * Push samples in order, in chunks of any size. A segment is returned as soon as nothing that follows can change it: at
 * most 4.5 s after its end, or once the next one has lasted for a second.
 */
export class SpeechSegmenter {
  readonly #activity = new SpeechActivity();
  readonly #utterances = new UtteranceBuilder();
  /** The last utterance, held back because the next one may be joined to it. */
  #held: Utterance | undefined;
  readonly #keepsBrief: boolean;
  #bytes = 0;
  #index = 0;

  constructor({ keepsBrief = false }: SegmenterOptions = {}) {
    this.#keepsBrief = keepsBrief;
  }

  /** @param pcm PCM, 16-bit little-endian, mono, 24 kHz. */
  push(pcm: Buffer): SpeechSegment[] {
    this.#bytes += pcm.length;
    return this.#advance(this.#activity.push(pcm));
  }

  /** Ends the recording. @returns the segments that were still open. */
  end(): SpeechSegment[] {
    const segments = this.#advance(this.#activity.end());
    const last = this.#utterances.end();
    if (last !== undefined) segments.push(...this.#hold(last));
    const isEmpty = this.#index === 0 && this.#held === undefined;
    if (isEmpty && this.#keepsBrief) this.#held = this.#utterances.brief;
    segments.push(...this.#release());
    return segments;
  }

  /** Milliseconds from the start up to which every segment that begins there has been returned. */
  get settledMs(): number {
    const { open, frames } = this.#utterances;
    const next = Math.max(0, frames - ONSET_FRAMES);
    return FRAME_MS * Math.min(this.#held?.start ?? Infinity, open?.start ?? Infinity, next);
  }

  #advance(frames: readonly ActivityFrame[]): SpeechSegment[] {
    const segments: SpeechSegment[] = [];
    for (const frame of frames) {
      const ended = this.#utterances.push(frame);
      if (ended !== undefined) segments.push(...this.#hold(ended));
      if (this.#held !== undefined && this.#isAlone(this.#held)) segments.push(...this.#release());
    }
    return segments;
  }

  #hold(next: Utterance): SpeechSegment[] {
    const held = this.#held;
    if (held !== undefined && canJoin(held, next)) {
      const pauses = [...held.pauses, { start: held.end, end: next.start }, ...next.pauses];
      this.#held = { ...held, end: next.end, latest: next.latest, pauses };
      return [];
    }
    const released = this.#release();
    this.#held = next;
    return released;
  }

  /** Whether nothing can be joined to it any more. */
  #isAlone(held: Utterance): boolean {
    const { open, frames } = this.#utterances;
    // An utterance opens only once its onset is over: wait somewhat longer than a neighbour may be away.
    if (open === undefined) return frames - held.end > NEIGHBOUR_FRAMES + SHORT_FRAMES / 2;
    const canStillJoin = isNear(held, open) && open.end - held.start <= MAX_SEGMENT_FRAMES;
    return !canStillJoin || !(isShort(held) || isShort(open));
  }

  #release(): SpeechSegment[] {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return [];
    const samples = Math.floor(this.#bytes / BYTES_PER_SAMPLE);
    const segment: SpeechSegment = {
      index: this.#index,
      startMs: held.start * FRAME_MS,
      endMs: held.end * FRAME_MS,
      fromSample: Math.max(0, held.earliest * FRAME_SAMPLES, held.start * FRAME_SAMPLES - PADDING_SAMPLES),
      toSample: Math.min(samples, held.latest * FRAME_SAMPLES, held.end * FRAME_SAMPLES + PADDING_SAMPLES),
      pauses: held.pauses.map(({ start, end }) => ({ startMs: start * FRAME_MS, endMs: end * FRAME_MS })),
    };
    this.#index += 1;
    return [segment];
  }
}

function isShort({ start, end }: FrameRange): boolean {
  return end - start < SHORT_FRAMES;
}

function isNear(first: FrameRange, second: FrameRange): boolean {
  return second.start - first.end <= NEIGHBOUR_FRAMES;
}

function canJoin(held: Utterance, next: Utterance): boolean {
  const isWithinLimit = next.end - held.start <= MAX_SEGMENT_FRAMES;
  return isWithinLimit && isNear(held, next) && (isShort(held) || isShort(next));
}

/** The segments of a stream of PCM, 16-bit little-endian, mono, 24 kHz, in order, each as soon as it is certain. */
export async function* segmentSpeech(
  pcm: AsyncIterable<Buffer>,
  options: SegmenterOptions = {},
): AsyncGenerator<SpeechSegment, void, void> {
  const segmenter = new SpeechSegmenter(options);
  for await (const chunk of pcm) yield* segmenter.push(chunk);
  yield* segmenter.end();
}
