/** Loudness of PCM16 in dB below full scale: a full-scale square wave is 0, digital silence -100. */
import { BYTES_PER_SAMPLE } from './pcm.js';

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
