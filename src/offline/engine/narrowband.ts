/** Bandwidth extension: gives telephone speech, which ends below 4 kHz, the upper band that the recogniser's model expects. */
import { SAMPLE_RATE } from '../../audio/pcm.js';
/** A filter's taps to each side of its middle. */
const REACH = 48;
/** The band above it was at least 60 dB down in speech that had been sampled at 8 kHz, 12 to 38 dB in other speech. */
const UPPER_HZ = 4_600;
const MAX_UPPER_POWER_RATIO = 3e-5;
/** The hiss of s and f, which extends above, is audible at the upper end of the telephone band. */
const HISS_HZ = [2_400, 3_600] as const;
const FILL_FROM_HZ = 3_500;
/** One of that many samples is enough to measure whether there is anything. */
const PROBE_STEP = 41;
/** The level of the hiss is measured every that many samples. */
const STEP = 8;
/** It is averaged over 5 ms. */
const SMOOTH_STEPS = (5 * SAMPLE_RATE) / 1000 / STEP;
/** A prime, so that its repetition does not coincide with other periods. */
const NOISE_SAMPLES = 16_381;

/**
 * @param pcm PCM16 mono 24 kHz
 * @returns the same samples, or for speech without anything above 4 kHz a copy with noise there, as loud as its hiss
 */
export function extendBandwidth(pcm: Buffer): Buffer {
  const samples = withMargins(pcm);
  const upper = power(filtered(samples, bandPass(UPPER_HZ, SAMPLE_RATE / 2), PROBE_STEP));
  const lower = power(filtered(samples, bandPass(200, UPPER_HZ), PROBE_STEP));
  if (upper > MAX_UPPER_POWER_RATIO * lower) return pcm;
  const hiss = filtered(samples, bandPass(...HISS_HZ), STEP);
  const noise = makeNoise();
  const output = Buffer.alloc(pcm.length & ~1);
  // White noise covers the whole band, the hiss that it matches only a part.
  const gain = Math.sqrt(SAMPLE_RATE / 2 / (HISS_HZ[1] - HISS_HZ[0]));
  let energy = 0;
  for (let at = 0; at < output.length / 2; at += 1) {
    const step = Math.floor(at / STEP);
    // The average extends as far ahead as back, so that the noise starts with the hiss.
    if (at % STEP === 0) energy = meanSquare(hiss, step - SMOOTH_STEPS / 2, step + SMOOTH_STEPS / 2);
    const fill = gain * Math.sqrt(energy) * (noise[at % NOISE_SAMPLES] ?? 0);
    const value = Math.round((samples[at + REACH] ?? 0) + fill);
    output.writeInt16LE(Math.max(-32_768, Math.min(32_767, value)), at * 2);
  }
  return output;
}

/** A windowed sinc (Hamming). */
function bandPass(fromHz: number, toHz: number): Float64Array {
  return Float64Array.from({ length: 2 * REACH + 1 }, (_, tap) => {
    const distance = tap - REACH;
    const window = 0.54 + 0.46 * Math.cos((Math.PI * distance) / (REACH + 1));
    return window * (lowPass(toHz, distance) - lowPass(fromHz, distance));
  });
}

function lowPass(hz: number, distance: number): number {
  if (distance === 0) return (2 * hz) / SAMPLE_RATE;
  return Math.sin((2 * Math.PI * hz * distance) / SAMPLE_RATE) / (Math.PI * distance);
}

/** The samples with silence on both sides, so that a filter never reads out of range. */
function withMargins(pcm: Buffer): Float64Array {
  const samples = new Float64Array((pcm.length >> 1) + 2 * REACH);
  for (let at = 0; at < pcm.length >> 1; at += 1) samples[at + REACH] = pcm.readInt16LE(at * 2);
  return samples;
}

/** @returns every `step`th sample of the band: enough to measure its power. */
function filtered(samples: Float64Array, taps: Float64Array, step: number): Float64Array {
  const output = new Float64Array(Math.ceil((samples.length - 2 * REACH) / step));
  for (let at = 0; at < output.length; at += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) sum += (taps[tap] ?? 0) * (samples[at * step + tap] ?? 0);
    output[at] = sum;
  }
  return output;
}

function power(samples: Float64Array): number {
  return meanSquare(samples, 0, samples.length);
}

function meanSquare(samples: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let at = Math.max(0, Math.floor(start)); at < Math.min(samples.length, end); at += 1)
    sum += (samples[at] ?? 0) ** 2;
  return sum / Math.max(1, end - start);
}

/** Mean square 1 before the filter, and always the same, so that a recording always gives the same words. */
function makeNoise(): Float64Array {
  let seed = 1;
  const white = Float64Array.from({ length: NOISE_SAMPLES + 2 * REACH }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (seed / 1_073_741_824 - 1) * Math.sqrt(3);
  });
  return filtered(white, bandPass(FILL_FROM_HZ, SAMPLE_RATE / 2), 1);
}
