/** Sony Wave64: the chunks of a WAV with GUIDs and 64-bit sizes. */
import type { RecordingReader } from '../recording.js';
import { parseWavFormat, type WavFormat } from './format.js';
import type { WavHeader } from './wav.js';

/** The GUID and size of the file, and the GUID of its form. */
const FILE_HEADER_BYTES = 40;
/** A GUID and a size, which includes both. */
const CHUNK_HEADER_BYTES = 24;
/** Chunks start at multiples of it. */
const ALIGNMENT = 8;
/** A real file has a few chunks. */
const MAX_CHUNKS = 1024;

/** @returns undefined when the format or data chunk is missing or invalid. */
export async function readW64Header(
  recording: RecordingReader,
  start: number,
): Promise<WavHeader | undefined> {
  let format: WavFormat | undefined;
  let at = start + FILE_HEADER_BYTES;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const head = await recording.read(at, CHUNK_HEADER_BYTES);
    if (head.length < CHUNK_HEADER_BYTES) return undefined;
    const id = head.toString('latin1', 0, 4);
    const size = Number(head.readBigUInt64LE(16));
    const offset = at + CHUNK_HEADER_BYTES;
    if (id === 'fmt ') format = parseWavFormat(await recording.read(offset, 40), false);
    if (id === 'data') {
      const length = Math.min(size, recording.size - at) - CHUNK_HEADER_BYTES;
      return format && length > 0 ? { ...format, bigEndian: false, data: [{ offset, length }] } : undefined;
    }
    if (size < CHUNK_HEADER_BYTES) return undefined;
    at += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  }
  return undefined;
}
