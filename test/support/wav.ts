/** WAV files at a rate other than the service's own, which its encoder does not write. */
import { encodeWav } from '../../src/audio/wav/wav.js';

/** PCM16 mono at `sampleRate` Hz. */
export function wavAtRate(pcm: Buffer, sampleRate: number): Buffer {
  const wav = encodeWav(pcm);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(2 * sampleRate, 28);
  return wav;
}
