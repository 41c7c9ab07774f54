/** WAV in both directions: the header and samples of a file or stream, and the header that we write. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { BYTES_PER_SAMPLE, SAMPLE_RATE } from '../pcm.js';
import { openRecording, type Recording, type RecordingReader } from '../recording.js';
import { cutChunks } from '../mixing/samples.js';
import { WindowReader } from '../containers/scan.js';
import { parseWavFormat, sampleFormat, type WavFormat } from './format.js';

export interface ByteRange {
  /** From the start of the recording. */
  readonly offset: number;
  /** Bytes that are really present. */
  readonly length: number;
}

export interface WavHeader extends WavFormat {
  /** RIFX: sizes and samples are big-endian. */
  readonly bigEndian: boolean;
  /** The contents of every data chunk, in order. */
  readonly data: readonly ByteRange[];
}

/** `RIFF`, a size, `WAVE`. */
export const RIFF_HEADER_BYTES = 12;
/** The id and size of a chunk. */
export const CHUNK_HEADER_BYTES = 8;
/** Bytes before the samples have to be read to skip them, because a pipe cannot seek; more than these cost too much. */
const MAX_SKIPPED_BYTES = 64 * 1024;
/** Fewer and larger reads than Node's default. */
export const READ_CHUNK_BYTES = 256 * 1024;

/**
 * Parses the header of a WAV that a program writes to a pipe: its sizes are placeholders, and its samples run to the end.
 *
 * @returns undefined while the header is incomplete.
 */
export function parseStreamedWav(bytes: Buffer): { format: WavFormat; samplesAt: number } | undefined {
  let format: WavFormat | undefined;
  let at = RIFF_HEADER_BYTES;
  while (at + CHUNK_HEADER_BYTES <= bytes.length) {
    const id = bytes.toString('latin1', at, at + 4);
    const start = at + CHUNK_HEADER_BYTES;
    if (id === 'data' && format !== undefined) return { format, samplesAt: start };
    const size = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ') format = parseWavFormat(bytes.subarray(start, start + size), false);
    at = start + size;
  }
  return undefined;
}

/** Whether the samples already have the service's format: PCM, 16-bit little-endian, mono, 24 kHz. */
export function isNativePcm(header: WavHeader): boolean {
  const { bitsPerSample, channels, sampleRate } = header;
  return (
    sampleFormat(header) === 's16le' && bitsPerSample === 16 && channels === 1 && sampleRate === SAMPLE_RATE
  );
}

/** Bytes of samples, complete frames or not. */
export function wavDataBytes(header: WavHeader): number {
  return header.data.reduce((sum, range) => sum + range.length, 0);
}

/** @returns where the samples start, if everything from there to the end of the file is samples. */
export function samplesStartIfLast({ data }: WavHeader, fileBytes: number): number | undefined {
  const [only] = data;
  return data.length === 1 && only !== undefined && extendsToEnd(only, fileBytes) ? only.offset : undefined;
}

/** Whether a process that inherits the open file can skip to the range and read from there to the end of the file. */
export function extendsToEnd({ offset, length }: ByteRange, fileBytes: number): boolean {
  return offset + length === fileBytes && offset <= MAX_SKIPPED_BYTES;
}

/** The playing time of the samples in seconds; undefined for block-compressed ones, whose length only a decoder knows. */
export function wavSeconds(header: WavHeader): number | undefined {
  if (sampleFormat(header) === undefined) return undefined;
  return wavDataBytes(header) / wavFrameBytes(header) / header.sampleRate;
}

/** Bytes of one sample of each channel; meaningless for block-compressed samples. */
export function wavFrameBytes({ channels, sampleBytes }: WavHeader): number {
  return channels * sampleBytes;
}

/** The unconverted samples of all data chunks. Opens a file when first iterated. */
export async function* streamWavSamples(recording: Recording, header: WavHeader): AsyncGenerator<Buffer> {
  const [only] = header.data;
  if (only !== undefined && header.data.length === 1) {
    const { offset, length } = only;
    if (typeof recording !== 'string') {
      yield* cutChunks(recording.subarray(offset, offset + length), chunkBytesOf(header));
      return;
    }
    if (length === 0) return;
    const end = offset + length - 1;
    yield* createReadStream(recording, { start: offset, end, highWaterMark: chunkBytesOf(header) });
    return;
  }
  const reader = await openRecording(recording);
  try {
    yield* coalesce(readRanges(new WindowReader(reader), header.data));
  } finally {
    await reader.close();
  }
}

/** Like `streamWavSamples`, but each chunk is valid only until the next one, which overwrites its bytes. */
export async function* scanWavSamples(recording: Recording, header: WavHeader): AsyncGenerator<Buffer> {
  const [only] = header.data;
  if (typeof recording !== 'string' || only === undefined || header.data.length > 1) {
    yield* streamWavSamples(recording, header);
    return;
  }
  const file = await open(recording);
  try {
    const chunk = Buffer.allocUnsafe(chunkBytesOf(header));
    for (let at = 0; at < only.length;) {
      const length = Math.min(chunk.length, only.length - at);
      const { bytesRead } = await file.read(chunk, 0, length, only.offset + at);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Whole frames, so that none is split between two chunks. */
function chunkBytesOf(header: WavHeader): number {
  const frameBytes = wavFrameBytes(header) || 1;
  return Math.ceil(READ_CHUNK_BYTES / frameBytes) * frameBytes;
}

async function* readRanges(recording: RecordingReader, ranges: readonly ByteRange[]): AsyncGenerator<Buffer> {
  for (const { offset, length } of ranges) {
    for (let at = 0; at < length; at += READ_CHUNK_BYTES) {
      yield await recording.read(offset + at, Math.min(READ_CHUNK_BYTES, length - at));
    }
  }
}

/** Joins thousands of small pieces into a few large ones. */
async function* coalesce(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    bytes += piece.length;
    if (bytes < READ_CHUNK_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

/** The samples of an `isNativePcm` file, unchanged; half a sample at the end of a chunk is dropped. */
export async function readWavSamples(recording: RecordingReader, header: WavHeader): Promise<Buffer> {
  const parts: Buffer[] = [];
  const reader = header.data.length === 1 ? recording : new WindowReader(recording);
  for (const { offset, length } of header.data) {
    const bytes = await reader.read(offset, length);
    parts.push(bytes.subarray(0, bytes.length - (bytes.length % BYTES_PER_SAMPLE)));
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

/** Returns a WAV file with the given samples: PCM, 16-bit little-endian, mono, 24 kHz where no rate is given. */
export function encodeWav(pcm: Buffer, sampleRate = SAMPLE_RATE): Buffer {
  return Buffer.concat([wavHeader(pcm.length, sampleRate), pcm]);
}

/** The header of a WAV file with this many bytes of samples: PCM, 16-bit little-endian, mono. */
export function wavHeader(pcmBytes: number, sampleRate = SAMPLE_RATE): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + pcmBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcmBytes, 40);
  return header;
}
