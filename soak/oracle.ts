/** Computes the right answer to every request: the soak's upstream answers by it, and the scenarios check against it. */
import { createHash } from 'node:crypto';

const RATE = 24_000;

/** Reverses every word: different texts have different answers, as long as the text. */
export function answerTo(text: string): string {
  return text
    .split(' ')
    .map((word) => Array.from(word).reverse().join(''))
    .join(' ');
}

/** The spoken reply to a text, PCM16 mono 24 kHz: 4 ms a character, different for every text. */
export function speechOf(text: string): Buffer {
  const seed = createHash('sha256').update(text).digest();
  const pcm = Buffer.alloc(text.length * 4 * 48);
  for (let at = 0; at < pcm.length; at += seed.length) seed.copy(pcm, at);
  return pcm;
}

/** A tone, interleaved PCM16 with the same samples in every channel. */
export function tone(hz: number, ms: number, rate = RATE, channels = 1): Buffer {
  const frames = Math.round((rate * ms) / 1_000);
  const pcm = Buffer.alloc(frames * channels * 2);
  for (let frame = 0; frame < frames; frame += 1) {
    const sample = Math.round(12_000 * Math.sin((2 * Math.PI * hz * frame) / rate));
    for (let channel = 0; channel < channels; channel += 1)
      pcm.writeInt16LE(sample, 2 * (frame * channels + channel));
  }
  return pcm;
}

export function digestOf(pcm: Buffer): string {
  return createHash('sha256').update(pcm).digest('hex').slice(0, 16);
}

/** The answer to a recording, PCM16 mono 24 kHz: pitch and length, which survive a lossy format, and a digest for lossless ones. */
export function answerToSound(pcm: Buffer): string {
  const { hz, ms } = measure(pcm);
  return `${hz} Hz ${ms} ms ${digestOf(pcm)}`;
}

/** Undefined if the answer is not one to a recording. */
export function readSound(answer: string): { hz: number; ms: number; digest: string } | undefined {
  const [, hz, ms, digest] = /^(\d+) Hz (\d+) ms ([0-9a-f]{16})$/.exec(answer) ?? [];
  if (hz === undefined || ms === undefined || digest === undefined) return undefined;
  return { hz: Number(hz), ms: Number(ms), digest };
}

/** Pitch and length of the loud part; the pitch from its upward zero crossings. */
function measure(pcm: Buffer): { hz: number; ms: number } {
  const samples = Math.floor(pcm.length / 2);
  let first = -1;
  let last = -1;
  for (let at = 0; at < samples; at += 1) {
    if (Math.abs(pcm.readInt16LE(2 * at)) < 2_000) continue;
    if (first < 0) first = at;
    last = at;
  }
  if (first < 0) return { hz: 0, ms: 0 };
  const crossings: number[] = [];
  for (let at = first + 1; at <= last; at += 1) {
    if (pcm.readInt16LE(2 * at - 2) < 0 && pcm.readInt16LE(2 * at) >= 0) crossings.push(at);
  }
  const span = (crossings.at(-1) ?? 0) - (crossings[0] ?? 0);
  const hz = span === 0 ? 0 : ((crossings.length - 1) * RATE) / span;
  return { hz: Math.round(hz), ms: Math.round(((last - first + 1) * 1_000) / RATE) };
}

/** A 16-bit WAV file. */
export function wavOf(pcm: Buffer, rate = RATE, channels = 1): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

/** Faults of a single response, requested by the first word of the text, with the expected result of each. */
export const REQUESTED_FAULTS = {
  '!slow': 'ok',
  '!malformed': 'ok',
  '!unknown': 'ok',
  '!foreign': 'ok',
  '!twice': 'ok',
  '!failed': 'upstream-unavailable',
  '!limited': 'upstream-rate-limited',
  '!length': 'translation-incomplete',
  '!filtered': 'content-filtered',
  '!refused': 'upstream-rejected',
  '!hangs': 'upstream-timeout',
} as const;

export type RequestedFault = keyof typeof REQUESTED_FAULTS;
