/** Telephone speech, which ends below 4 kHz, given the upper band that the recogniser's model was trained with. */

const HZ = 24_000;
/** A filter's taps to each side of its middle. */
const REACH = 48;
/** What lies above it was 60 dB down and more in speech that had been sampled at 8 kHz, 12 to 38 dB down in other speech. */
const UPPER_HZ = 4_600;
const MAX_UPPER_POWER_RATIO = 3e-5;
/** The hiss of s and f, which goes on above, is heard at the upper end of the telephone's band. */
const HISS_HZ = [2_400, 3_600] as const;
const FILL_FROM_HZ = 3_500;
/** To tell whether there is anything, no more than this is looked at. */
const PROBE_STEP = 41;
/** The level of the hiss is taken so often, and the more often the dearer. */
const STEP = 8;
/** It is averaged over 5 ms. */
const SMOOTH_STEPS = (5 * HZ) / 1000 / STEP;
/** A prime, so that its repetition falls in with nothing. */
const NOISE_SAMPLES = 16_381;

/**
 * @param pcm PCM16 mono 24 kHz
 * @returns the same samples; of speech without anything above 4 kHz others, with noise up there as loud as its hiss
 */
export function extendBandwidth(pcm: Buffer): Buffer {
  const samples = withMargins(pcm);
  const upper = power(filtered(samples, bandPass(UPPER_HZ, HZ / 2), PROBE_STEP));
  const lower = power(filtered(samples, bandPass(200, UPPER_HZ), PROBE_STEP));
  if (upper > MAX_UPPER_POWER_RATIO * lower) return pcm;
  const hiss = filtered(samples, bandPass(...HISS_HZ), STEP);
  const noise = makeNoise();
  const output = Buffer.alloc(pcm.length & ~1);
  // White noise spreads over all of the band, the hiss that it is to be as loud as over a part.
  const gain = Math.sqrt(HZ / 2 / (HISS_HZ[1] - HISS_HZ[0]));
  let energy = 0;
  for (let at = 0; at < output.length / 2; at += 1) {
    const step = Math.floor(at / STEP);
    // The average reaches as far ahead as back, so that the noise begins with the hiss.
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
  if (distance === 0) return (2 * hz) / HZ;
  return Math.sin((2 * Math.PI * hz * distance) / HZ) / (Math.PI * distance);
}

/** The samples with silence about them, so that a filter never reaches beyond. */
function withMargins(pcm: Buffer): Float64Array {
  const samples = new Float64Array((pcm.length >> 1) + 2 * REACH);
  for (let at = 0; at < pcm.length >> 1; at += 1) samples[at + REACH] = pcm.readInt16LE(at * 2);
  return samples;
}

/** @returns every `step`th sample of the band: enough to tell how loud it is. */
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

/** Of mean square 1 before the filter; the same each time, so that the same recording gives the same words. */
function makeNoise(): Float64Array {
  let seed = 1;
  const white = Float64Array.from({ length: NOISE_SAMPLES + 2 * REACH }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (seed / 1_073_741_824 - 1) * Math.sqrt(3);
  });
  return filtered(white, bandPass(FILL_FROM_HZ, HZ / 2), 1);
}
