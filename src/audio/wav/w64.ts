/** Sony Wave64: the chunks of a WAV under GUIDs, with sizes of 64 bits. */
import type { RecordingReader } from '../recording.js';
import { parseWavFormat, type WavFormat } from './format.js';
import type { WavHeader } from './wav.js';

/** The file's own GUID and size, and the GUID of its form. */
const CONTAINER_BYTES = 40;
/** A GUID and a size, which counts both of them. */
const CHUNK_HEAD_BYTES = 24;
/** Chunks start at multiples of it. */
const ALIGNMENT = 8;
/** As of WAV: a real file has a few. */
const MAX_CHUNKS = 1024;

/** @returns undefined where its chunks do not say where its samples are and what they are like. */
export async function readW64Header(recording: RecordingReader, start = 0): Promise<WavHeader | undefined> {
  let format: WavFormat | undefined;
  let at = start + CONTAINER_BYTES;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const head = await recording.read(at, CHUNK_HEAD_BYTES);
    if (head.length < CHUNK_HEAD_BYTES) return undefined;
    const id = head.toString('latin1', 0, 4);
    const size = Number(head.readBigUInt64LE(16));
    const offset = at + CHUNK_HEAD_BYTES;
    if (id === 'fmt ') format = parseWavFormat(await recording.read(offset, 40), false);
    if (id === 'data') {
      const length = Math.min(size, recording.size - at) - CHUNK_HEAD_BYTES;
      return format && length > 0 ? { ...format, bigEndian: false, data: [{ offset, length }] } : undefined;
    }
    if (size < CHUNK_HEAD_BYTES) return undefined;
    at += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  }
  return undefined;
}
