/** Decides from its first bytes, while it is still being uploaded, what a recording needs. */
import { BytesReader } from '../recording.js';
import { sniff } from '../containers/sniff.js';
import { readWavFiles } from './files.js';
import { sampleFormat } from './format.js';
import { isNativePcm, RIFF_HEADER_BYTES } from './wav.js';

/** A WAV whose samples start later is handled as a file. */
const MAX_HEAD_BYTES = 4_096;

/**
 * `native`: a WAV of PCM, 16-bit little-endian, mono, 24 kHz, whose samples go upstream as they are. `foreign`: a WAV of
 * other samples that can be read without ffmpeg. `other`: anything else.
 */
export type WavKind = 'native' | 'foreign' | 'other';

/**
 * @param head the first bytes of a recording.
 * @returns undefined when more bytes are needed to decide.
 */
export async function classifyWav(head: Buffer): Promise<WavKind | undefined> {
  const undecided = head.length < MAX_HEAD_BYTES ? undefined : 'other';
  if (head.length < RIFF_HEADER_BYTES) return undecided;
  const reader = new BytesReader(head.subarray(0, MAX_HEAD_BYTES));
  const container = await sniff(reader);
  if (container?.demuxer !== 'wav') return 'other';
  try {
    // WAV files that follow the first one are decoded from memory, whatever they hold.
    const [first] = await readWavFiles(reader, container.start);
    // Before the data chunk the format chunk may still be incomplete.
    if (first === undefined || first.header.data.length === 0) return undecided;
    if (isNativePcm(first.header)) return 'native';
    return sampleFormat(first.header) === undefined ? 'other' : 'foreign';
  } catch {
    return undecided; // The format chunk has not arrived yet.
  }
}
