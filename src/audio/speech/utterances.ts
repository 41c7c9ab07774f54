/** Groups frames of speech into utterances, each ended by a pause of half a second or cut at its quietest place before 28 s. */
import { FRAME_MS } from './band-levels.js';
import type { ActivityFrame } from './activity.js';

/** A stretch of frames, `end` not included. */
export interface FrameRange {
  readonly start: number;
  readonly end: number;
}

export interface Utterance extends FrameRange {
  readonly pauses: readonly FrameRange[];
  /** Frames of the cuts before and after it, which its padding must not cross; 0 and Infinity without a cut. */
  readonly earliest: number;
  readonly latest: number;
}

export const MAX_SEGMENT_FRAMES = 28_000 / FRAME_MS;
/** A pause of this length ends an utterance. */
const END_PAUSE_FRAMES = 500 / FRAME_MS;
/** Less speech than this is not an utterance. */
const MIN_SPEECH_FRAMES = 250 / FRAME_MS;
/** Speech begins with this many active frames in a row; a click is shorter. */
export const ONSET_FRAMES = 60 / FRAME_MS;
/** The hangover: a shorter pause, such as the one before a `t`, is part of the speech. */
const MIN_PAUSE_FRAMES = 120 / FRAME_MS;
/** An utterance that is too long is cut in the quietest window of its last 8 s. */
const CUT_SEARCH_FRAMES = 8_000 / FRAME_MS;
const CUT_WINDOW_FRAMES = 300 / FRAME_MS;

interface OpenUtterance {
  start: number;
  /** After the last active frame. */
  end: number;
  pauses: FrameRange[];
  earliest: number;
}

export class UtteranceBuilder {
  #frame = 0;
  /** Active frames in a row up to the present one. */
  #run = 0;
  #open: OpenUtterance | undefined;
  /** Where the last cut was. */
  #cut = 0;
  /** The last frames, from which a cut is chosen. */
  readonly #recent: ActivityFrame[] = [];
  #brief: Utterance | undefined;

  /** The utterance in progress; `end` is the end of its speech so far. */
  get open(): FrameRange | undefined {
    return this.#open;
  }

  /** The longest of those dropped because they are shorter than MIN_SPEECH_FRAMES. */
  get brief(): Utterance | undefined {
    return this.#brief;
  }

  /** Frames seen. */
  get frames(): number {
    return this.#frame;
  }

  /** @returns the utterance that has ended, if one has. */
  push(frame: ActivityFrame): Utterance | undefined {
    this.#remember(frame);
    this.#frame += 1;
    this.#run = frame.active ? this.#run + 1 : 0;
    const ended = this.#closeAfterPause();
    if (this.#run >= ONSET_FRAMES) this.#extend();
    return ended ?? this.#cutIfLong();
  }

  end(): Utterance | undefined {
    return this.#close();
  }

  #remember(frame: ActivityFrame): void {
    this.#recent.push(frame);
    if (this.#recent.length >= 2 * CUT_SEARCH_FRAMES) this.#recent.splice(0, CUT_SEARCH_FRAMES);
  }

  #closeAfterPause(): Utterance | undefined {
    if (this.#open === undefined) return undefined;
    const silent = this.#frame - this.#run - this.#open.end;
    return silent >= END_PAUSE_FRAMES ? this.#close() : undefined;
  }

  #extend(): void {
    const start = this.#frame - this.#run;
    this.#open ??= { start, end: start, pauses: [], earliest: this.#cut };
    const { end, pauses } = this.#open;
    if (start - end >= MIN_PAUSE_FRAMES) pauses.push({ start: end, end: start });
    this.#open.end = this.#frame;
  }

  #close(): Utterance | undefined {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return undefined;
    const paused = open.pauses.reduce((sum, { start, end }) => sum + end - start, 0);
    // What follows a cut directly is the rest of a word, and not a click however short it is.
    const isRest = open.earliest > 0 && open.start - open.earliest < END_PAUSE_FRAMES;
    const utterance = { ...open, latest: Infinity };
    if (isRest || open.end - open.start - paused >= MIN_SPEECH_FRAMES) return utterance;
    if (this.#brief === undefined || lengthOf(utterance) > lengthOf(this.#brief)) this.#brief = utterance;
    return undefined;
  }

  /** Cuts an utterance that reaches the limit in the quietest 300 ms of its last 8 s. */
  #cutIfLong(): Utterance | undefined {
    const open = this.#open;
    if (open === undefined || open.end - open.start < MAX_SEGMENT_FRAMES) return undefined;
    const first = this.#frame - CUT_SEARCH_FRAMES;
    const recent = this.#recent.slice(-CUT_SEARCH_FRAMES);
    const cut = first + quietestWindow(recent) + CUT_WINDOW_FRAMES / 2;
    const isActive = (frame: number): boolean => recent[frame - first]?.active === true;
    let end = cut;
    while (end > first && !isActive(end - 1)) end -= 1;
    let start = cut;
    while (start < open.end && !isActive(start)) start += 1;
    this.#open = {
      start,
      end: open.end,
      earliest: cut,
      pauses: open.pauses.filter((pause) => pause.start >= start),
    };
    this.#cut = cut;
    const pauses = open.pauses.filter((pause) => pause.end <= end);
    return { start: open.start, end, pauses, earliest: open.earliest, latest: cut };
  }
}

function lengthOf({ start, end }: FrameRange): number {
  return end - start;
}

/** @returns the first frame of the window with the least power. */
function quietestWindow(frames: readonly ActivityFrame[]): number {
  const powers = frames.map(({ levelDb }) => 10 ** (levelDb / 10));
  let sum = powers.slice(0, CUT_WINDOW_FRAMES).reduce((total, power) => total + power, 0);
  let least = sum;
  let quietest = 0;
  for (let last = CUT_WINDOW_FRAMES; last < powers.length; last += 1) {
    sum += (powers[last] ?? 0) - (powers[last - CUT_WINDOW_FRAMES] ?? 0);
    if (sum >= least) continue;
    least = sum;
    quietest = last - CUT_WINDOW_FRAMES + 1;
  }
  return quietest;
}
