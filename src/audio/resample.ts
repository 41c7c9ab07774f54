/** Resampling without audible aliasing: a polyphase windowed-sinc filter. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

/** Zero crossings of the filter to each side; with the Blackman window aliases are 70 dB down. */
const HALF_WIDTH = 16;
/** Share of the lower rate's band that passes; above it the filter rolls off. */
const PASS_BAND = 0.92;

/** Output samples of one slice, which takes a few milliseconds. */
const SLICE_SAMPLES = 48_000;

/** Resamples PCM16 mono. */
export function resample(pcm: Buffer, fromHz: number, toHz: number): Buffer {
  if (fromHz === toHz) return pcm;
  const conversion = new Conversion(pcm, fromHz, toHz);
  conversion.run(0, conversion.length);
  return conversion.output;
}

/** Like `resample`, for a long recording: yields to the event loop between its slices. */
export async function resampleInSlices(pcm: Buffer, fromHz: number, toHz: number): Promise<Buffer> {
  if (fromHz === toHz) return pcm;
  const conversion = new Conversion(pcm, fromHz, toHz);
  for (let at = 0; at < conversion.length; at += SLICE_SAMPLES) {
    if (at > 0) await yieldToEventLoop();
    conversion.run(at, Math.min(at + SLICE_SAMPLES, conversion.length));
  }
  return conversion.output;
}

class Conversion {
  /** Samples of the output. */
  readonly length: number;
  readonly output: Buffer;
  readonly #pcm: Buffer;
  readonly #up: number;
  readonly #down: number;
  readonly #phases: Float64Array[];

  constructor(pcm: Buffer, fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#pcm = pcm;
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    this.#phases = makePhases(this.#up, this.#down);
    this.length = Math.floor((Math.floor(pcm.length / 2) * this.#up) / this.#down);
    this.output = Buffer.alloc(this.length * 2);
  }

  /** Makes the output samples from `start` to `end`, the latter exclusive. */
  run(start: number, end: number): void {
    const reach = (this.#phases[0]?.length ?? 0) / 2;
    const before = Math.floor((start * this.#down) / this.#up) - reach;
    const after = Math.ceil((end * this.#down) / this.#up) + reach;
    const samples = samplesBetween(this.#pcm, before, after);
    for (let at = start; at < end; at += 1) {
      const position = at * this.#down;
      const taps = this.#phases[position % this.#up] ?? new Float64Array();
      const first = Math.floor(position / this.#up) - (reach - 1) - before;
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap += 1) sum += (taps[tap] ?? 0) * (samples[first + tap] ?? 0);
      this.output.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sum))), at * 2);
    }
  }
}

/** The filter taps for each position of an output sample between two input samples. */
function makePhases(up: number, down: number): Float64Array[] {
  const cutoff = PASS_BAND * Math.min(1, up / down);
  const reach = Math.ceil(HALF_WIDTH / cutoff);
  return Array.from({ length: up }, (_, phase) => {
    const taps = Float64Array.from({ length: 2 * reach }, (__, tap) => {
      const distance = tap - (reach - 1) - phase / up;
      return cutoff * sinc(cutoff * distance) * blackman(distance / reach);
    });
    const gain = taps.reduce((sum, tap) => sum + tap, 0);
    return taps.map((tap) => tap / gain);
  });
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** 1 in the middle, 0 at ±1. */
function blackman(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}

/** The samples from `start` to before `end`; those outside the recording are 0. */
function samplesBetween(pcm: Buffer, start: number, end: number): Float64Array {
  const samples = new Float64Array(end - start);
  const last = Math.min(end, Math.floor(pcm.length / 2));
  for (let at = Math.max(0, start); at < last; at += 1) samples[at - start] = pcm.readInt16LE(at * 2);
  return samples;
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
