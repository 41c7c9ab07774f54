/** ISO/IEC 14496-12: the boxes that MP4 and QuickTime files consist of. */
import type { RecordingReader } from '../recording.js';

export interface BoxHeader {
  /** Four characters. */
  readonly type: string;
  /** Bytes of the whole box, including this header; 0: it extends to the end of the file. */
  readonly length: number;
}

/** @returns undefined if too few bytes are left for a header. */
export async function readBoxHeader(recording: RecordingReader, at: number): Promise<BoxHeader | undefined> {
  const bytes = await recording.read(at, 16);
  if (bytes.length < 8) return undefined;
  const size = bytes.readUInt32BE(0);
  const length = size === 1 && bytes.length === 16 ? Number(bytes.readBigUInt64BE(8)) : size;
  return { type: bytes.toString('latin1', 4, 8), length };
}
