/** Core Audio Format whose samples are bare numbers. */
import type { RecordingReader } from '../recording.js';
import { linearFormat } from './format.js';
import type { WavHeader } from './wav.js';

/** `caff`, a version, and flags. */
const FILE_HEADER_BYTES = 8;
/** A type, and a size of 64 bits. */
const CHUNK_HEADER_BYTES = 12;
const DESCRIPTION_BYTES = 32;
/** A counter before the samples of the data chunk. */
const EDIT_COUNT_BYTES = 4;
const MAX_CHUNKS = 1024;

const IS_FLOAT = 1;
const IS_LITTLE_ENDIAN = 2;

/** @returns undefined for what ffmpeg reads better: compressed, more than two channels, an unusual rate or size. */
export async function readCafHeader(
  recording: RecordingReader,
  start: number,
): Promise<WavHeader | undefined> {
  let format: Omit<WavHeader, 'data'> | undefined;
  let at = start + FILE_HEADER_BYTES;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const head = await recording.read(at, CHUNK_HEADER_BYTES);
    if (head.length < CHUNK_HEADER_BYTES) return undefined;
    const type = head.toString('latin1', 0, 4);
    const size = Number(head.readBigInt64BE(4));
    const body = at + CHUNK_HEADER_BYTES;
    if (type === 'desc') format = parseDescription(await recording.read(body, DESCRIPTION_BYTES));
    if (type === 'data') {
      const offset = body + EDIT_COUNT_BYTES;
      // The size of the last chunk may be left open.
      const length = Math.min(size === -1 ? Infinity : size, recording.size - body) - EDIT_COUNT_BYTES;
      return format !== undefined && length > 0 ? { ...format, data: [{ offset, length }] } : undefined;
    }
    if (size < 0) return undefined;
    at = body + size;
  }
  return undefined;
}

function parseDescription(chunk: Buffer): Omit<WavHeader, 'data'> | undefined {
  if (chunk.length < DESCRIPTION_BYTES || chunk.toString('latin1', 8, 12) !== 'lpcm') return undefined;
  const flags = chunk.readUInt32BE(12);
  const bits = chunk.readUInt32BE(28);
  const channels = chunk.readUInt32BE(24);
  const isPacked = chunk.readUInt32BE(16) * 8 === channels * bits && chunk.readUInt32BE(20) === 1;
  if (!isPacked) return undefined;
  return linearFormat({
    channels,
    bits,
    sampleRate: chunk.readDoubleBE(0),
    isFloat: (flags & IS_FLOAT) !== 0,
    bigEndian: (flags & IS_LITTLE_ENDIAN) === 0,
  });
}
