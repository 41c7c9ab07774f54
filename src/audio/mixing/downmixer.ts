/** Downmixes any number of channels to mono without cancelling a voice that two channels hold in opposite phase. */
import { BLOCK_MS, ChannelSelector, MIX } from './channel-selector.js';
import { mixWeights } from './mix-weights.js';

/** Bounds the memory for a block of many channels. */
const MAX_BLOCK_SAMPLES = 65_536;

export class Downmixer {
  readonly #channels: number;
  readonly #weights: Float64Array;
  readonly #selector: ChannelSelector;
  readonly #blockFrames: number;
  readonly #block: Float32Array;
  #filled = 0;
  /** What the selector chose for the last block. */
  #source: number | undefined;

  constructor(channels: number, channelMask: number, sampleRate: number) {
    this.#channels = channels;
    const weights = mixWeights(channels, channelMask);
    this.#weights = Float64Array.from(weights);
    this.#selector = new ChannelSelector(weights, sampleRate);
    const frames = Math.min((sampleRate * BLOCK_MS) / 1000, MAX_BLOCK_SAMPLES / channels);
    this.#blockFrames = Math.max(1, Math.floor(frames));
    this.#block = new Float32Array(this.#blockFrames * channels);
  }

  /**
   * @param samples whole frames, full scale 1.
   * @returns PCM, 16-bit little-endian, of the completed blocks.
   */
  push(samples: Float32Array): Buffer {
    const { length } = this.#block;
    const blocks = Math.floor((this.#filled + samples.length) / length);
    const output = new DataView(new ArrayBuffer(blocks * this.#blockFrames * 2));
    let taken = 0;
    for (let block = 0; block < blocks; block += 1) {
      const missing = samples.subarray(taken, taken + length - this.#filled);
      this.#block.set(missing, this.#filled);
      taken += missing.length;
      this.#filled = 0;
      this.#mixBlock(this.#blockFrames, output, block * this.#blockFrames * 2);
    }
    const rest = samples.subarray(taken);
    this.#block.set(rest, this.#filled);
    this.#filled += rest.length;
    return Buffer.from(output.buffer);
  }

  /** @returns the frames of the last, incomplete block. */
  end(): Buffer {
    const frames = Math.floor(this.#filled / this.#channels);
    const output = new DataView(new ArrayBuffer(frames * 2));
    if (frames > 0) this.#mixBlock(frames, output, 0);
    this.#filled = 0;
    return Buffer.from(output.buffer);
  }

  #mixBlock(frames: number, output: DataView, at: number): void {
    const next = this.#selector.next(this.#block, 0, frames * this.#channels);
    // A change is cross-faded over the block to avoid a click.
    const last = this.#source ?? next;
    this.#source = next;
    const weights = this.#weights;
    const block = this.#block;
    const channels = weights.length;
    if (next === MIX && last === MIX) {
      for (let frame = 0; frame < frames; frame += 1) {
        let sum = 0;
        const first = frame * channels;
        for (let channel = 0; channel < channels; channel += 1)
          sum += (weights[channel] ?? 0) * (block[first + channel] ?? 0);
        output.setInt16(at + frame * 2, toInt16(sum), true);
      }
      return;
    }
    for (let frame = 0; frame < frames; frame += 1) {
      const to = this.#valueOf(next, frame);
      const from = last === next ? to : this.#valueOf(last, frame);
      output.setInt16(at + frame * 2, toInt16(from + ((to - from) * (frame + 1)) / frames), true);
    }
  }

  #valueOf(source: number, frame: number): number {
    const first = frame * this.#channels;
    if (source !== MIX) return this.#block[first + source] ?? 0;
    return this.#weights.reduce(
      (sum, weight, channel) => sum + weight * (this.#block[first + channel] ?? 0),
      0,
    );
  }
}

function toInt16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)));
}
