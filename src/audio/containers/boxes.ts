/** ISO/IEC 14496-12: the boxes that MP4 and QuickTime files consist of. */
import type { RecordingReader } from '../recording.js';

export interface BoxHead {
  /** Four characters. */
  readonly type: string;
  /** The whole box, its head included; 0: it extends to the end of the file. */
  readonly length: number;
}

/** @returns undefined where fewer bytes are left than a head has. */
export async function readBoxHead(recording: RecordingReader, at: number): Promise<BoxHead | undefined> {
  const head = await recording.read(at, 16);
  if (head.length < 8) return undefined;
  const size = head.readUInt32BE(0);
  const length = size === 1 && head.length === 16 ? Number(head.readBigUInt64BE(8)) : size;
  return { type: head.toString('latin1', 4, 8), length };
}
