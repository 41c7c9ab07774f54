/** Sounds for the tests of listening: PCM16 mono 24 kHz, the same bytes each time. */
import { BYTES_PER_MS } from '../../src/audio/pcm.js';

export function silence(ms: number): Buffer {
  return Buffer.alloc(Math.round(ms) * BYTES_PER_MS);
}

/** A steady tone at the given level in dB below full scale (its root mean square). */
export function hum(ms: number, levelDb: number): Buffer {
  const peak = 32_767 * 10 ** (levelDb / 20) * Math.SQRT2;
  return samples(ms, (t) => peak * Math.sin(2 * Math.PI * 100 * t));
}

/** Like speech in what matters here: loud, voiced, with five syllables a second that swell and fade. */
export function babble(ms: number): Buffer {
  return samples(ms, (t) => {
    const syllable = 0.25 + 0.75 * Math.abs(Math.cos(Math.PI * 5 * t));
    return 9_000 * syllable * (Math.sin(2 * Math.PI * 140 * t) + 0.5 * Math.sin(2 * Math.PI * 700 * t));
  });
}

function samples(ms: number, at: (seconds: number) => number): Buffer {
  const pcm = Buffer.alloc(Math.round(ms) * BYTES_PER_MS);
  for (let byte = 0; byte < pcm.length; byte += 2) pcm.writeInt16LE(Math.round(at(byte / 2 / 24_000)), byte);
  return pcm;
}
