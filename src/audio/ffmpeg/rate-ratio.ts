/** How libswresample maps frames of one rate to 24 kHz: which frames an output sample depends on, and how many there are. */
import { SAMPLE_RATE } from '../pcm.js';
import { greatestCommonDivisor } from '../resample.js';

/** Defaults of libswresample: the taps of its filter at equal rates, and the share of the lower rate's band that passes. */
const FILTER_TAPS = 32;
const CUTOFF = 0.97;
/** Rates with a longer period (5 512 Hz, 44 099 Hz) are rare, and their alignment would cost more than it saves. */
const MAX_PERIOD = 1024;

/** After `down` frames of input and `up` samples of output the filter is in the same phase again. */
export class RateRatio {
  readonly up: number;
  readonly down: number;
  /** Taps of the filter: an output sample depends on at most that many frames around its position. */
  readonly taps: number;
  /** At least `taps`, and whole periods: recordings that are that far apart cannot reach each other. */
  readonly contextFrames: number;

  private constructor(up: number, down: number) {
    this.up = up;
    this.down = down;
    const taps = Math.ceil(FILTER_TAPS / Math.min(1, (CUTOFF * up) / down));
    this.taps = taps + (taps % 2);
    this.contextFrames = this.wholePeriods(this.taps);
  }

  /** @returns undefined for a rate whose period is too long. */
  static of(sampleRate: number): RateRatio | undefined {
    const divisor = greatestCommonDivisor(SAMPLE_RATE, sampleRate);
    const up = SAMPLE_RATE / divisor;
    const down = sampleRate / divisor;
    return up <= MAX_PERIOD && down <= MAX_PERIOD ? new RateRatio(up, down) : undefined;
  }

  /** @returns the frames, rounded up to whole periods. */
  wholePeriods(frames: number): number {
    return Math.ceil(frames / this.down) * this.down;
  }

  /** @returns the samples of output at the end of whole periods of input. */
  samplesAt(frames: number): number {
    return (frames / this.down) * this.up;
  }

  /**
   * The samples that a decode of a recording alone gives. At its end libswresample repeats the last frames in reverse, half
   * as many as it has not used up yet, so that the number is rounded up or down depending on where the filter stands.
   */
  samplesOf(frames: number): number {
    if (this.up === this.down) return frames;
    const complete = this.#samplesWithin(frames);
    const nextWindowAt = Math.floor((complete * this.down) / this.up) - this.#tapsBefore;
    const unused = Math.min(frames - nextWindowAt, this.taps);
    return this.#samplesWithin(frames + Math.floor((unused + 1) / 2));
  }

  get #tapsBefore(): number {
    return Math.floor((this.taps - 1) / 2);
  }

  /** The output samples whose taps all lie before `frames`. */
  #samplesWithin(frames: number): number {
    const lastPosition = frames - this.taps + this.#tapsBefore;
    return lastPosition < 0 ? 0 : Math.floor(((lastPosition + 1) * this.up - 1) / this.down) + 1;
  }
}
