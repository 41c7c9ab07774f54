/** WAV in both directions: where the samples of a file are and what they are like; and a header before our own. */
import { createReadStream } from 'node:fs';
import { BYTES_PER_SAMPLE, SAMPLE_RATE } from '../pcm.js';
import { openRecording, type Recording, type RecordingReader } from '../recording.js';
import { WindowReader } from '../containers/scan.js';
import { sampleFormat, type WavFormat } from './format.js';

export interface ByteRange {
  /** From the start of the file. */
  readonly offset: number;
  /** Bytes that are really there. */
  readonly length: number;
}

export interface WavHeader extends WavFormat {
  /** RIFX: sizes and samples are big-endian. */
  readonly bigEndian: boolean;
  /** The contents of every data chunk, in order. */
  readonly data: readonly ByteRange[];
}

/** Whether the samples are what the service works with: PCM, 16-bit little-endian, mono, 24 kHz. */
export function isOurPcm(header: WavHeader): boolean {
  const { bitsPerSample, channels, sampleRate } = header;
  return (
    sampleFormat(header) === 's16le' && bitsPerSample === 16 && channels === 1 && sampleRate === SAMPLE_RATE
  );
}

/** Bytes of samples in the file, whole or not. */
export function wavDataBytes(header: WavHeader): number {
  return header.data.reduce((sum, range) => sum + range.length, 0);
}

/** Where the samples begin, if nothing but samples comes from there to the end of the file; else undefined. */
export function wavSamplesStart({ data }: WavHeader, fileBytes: number): number | undefined {
  const [only] = data;
  return data.length === 1 && only !== undefined && reachesToEnd(only, fileBytes) ? only.offset : undefined;
}

/** Whether a process that is given the file can read the range as all that is left, having stepped over the rest. */
export function reachesToEnd({ offset, length }: ByteRange, fileBytes: number): boolean {
  return offset + length === fileBytes && offset <= MAX_STEPPED_OVER;
}

/** To step over what is before them, it is read. */
const MAX_STEPPED_OVER = 64 * 1024;

/** How long the samples that are there sound, in seconds; undefined where only a decoder could tell. */
export function wavSeconds(header: WavHeader): number | undefined {
  if (sampleFormat(header) === undefined) return undefined;
  return wavDataBytes(header) / wavFrameBytes(header) / header.sampleRate;
}

/** Bytes of one sample of each channel, where the samples are not compressed in blocks. */
export function wavFrameBytes({ channels, sampleBytes }: WavHeader): number {
  return channels * sampleBytes;
}

/** Read at a time: fewer and larger than Node would by itself. */
export const READ_BYTES = 256 * 1024;

/** The samples of a recording as they are, from all the data chunks. Opens a file when read for the first time. */
export async function* streamWavSamples(recording: Recording, header: WavHeader): AsyncGenerator<Buffer> {
  const [only] = header.data;
  if (typeof recording === 'string' && only !== undefined && header.data.length === 1) {
    const { offset, length } = only;
    if (length === 0) return;
    yield* createReadStream(recording, {
      start: offset,
      end: offset + length - 1,
      highWaterMark: READ_BYTES,
    });
    return;
  }
  const reader = await openRecording(recording);
  try {
    yield* collect(readRanges(new WindowReader(reader), header.data));
  } finally {
    await reader.close();
  }
}

async function* readRanges(recording: RecordingReader, ranges: readonly ByteRange[]): AsyncGenerator<Buffer> {
  for (const { offset, length } of ranges) {
    for (let at = 0; at < length; at += READ_BYTES) {
      yield await recording.read(offset + at, Math.min(READ_BYTES, length - at));
    }
  }
}

/** Thousands of small pieces are handed on as a few large ones. */
async function* collect(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    bytes += piece.length;
    if (bytes < READ_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

/** The samples of an `isOurPcm` file, byte for byte; half a sample at the end of a chunk is dropped. */
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

/**
 * A WAV file around PCM 16-bit little-endian mono samples.
 *
 * @param sampleRate the samples' true rate in Hz.
 */
export function encodeWav(pcm: Buffer, sampleRate: number = SAMPLE_RATE): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}
