/** Resampling without audible aliasing: a polyphase windowed-sinc filter. */

/** Zero crossings of the filter to each side; with the Blackman window aliases are 70 dB down. */
const HALF_WIDTH = 16;
/** Share of the lower rate's band that passes; above it the filter rolls off. */
const PASS_BAND = 0.92;

/** Resamples PCM16 mono. */
export function resample(pcm: Buffer, fromHz: number, toHz: number): Buffer {
  if (fromHz === toHz) return pcm;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const phases = makePhases(up, down);
  const samples = readSamples(pcm);
  const length = Math.floor((samples.length * up) / down);
  const output = Buffer.alloc(length * 2);
  for (let at = 0; at < length; at += 1) {
    const position = at * down;
    const taps = phases[position % up] ?? new Float64Array();
    const first = Math.floor(position / up) - (taps.length / 2 - 1);
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) sum += (taps[tap] ?? 0) * (samples[first + tap] ?? 0);
    output.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sum))), at * 2);
  }
  return output;
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

function readSamples(pcm: Buffer): Float64Array {
  return Float64Array.from({ length: Math.floor(pcm.length / 2) }, (_, at) => pcm.readInt16LE(at * 2));
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
