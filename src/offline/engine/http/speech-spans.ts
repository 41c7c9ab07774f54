/** The parts of a recording in which somebody may speak: silence is never sent to a recognizer, which invents words for it. */
import { BYTES_PER_MS } from '../../../audio/pcm.js';
import { ONSET_MS, VAD_FRAME_MS, VoiceActivityDetector } from '../../../audio/vad.js';

const FRAME_BYTES = VAD_FRAME_MS * BYTES_PER_MS;
/** Sensitive: a faint voice that is sent in vain costs less than one that is not heard. */
const THRESHOLD = 0.1;
/** Silence after which the detector takes the speech for finished. */
const SILENCE_MS = 500;
/** Kept before and after, for sounds that are fainter than the voice. */
const PADDING_MS = 300;
/** Pauses up to this length stay, since they tell sentences apart. */
const PAUSE_BYTES = 2_000 * BYTES_PER_MS;

/** In bytes, the end exclusive. */
interface Span {
  readonly start: number;
  end: number;
}

/**
 * @param pcm PCM16 mono 24 kHz
 * @returns the same samples without silence at either end and without long pauses; empty where nobody speaks
 */
export function speechIn(pcm: Buffer): Buffer {
  const pieces = spansOf(pcm).map(({ start, end }) => pcm.subarray(start, end));
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

function spansOf(pcm: Buffer): Span[] {
  const detector = new VoiceActivityDetector({ threshold: THRESHOLD, silenceMs: SILENCE_MS });
  const spans: Span[] = [];
  for (let at = 0; at + FRAME_BYTES <= pcm.length; at += FRAME_BYTES) {
    const change = detector.push(pcm.subarray(at, at + FRAME_BYTES));
    const now = at + FRAME_BYTES;
    const last = spans.at(-1);
    if (change === 'started') {
      const start = Math.max(0, now - (ONSET_MS + PADDING_MS) * BYTES_PER_MS);
      if (last !== undefined && start - last.end <= PAUSE_BYTES) last.end = pcm.length;
      else spans.push({ start, end: pcm.length });
    }
    if (change === 'stopped' && last) last.end = now - (SILENCE_MS - PADDING_MS) * BYTES_PER_MS;
  }
  return spans;
}
