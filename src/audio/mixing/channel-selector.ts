/** Detects channels that a mix to mono cancels, because another channel holds the same voice in opposite phase. */

/** Selects the mix of all channels instead of one by its index. */
export const MIX = -1;

/** The interval between decisions. */
export const BLOCK_MS = 20;
/** Analysed frames per second: enough for the power of a voice, at a fifth of the cost of all frames. */
const ANALYSIS_HZ = 8_000;
/** Weight of earlier measurements one block later, so that a change is followed within 60 ms. */
const DECAY_PER_BLOCK = 0.5;
/** A DC offset or the hum of a cable is not a voice; both are equal in two channels of which one is reversed. */
const HIGH_PASS_HZ = 200;
/** The power of a 16-bit rounding error: anything fainter is ignored. */
const NOISE_FLOOR_POWER = 1e-10;
/** The loudest channel replaces the mix while its gain in the mix is below this share of its weight… */
const LEAVE_MIX_BELOW = 0.3;
/** …until it is above this share. */
const RETURN_TO_MIX_ABOVE = 0.5;
/** A selected channel stays selected while its power is at least this share of the loudest. */
const KEEP_CHANNEL_ABOVE = 0.25;

/** One of that many frames is analysed. */
export function decimationStep(sampleRate: number): number {
  return Math.max(1, Math.floor(sampleRate / ANALYSIS_HZ));
}

export class ChannelSelector {
  readonly #weights: Float64Array;
  readonly #step: number;
  readonly #highPassGain: number;
  /** Per channel: the last input and output of the high-pass filter. */
  readonly #lastInput: Float64Array;
  readonly #lastOutput: Float64Array;
  /** Per channel: its power, and its correlation with the mix (their inner product). */
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

  /** @returns the channel, or `MIX`, to use for the next block, whose samples are from `start` to `end`. */
  next(samples: Float32Array, start: number, end: number): number {
    if (this.#weights.length === 2) this.#measurePair(samples, start, end);
    else this.#measure(samples, start, end);
    this.#current = this.#select();
    return this.#current;
  }

  #measure(samples: Float32Array, start: number, end: number): void {
    const weights = this.#weights;
    const lastInput = this.#lastInput;
    const lastOutput = this.#lastOutput;
    const power = this.#power;
    const correlation = this.#correlation;
    const channels = weights.length;
    const highPassGain = this.#highPassGain;
    const gain = (1 - DECAY_PER_BLOCK) / Math.ceil((end - start) / channels / this.#step);
    for (let channel = 0; channel < channels; channel += 1) {
      power[channel] = (power[channel] ?? 0) * DECAY_PER_BLOCK;
      correlation[channel] = (correlation[channel] ?? 0) * DECAY_PER_BLOCK;
    }
    for (let first = start; first < end; first += this.#step * channels) {
      let mix = 0;
      for (let channel = 0; channel < channels; channel += 1) {
        const sample = samples[first + channel] ?? 0;
        const value = highPassGain * ((lastOutput[channel] ?? 0) + sample - (lastInput[channel] ?? 0));
        lastInput[channel] = sample;
        lastOutput[channel] = value;
        mix += (weights[channel] ?? 0) * value;
      }
      for (let channel = 0; channel < channels; channel += 1) {
        const value = lastOutput[channel] ?? 0;
        power[channel] = (power[channel] ?? 0) + gain * value * value;
        correlation[channel] = (correlation[channel] ?? 0) + gain * mix * value;
      }
    }
  }

  /** `#measure` for two channels, the usual number: local variables instead of arrays take a quarter of the time. */
  #measurePair(samples: Float32Array, start: number, end: number): void {
    const inputs = this.#lastInput;
    const outputs = this.#lastOutput;
    let leftInput = inputs[0] ?? 0;
    let rightInput = inputs[1] ?? 0;
    let left = outputs[0] ?? 0;
    let right = outputs[1] ?? 0;
    const highPassGain = this.#highPassGain;
    let leftPower = 0;
    let rightPower = 0;
    let product = 0;
    for (let first = start; first < end; first += 2 * this.#step) {
      const leftSample = samples[first] ?? 0;
      const rightSample = samples[first + 1] ?? 0;
      left = highPassGain * (left + leftSample - leftInput);
      right = highPassGain * (right + rightSample - rightInput);
      leftInput = leftSample;
      rightInput = rightSample;
      leftPower += left * left;
      rightPower += right * right;
      product += left * right;
    }
    inputs[0] = leftInput;
    inputs[1] = rightInput;
    outputs[0] = left;
    outputs[1] = right;
    const [leftWeight = 0, rightWeight = 0] = this.#weights;
    const gain = (1 - DECAY_PER_BLOCK) / Math.ceil((end - start) / 2 / this.#step);
    addDecaying(this.#power, 0, gain * leftPower);
    addDecaying(this.#power, 1, gain * rightPower);
    addDecaying(this.#correlation, 0, gain * (leftWeight * leftPower + rightWeight * product));
    addDecaying(this.#correlation, 1, gain * (rightWeight * rightPower + leftWeight * product));
  }

  #select(): number {
    const current = this.#current;
    const power = (channel: number): number => this.#power[channel] ?? 0;
    let channel = 0;
    for (let other = 1; other < this.#power.length; other += 1)
      if (power(other) > power(channel)) channel = other;
    // Without this it would alternate between two equally loud channels.
    if (current !== MIX && power(current) >= KEEP_CHANNEL_ABOVE * power(channel)) channel = current;
    if (power(channel) < NOISE_FLOOR_POWER) return current;
    const remaining =
      Math.abs(this.#correlation[channel] ?? 0) / (power(channel) * (this.#weights[channel] ?? 1));
    return remaining < (current === MIX ? LEAVE_MIX_BELOW : RETURN_TO_MIX_ABOVE) ? channel : MIX;
  }
}

function addDecaying(sums: Float64Array, channel: number, value: number): void {
  sums[channel] = (sums[channel] ?? 0) * DECAY_PER_BLOCK + value;
}
