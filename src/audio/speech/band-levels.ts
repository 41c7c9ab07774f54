/** The level of each 10 ms of sound in two bands: voices have their power in the lower one, an `s` or `f` in the upper. */
import { BYTES_PER_SAMPLE, SAMPLE_RATE } from '../pcm.js';

export const FRAME_MS = 10;
export const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1000;

/** Below it is hum and rumble, which speech does not need. */
const HIGH_PASS_HZ = 120;
const CROSSOVER_HZ = 3_500;
/** Mean power of a frame without any sound, relative to full scale: -100 dB. */
const NO_SOUND = 1e-10;

/** Mean power of one frame relative to full scale. */
export interface BandPower {
  readonly low: number;
  readonly high: number;
}

export class BandLevels {
  readonly #highPass = new Biquad('high-pass', HIGH_PASS_HZ);
  readonly #lower = new Biquad('low-pass', CROSSOVER_HZ);
  readonly #upper = new Biquad('high-pass', CROSSOVER_HZ);
  #low = 0;
  #high = 0;
  #samples = 0;
  /** The first byte of a sample that two chunks share. */
  #half: Buffer | undefined;

  /** @returns the frames that this chunk completes; chunks may have any length. */
  push(pcm: Buffer): BandPower[] {
    const bytes = this.#half === undefined ? pcm : Buffer.concat([this.#half, pcm]);
    const whole = bytes.length - (bytes.length % BYTES_PER_SAMPLE);
    this.#half = whole === bytes.length ? undefined : Buffer.from(bytes.subarray(whole));
    const frames: BandPower[] = [];
    for (let at = 0; at < whole; at += BYTES_PER_SAMPLE) {
      const sample = this.#highPass.filter(bytes.readInt16LE(at) / 32_768);
      const low = this.#lower.filter(sample);
      const high = this.#upper.filter(sample);
      this.#low += low * low;
      this.#high += high * high;
      this.#samples += 1;
      if (this.#samples < FRAME_SAMPLES) continue;
      frames.push({ low: this.#low / FRAME_SAMPLES + NO_SOUND, high: this.#high / FRAME_SAMPLES + NO_SOUND });
      this.#low = this.#high = this.#samples = 0;
    }
    return frames;
  }
}

/** A Butterworth filter of second order (12 dB an octave), in direct form II transposed. */
class Biquad {
  readonly #b0: number;
  readonly #b1: number;
  readonly #b2: number;
  readonly #a1: number;
  readonly #a2: number;
  #s1 = 0;
  #s2 = 0;

  constructor(kind: 'high-pass' | 'low-pass', hz: number) {
    const turn = (2 * Math.PI * hz) / SAMPLE_RATE;
    const cos = Math.cos(turn);
    const alpha = Math.sin(turn) * Math.SQRT1_2;
    const a0 = 1 + alpha;
    const side = kind === 'low-pass' ? 1 - cos : 1 + cos;
    this.#b0 = side / 2 / a0;
    this.#b1 = (kind === 'low-pass' ? side : -side) / a0;
    this.#b2 = this.#b0;
    this.#a1 = (-2 * cos) / a0;
    this.#a2 = (1 - alpha) / a0;
  }

  filter(x: number): number {
    const y = this.#b0 * x + this.#s1;
    // The offset keeps the state from decaying into denormal numbers, which are slow, in digital silence.
    this.#s1 = this.#b1 * x - this.#a1 * y + this.#s2 + 1e-18;
    this.#s2 = this.#b2 * x - this.#a2 * y;
    return y;
  }
}
