/** The one sample format inside the server, PCM16 little-endian mono at 24 kHz, as arithmetic. */

const BYTES_PER_SAMPLE = 2;
const SAMPLES_PER_MS = 24;

export const BYTES_PER_MS = BYTES_PER_SAMPLE * SAMPLES_PER_MS;

/** Playing time of so many bytes, unrounded. */
export function pcmDurationMs(bytes: number): number {
  return bytes / BYTES_PER_MS;
}

/** Loudness in dB below full scale (a full-scale square wave is 0); digital silence is -100. */
export function loudnessDb(pcm: Buffer): number {
  const samples = Math.floor(pcm.length / BYTES_PER_SAMPLE);
  if (samples === 0) return -100;
  let energy = 0;
  for (let at = 0; at < samples * BYTES_PER_SAMPLE; at += BYTES_PER_SAMPLE) {
    const sample = pcm.readInt16LE(at) / 32_768;
    energy += sample * sample;
  }
  return Math.max(-100, 10 * Math.log10(energy / samples + 1e-10));
}
