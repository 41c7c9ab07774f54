/** WAV in both directions: where the samples of a file are and what they are like; and a header before our own. */
import { createReadStream } from 'node:fs';
import { GatewayError } from '../errors.js';
import { BYTES_PER_SAMPLE, SAMPLE_RATE } from './pcm.js';
import type { RecordingReader } from './recording.js';

/** Values of `wFormatTag` (RFC 2361, mmreg.h). */
const PCM = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;

/** What sizes say when the writer could not know them. */
const UNKNOWN_SIZE = 0xffffffff;

/** A real file has a few dozen chunks; one of a million empty chunks is not read to its end. */
const MAX_CHUNKS = 1024;

export interface ByteRange {
  /** From the start of the file. */
  readonly offset: number;
  /** Bytes that are really there. */
  readonly length: number;
}

export interface WavHeader {
  /** `wFormatTag`; for the extensible format the tag inside its GUID. */
  readonly encoding: number;
  readonly channels: number;
  /** Frames per second. */
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  /** RIFX: sizes and samples are big-endian. */
  readonly bigEndian: boolean;
  /** The contents of every data chunk, in order. */
  readonly data: readonly ByteRange[];
}

/**
 * Reads the chunk headers of a RIFF, RIFX, RF64 or BW64 file. A data chunk that claims more than is there ends with the
 * file; one of unknown size (0xFFFFFFFF, or 0 from a writer that never came back to fill it in) reaches to its end.
 *
 * @throws GatewayError `undecodable-audio` when the chunks do not say what the samples are like.
 */
export async function readWavHeader(recording: RecordingReader): Promise<WavHeader> {
  const riff = await recording.read(0, 12);
  const bigEndian = riff.toString('latin1', 0, 4) === 'RIFX';
  const uint32 = (bytes: Buffer, at: number): number =>
    bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);

  const riffBytes = uint32(riff, 4);
  let format: Format | undefined;
  let largeDataBytes: number | undefined;
  const data: ByteRange[] = [];

  let at = 12;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const head = await recording.read(at, 8);
    if (head.length < 8 || !isChunkId(head)) break;
    const id = head.toString('latin1', 0, 4);
    const claimed = uint32(head, 4);
    const start = at + 8;
    const left = recording.size - start;
    let size = claimed;

    if (id === 'ds64') {
      // EBU Tech 3306: 64-bit sizes of RIFF and data, for files of which 32 bits are not enough.
      const sizes = await recording.read(start, 16);
      if (sizes.length === 16) largeDataBytes = Number(sizes.readBigUInt64LE(8));
    } else if (id === 'fmt ') {
      format ??= parseFormat(await recording.read(start, Math.min(claimed, 40)), bigEndian);
    } else if (id === 'data') {
      const neverFilledIn = claimed === 0 && (riffBytes === UNKNOWN_SIZE || riffBytes + 8 <= start);
      if (claimed === UNKNOWN_SIZE) size = largeDataBytes ?? left;
      else if (neverFilledIn) size = left;
      data.push({ offset: start, length: Math.min(size, left) });
    }

    if (size >= left) break;
    at = await nextChunk(recording, start + size);
  }

  if (format === undefined) {
    throw new GatewayError(
      'undecodable-audio',
      'The WAV file does not say what its samples are like (its format chunk is missing or damaged). Export it again.',
    );
  }
  return { ...format, bigEndian, data };
}

type Format = Omit<WavHeader, 'bigEndian' | 'data'>;

/** The KSDATAFORMAT_SUBTYPE GUIDs are a format tag followed by these 14 bytes. */
const SUBTYPE_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');

function parseFormat(bytes: Buffer, bigEndian: boolean): Format | undefined {
  if (bytes.length < 16) return undefined;
  const uint16 = (at: number): number => (bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const sampleRate = bigEndian ? bytes.readUInt32BE(4) : bytes.readUInt32LE(4);
  const channels = uint16(2);
  if (channels === 0 || sampleRate === 0) return undefined;
  const isExtensible = uint16(0) === EXTENSIBLE && bytes.subarray(26, 40).equals(SUBTYPE_TAIL);
  return {
    encoding: isExtensible ? uint16(24) : uint16(0),
    channels,
    sampleRate,
    bitsPerSample: uint16(14),
  };
}

/** Chunks start at even offsets; some writers forget the padding byte, and then the next id stands one byte earlier. */
async function nextChunk(recording: RecordingReader, end: number): Promise<number> {
  if (end % 2 === 0) return end;
  const next = await recording.read(end, 5);
  return isChunkId(next.subarray(0, 4)) && !isChunkId(next.subarray(1, 5)) ? end : end + 1;
}

function isChunkId(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.subarray(0, 4).every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/** ffmpeg's names of bare samples, one fixed-size number after the other. */
export type SampleFormat =
  | 'u8'
  | 's16le'
  | 's24le'
  | 's32le'
  | 'f32le'
  | 'f64le'
  | 's16be'
  | 's24be'
  | 's32be'
  | 'f32be'
  | 'f64be'
  | 'alaw'
  | 'mulaw';

/** @returns what the samples are, or undefined when they are compressed in blocks (ADPCM, GSM, MP3…). */
export function sampleFormat({ encoding, bitsPerSample, bigEndian }: WavHeader): SampleFormat | undefined {
  if (encoding === A_LAW) return 'alaw';
  if (encoding === MU_LAW) return 'mulaw';
  const bits = bytesPerSample(bitsPerSample) * 8;
  if (encoding === FLOAT && (bits === 32 || bits === 64)) return `f${bits}${bigEndian ? 'be' : 'le'}`;
  if (encoding !== PCM) return undefined;
  if (bits === 8) return 'u8';
  return bits === 16 || bits === 24 || bits === 32 ? `s${bits}${bigEndian ? 'be' : 'le'}` : undefined;
}

/** 12 bits are kept in 16, 20 in 24. */
function bytesPerSample(bits: number): number {
  return Math.ceil(bits / 8);
}

/** Whether the samples are what the service works with: PCM, 16-bit little-endian, mono, 24 kHz. */
export function isOurPcm(header: WavHeader): boolean {
  return sampleFormat(header) === 's16le' && header.channels === 1 && header.sampleRate === SAMPLE_RATE;
}

/** Bytes of samples in the file, whole or not. */
export function wavDataBytes(header: WavHeader): number {
  return header.data.reduce((sum, range) => sum + range.length, 0);
}

/** Where the samples begin, if nothing but samples comes from there to the end of the file; else undefined. */
export function wavSamplesStart({ data }: WavHeader, fileBytes: number): number | undefined {
  const [only] = data;
  const isLast = data.length === 1 && only !== undefined && only.offset + only.length === fileBytes;
  return isLast && only.offset <= MAX_STEPPED_OVER ? only.offset : undefined;
}

/** To step over what is before them, it is read. */
const MAX_STEPPED_OVER = 64 * 1024;

/** How long the samples that are there sound, in seconds; undefined where only a decoder could tell. */
export function wavSeconds(header: WavHeader): number | undefined {
  if (sampleFormat(header) === undefined) return undefined;
  const frameBytes = header.channels * bytesPerSample(header.bitsPerSample);
  return wavDataBytes(header) / frameBytes / header.sampleRate;
}

/** Read at a time: fewer and larger than Node would by itself. */
export const READ_BYTES = 256 * 1024;

/** The samples of the file at `path` as they are, from all its data chunks. Opens the file when read for the first time. */
export async function* streamWavSamples(path: string, header: WavHeader): AsyncGenerator<Buffer> {
  for (const { offset, length } of header.data) {
    if (length === 0) continue;
    yield* createReadStream(path, { start: offset, end: offset + length - 1, highWaterMark: READ_BYTES });
  }
}

/** The samples of an `isOurPcm` file, byte for byte; half a sample at the end of a chunk is dropped. */
export async function readWavSamples(recording: RecordingReader, header: WavHeader): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const { offset, length } of header.data) {
    const bytes = await recording.read(offset, length);
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
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}
