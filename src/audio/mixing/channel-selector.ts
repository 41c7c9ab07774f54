/** Which channel a mix to mono loses: one whose voice another channel holds in opposite phase. */

/** What is heard of a recording: a channel by its number, or the mix of all. */
export const MIX = -1;

/** A decision is made so often, and holds so long. */
export const BLOCK_MS = 20;
/** So many frames of a second are measured: they tell how loud a voice is, and cost a fifth of all of them. */
const ANALYSIS_HZ = 8_000;
/** Share of what was measured before that still counts a block later, so that a change is followed within 60 ms. */
const DECAY_PER_BLOCK = 0.5;
/** Neither an offset nor the hum of a cable is a voice; both are the same in channels of which one is reversed. */
const HIGH_PASS_HZ = 200;
/** The power of a rounding error of 16 bits: what is fainter tells nothing. */
const NOISE_FLOOR_POWER = 1e-10;
/** Of the gain that its weight gives it, what the loudest channel must have in the mix not to be taken instead of it… */
const LEAVE_MIX_BELOW = 0.3;
/** …and to be left for the mix again. */
const RETURN_TO_MIX_ABOVE = 0.5;
/** A channel that was taken stays while its power is not below this share of the loudest. */
const KEEP_CHANNEL_ABOVE = 0.25;

/** Every how many frames one is measured. */
export function decimationStep(sampleRate: number): number {
  return Math.max(1, Math.floor(sampleRate / ANALYSIS_HZ));
}

export class ChannelSelector {
  readonly #weights: Float64Array;
  readonly #step: number;
  readonly #highPassGain: number;
  /** Of each channel: the sample measured last, and what the high-pass made of it. */
  readonly #lastInput: Float64Array;
  readonly #lastOutput: Float64Array;
  /** Of each channel: its power, and how much of it is in the mix (their inner product). */
  readonly #power: Float64Array;
  readonly #correlation: Float64Array;
  #current = MIX;

  /** @param weights of the channels in the mix. */
  constructor(weights: readonly number[], sampleRate: number) {
    this.#weights = Float64Array.from(weights);
    this.#step = decimationStep(sampleRate);
    this.#highPassGain = Math.exp((-2 * Math.PI * HIGH_PASS_HZ * this.#step) / sampleRate);
    this.#lastInput = new Float64Array(weights.length);
    this.#lastOutput = new Float64Array(weights.length);
    this.#power = new Float64Array(weights.length);
    this.#correlation = new Float64Array(weights.length);
  }

  /** @returns what is to be heard of the next block, whose frames lie from `start` to `end`. */
  next(samples: Float32Array, start: number, end: number): number {
    this.#measure(samples, start, end);
    this.#current = this.#select();
    return this.#current;
  }

  #measure(samples: Float32Array, start: number, end: number): void {
    const weights = this.#weights;
    const before = this.#lastInput;
    const passed = this.#lastOutput;
    const power = this.#power;
    const share = this.#correlation;
    const channels = weights.length;
    const decay = this.#highPassGain;
    const gain = (1 - DECAY_PER_BLOCK) / Math.ceil((end - start) / channels / this.#step);
    for (let channel = 0; channel < channels; channel += 1) {
      power[channel] = (power[channel] ?? 0) * DECAY_PER_BLOCK;
      share[channel] = (share[channel] ?? 0) * DECAY_PER_BLOCK;
    }
    for (let first = start; first < end; first += this.#step * channels) {
      let mix = 0;
      for (let channel = 0; channel < channels; channel += 1) {
        const sample = samples[first + channel] ?? 0;
        const value = decay * ((passed[channel] ?? 0) + sample - (before[channel] ?? 0));
        before[channel] = sample;
        passed[channel] = value;
        mix += (weights[channel] ?? 0) * value;
      }
      for (let channel = 0; channel < channels; channel += 1) {
        const value = passed[channel] ?? 0;
        power[channel] = (power[channel] ?? 0) + gain * value * value;
        share[channel] = (share[channel] ?? 0) + gain * mix * value;
      }
    }
  }

  #select(): number {
    const current = this.#current;
    const power = (channel: number): number => this.#power[channel] ?? 0;
    let channel = 0;
    for (let other = 1; other < this.#power.length; other += 1)
      if (power(other) > power(channel)) channel = other;
    // Between two that are as loud as each other it must not go to and fro.
    if (current !== MIX && power(current) >= KEEP_CHANNEL_ABOVE * power(channel)) channel = current;
    if (power(channel) < NOISE_FLOOR_POWER) return current;
    const heard =
      Math.abs(this.#correlation[channel] ?? 0) / (power(channel) * (this.#weights[channel] ?? 1));
    return heard < (current === MIX ? LEAVE_MIX_BELOW : RETURN_TO_MIX_ABOVE) ? channel : MIX;
  }
}
