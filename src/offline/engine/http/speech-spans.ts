/** The parts of a recording in which somebody may speak: silence is never sent to a recognizer, which invents words for it. */
import { BYTES_PER_MS } from '../../../audio/pcm.js';
import { ONSET_MS, VAD_FRAME_MS, VoiceActivityDetector } from '../../../audio/vad.js';

const FRAME_BYTES = VAD_FRAME_MS * BYTES_PER_MS;
/** Sensitive: a faint voice that is sent in vain costs less than one that is not heard. */
const THRESHOLD = 0.1;
/** Pauses up to this length stay, since they tell sentences apart. */
const SILENCE_MS = 2_000;
/** Kept before and after, for sounds that are fainter than the voice. */
const PADDING_MS = 300;

/**
 * @param pcm PCM16 mono 24 kHz
 * @returns the same samples without silence at either end and without long pauses; empty where nobody speaks
 */
export function speechIn(pcm: Buffer): Buffer {
  const detector = new VoiceActivityDetector({ threshold: THRESHOLD, silenceMs: SILENCE_MS });
  const spans: Buffer[] = [];
  let start: number | undefined;
  let keptUpTo = 0;
  const keep = (end: number): void => {
    if (start === undefined) return;
    spans.push(pcm.subarray(Math.max(start, keptUpTo), Math.min(end, pcm.length)));
    keptUpTo = Math.min(end, pcm.length);
    start = undefined;
  };
  for (let at = 0; at + FRAME_BYTES <= pcm.length; at += FRAME_BYTES) {
    const change = detector.push(pcm.subarray(at, at + FRAME_BYTES));
    const end = at + FRAME_BYTES;
    if (change === 'started') start = end - (ONSET_MS + PADDING_MS) * BYTES_PER_MS;
    if (change === 'stopped') keep(end - (SILENCE_MS - PADDING_MS) * BYTES_PER_MS);
  }
  keep(pcm.length);
  return spans.length === 1 && spans[0] !== undefined ? spans[0] : Buffer.concat(spans);
}
