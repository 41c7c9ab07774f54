/** AIFF and AIFF-C whose samples are bare numbers: big-endian, if the compression type does not say otherwise. */
import type { RecordingReader } from '../recording.js';
import { linearFormat } from './format.js';
import type { WavHeader } from './wav.js';

/** `FORM`, a size, `AIFF` or `AIFC`. */
const FORM_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** The offset of the first sample in the sound data chunk, and the size of a block. */
const SOUND_HEADER_BYTES = 8;
const MAX_CHUNKS = 1024;

const FLOATS = ['fl32', 'FL32', 'fl64', 'FL64'];
const INTEGERS = ['NONE', 'twos', 'sowt', 'in24', 'in32'];

/** @returns undefined for what ffmpeg reads better: compressed, more than two channels, an unusual rate or size. */
export async function readAiffHeader(
  recording: RecordingReader,
  start: number,
): Promise<WavHeader | undefined> {
  let format: Omit<WavHeader, 'data'> | undefined;
  let at = start + FORM_HEADER_BYTES;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const head = await recording.read(at, CHUNK_HEADER_BYTES + SOUND_HEADER_BYTES);
    if (head.length < CHUNK_HEADER_BYTES + SOUND_HEADER_BYTES) return undefined;
    const id = head.toString('latin1', 0, 4);
    const size = head.readUInt32BE(4);
    const body = at + CHUNK_HEADER_BYTES;
    if (id === 'COMM') format = parseCommonChunk(await recording.read(body, Math.min(size, 22)));
    if (id === 'SSND') {
      const offset = body + SOUND_HEADER_BYTES;
      const length = Math.min(size, recording.size - body) - SOUND_HEADER_BYTES;
      const isUsual = head.readUInt32BE(CHUNK_HEADER_BYTES) === 0 && length > 0;
      // The common chunk may follow, but hardly ever does.
      return format !== undefined && isUsual ? { ...format, data: [{ offset, length }] } : undefined;
    }
    at = body + size + (size % 2);
  }
  return undefined;
}

function parseCommonChunk(chunk: Buffer): Omit<WavHeader, 'data'> | undefined {
  if (chunk.length < 18) return undefined;
  const compression = chunk.length < 22 ? 'NONE' : chunk.toString('latin1', 18, 22);
  if (!INTEGERS.includes(compression) && !FLOATS.includes(compression)) return undefined;
  return linearFormat({
    channels: chunk.readUInt16BE(0),
    bits: chunk.readUInt16BE(6),
    sampleRate: readExtended(chunk.subarray(8, 18)),
    isFloat: FLOATS.includes(compression),
    bigEndian: compression !== 'sowt',
  });
}

/** An IEEE 754 number of 80 bits. */
function readExtended(bytes: Buffer): number {
  const exponent = (bytes.readUInt16BE(0) & 0x7fff) - 16_383 - 63;
  return Number(bytes.readBigUInt64BE(2)) * 2 ** exponent;
}
