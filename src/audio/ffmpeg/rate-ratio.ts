/** How libswresample maps the frames of one sample rate to 24 kHz: how many samples come out, and of which frames each is made. */
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
  /** At least `taps`, in whole periods: no output sample depends on frames that are further away. */
  readonly contextFrames: number;

  private constructor(up: number, down: number) {
    this.up = up;
    this.down = down;
    const taps = Math.ceil(FILTER_TAPS / Math.min(1, (CUTOFF * up) / down));
    this.taps = taps + (taps % 2);
    this.contextFrames = this.roundUpToPeriod(this.taps);
  }

  /** @returns undefined for a rate whose period is too long. */
  static of(sampleRate: number): RateRatio | undefined {
    const divisor = greatestCommonDivisor(SAMPLE_RATE, sampleRate);
    const up = SAMPLE_RATE / divisor;
    const down = sampleRate / divisor;
    return up <= MAX_PERIOD && down <= MAX_PERIOD ? new RateRatio(up, down) : undefined;
  }

  /** @returns the number of frames, rounded up to whole periods. */
  roundUpToPeriod(frames: number): number {
    return Math.ceil(frames / this.down) * this.down;
  }

  /** @param frames whole periods. @returns the output samples that belong to them. */
  outputSamplesAt(frames: number): number {
    return (frames / this.down) * this.up;
  }

  /**
   * The number of output samples of a whole recording. At its end libswresample appends the last frames in reverse, half as many
   * as are still in its filter, so the number is rounded up or down depending on the phase of the filter.
   */
  outputSamplesOf(frames: number): number {
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
