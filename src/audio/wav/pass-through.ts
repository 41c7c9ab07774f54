/** Whether a recording needs no decoder, told by its beginning: while it still comes in, that is all there is of it. */
import { BytesReader } from '../recording.js';
import { sniff } from '../containers/sniff.js';
import { isNativePcm } from './wav.js';
import { readWavFiles } from './files.js';

/** A WAV whose samples begin later than that has more before them than this is worth. */
const MAX_HEAD_BYTES = 4_096;
/** `RIFF`, a size, `WAVE`. */
const CONTAINER_BYTES = 12;

/**
 * @param head the first bytes of a recording.
 * @returns whether it is a WAV of PCM, 16-bit little-endian, mono, 24 kHz; undefined where more bytes are needed to tell.
 */
export async function isPassThroughWav(head: Buffer): Promise<boolean | undefined> {
  const more = head.length < MAX_HEAD_BYTES ? undefined : false;
  if (head.length < CONTAINER_BYTES) return more;
  const reader = new BytesReader(head.subarray(0, MAX_HEAD_BYTES));
  const container = await sniff(reader);
  if (container?.demuxer !== 'wav') return false;
  try {
    // Should other WAV files follow later, what they need is decoded from memory.
    const [first, ...others] = await readWavFiles(reader, container.start);
    if (first === undefined) return more;
    const { header } = first;
    if (others.some((other) => !isNativePcm(other.header))) return false;
    // What its samples are like is known for certain only where they begin: the format may be cut off before.
    return header.data.length === 0 ? more : isNativePcm(header);
  } catch {
    return more; // There is no format in what has come so far.
  }
}
