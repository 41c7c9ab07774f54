/** A short sound by which one hears whether a loudspeaker works. */
import { SAMPLE_RATE, toPcm16 } from './pcm.js';
import { encodeWav } from './wav.js';

const SECONDS = 0.8;
const HERTZ = 523.25;

/** Rises and falls, so that it does not click. */
export function testTone(): Blob {
  const length = SECONDS * SAMPLE_RATE;
  const samples = Float32Array.from(
    { length },
    (_, i) => 0.5 * Math.sin(Math.PI * (i / length)) * Math.sin((2 * Math.PI * HERTZ * i) / SAMPLE_RATE),
  );
  return new Blob([encodeWav([toPcm16(samples)])], { type: 'audio/wav' });
}
