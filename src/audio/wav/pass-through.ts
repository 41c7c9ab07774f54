/** Decides from its first bytes, while it is still being uploaded, whether a recording needs no decoder. */
import { BytesReader } from '../recording.js';
import { sniff } from '../containers/sniff.js';
import { isNativePcm, RIFF_HEADER_BYTES } from './wav.js';
import { readWavFiles } from './files.js';

/** A WAV whose samples start later is handled as a file. */
const MAX_HEAD_BYTES = 4_096;

/**
 * @param head the first bytes of a recording.
 * @returns whether it is a WAV of PCM, 16-bit little-endian, mono, 24 kHz; undefined when more bytes are needed to decide.
 */
export async function isPassThroughWav(head: Buffer): Promise<boolean | undefined> {
  const undecided = head.length < MAX_HEAD_BYTES ? undefined : false;
  if (head.length < RIFF_HEADER_BYTES) return undecided;
  const reader = new BytesReader(head.subarray(0, MAX_HEAD_BYTES));
  const container = await sniff(reader);
  if (container?.demuxer !== 'wav') return false;
  try {
    // WAV files that follow later are decoded from memory.
    const [first, ...others] = await readWavFiles(reader, container.start);
    if (first === undefined) return undecided;
    const { header } = first;
    if (others.some((other) => !isNativePcm(other.header))) return false;
    // Before the data chunk the format chunk may still be incomplete.
    return header.data.length === 0 ? undecided : isNativePcm(header);
  } catch {
    return undecided; // The format chunk has not arrived yet.
  }
}
