/** Where the samples of a WAV are, chunk by chunk, in one file or in several whole ones, one behind the other. */
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../../errors.js';
import type { RecordingReader } from '../recording.js';
import { findAll, WindowReader, type Signature } from '../containers/scan.js';
import { parseWavFormat, sampleFormat, type WavFormat } from './format.js';
import { wavFrameBytes, type ByteRange, type WavHeader } from './wav.js';

/** What sizes say when the writer could not know them. */
const UNKNOWN_SIZE = 0xffffffff;

/** A real file has a few dozen chunks; one of a million empty chunks is not read to its end. */
const MAX_CHUNKS = 1024;

/** Servers that write a header before each piece cut 240 s into pieces of 20 ms at the least. */
const MAX_FILES = 16_384;
const MAX_CHUNKS_OF_ALL = 4 * MAX_FILES;

/** An id of a file, its size, `WAVE`, and the id of a chunk. */
const FILE_HEAD_BYTES = 16;
const FILE_START: Signature = {
  // `WAVE` is what all kinds have in common.
  needle: Buffer.from('WAVE'),
  needleAt: 8,
  length: FILE_HEAD_BYTES,
  matches: isFileStart,
};

/** One whole file. */
export interface WavFile {
  readonly header: WavHeader;
  /** All of it, with its header. */
  readonly range: ByteRange;
}

/**
 * Reads the chunk headers of every RIFF, RIFX, RF64 or BW64 file from `start` on. A data chunk that claims more than is
 * there ends with the recording or where the next file begins; so does one of unknown size (0xFFFFFFFF, or 0 from a
 * writer that never came back to fill it in).
 *
 * @throws GatewayError `undecodable-audio` when the chunks do not say what the samples are like, or there is no end of files.
 */
export async function readWavFiles(recording: RecordingReader, start: number): Promise<WavFile[]> {
  const files: WavFile[] = [];
  let reader = recording;
  let chunks = 0;
  let at: number | undefined = start;
  while (at !== undefined) {
    const walk: FileWalk = new FileWalk(reader, at);
    await walk.run();
    chunks += walk.chunks;
    if (files.length === MAX_FILES || chunks > MAX_CHUNKS_OF_ALL) throw tooManyFiles();
    const file = walk.finish();
    // Of a file that was cut off inside its first header there is nothing to hear.
    if (file !== undefined) files.push(file);
    else if (files.length === 0 || walk.hasData) throw noFormat();
    at = walk.next;
    // The pieces of a recording may be small.
    if (reader === recording) reader = new WindowReader(recording);
  }
  return files;
}

/**
 * Makes one header of files that follow each other and whose samples are alike, so that they are decoded at once. What
 * is compressed in blocks stays apart: only a decoder knows where its samples end.
 */
export function joinAlike(files: readonly WavFile[]): WavFile[] {
  if (files.length === 1) return [...files];
  const groups: { first: WavFile; format: unknown; data: ByteRange[] }[] = [];
  for (const file of files) {
    const { data, ...format } = file.header;
    const last = groups.at(-1);
    const ranges = sampleFormat(file.header) === undefined ? data : data.map(toWholeFrames(file.header));
    if (last !== undefined && ranges !== data && isDeepStrictEqual(last.format, format))
      last.data.push(...ranges);
    else groups.push({ first: file, format, data: [...ranges] });
  }
  return groups.map(({ first, data }) => ({ ...first, header: { ...first.header, data } }));
}

/** Half a frame at the end of a piece would shift all samples behind it. */
function toWholeFrames(header: WavHeader): (range: ByteRange) => ByteRange {
  const frameBytes = wavFrameBytes(header) || 1;
  return ({ offset, length }) => ({ offset, length: length - (length % frameBytes) });
}

/** The chunks of one file. */
class FileWalk {
  chunks = 0;
  /** Where the next file begins. */
  next: number | undefined;
  readonly #recording: RecordingReader;
  readonly #start: number;
  readonly #data: ByteRange[] = [];
  /** Where the next chunk begins. */
  #at: number;
  #bigEndian = false;
  /** Where the file ends, as it says itself. */
  #claimedEnd = 0;
  #format: WavFormat | undefined;
  #largeDataBytes: number | undefined;

  constructor(recording: RecordingReader, start: number) {
    this.#recording = recording;
    this.#start = start;
    this.#at = start + 12;
  }

  get hasData(): boolean {
    return this.#data.some(({ length }) => length > 0);
  }

  finish(): WavFile | undefined {
    if (this.#format === undefined) return undefined;
    const header = { ...this.#format, bigEndian: this.#bigEndian, data: this.#data };
    const length = (this.next ?? this.#recording.size) - this.#start;
    return { header, range: { offset: this.#start, length } };
  }

  async run(): Promise<void> {
    const riff = await this.#recording.read(this.#start, 12);
    this.#bigEndian = riff.toString('latin1', 0, 4) === 'RIFX';
    this.#claimedEnd = this.#start + 8 + this.#uint32(riff, 4);
    while (await this.#readChunk(this.#at));
  }

  /** @returns whether there may be another chunk of this file. */
  async #readChunk(at: number): Promise<boolean> {
    const head = await this.#recording.read(at, FILE_HEAD_BYTES);
    if (isFileStart(head)) return this.#endBefore(at);
    if (head.length < 8) return false;
    if (this.chunks === MAX_CHUNKS && this.hasData) throw tooManyChunks();
    if (!isChunkId(head) || this.chunks === MAX_CHUNKS) return this.#endBefore(await this.#findFile(at));

    this.chunks += 1;
    const id = head.toString('latin1', 0, 4);
    const start = at + 8;
    const left = this.#recording.size - start;
    let size = this.#uint32(head, 4);

    if (id === 'ds64') {
      // EBU Tech 3306: 64-bit sizes of RIFF and data, for files of which 32 bits are not enough.
      const sizes = await this.#recording.read(start, 16);
      if (sizes.length === 16) this.#largeDataBytes = Number(sizes.readBigUInt64LE(8));
    } else if (id === 'fmt ') {
      this.#format ??= parseWavFormat(await this.#recording.read(start, Math.min(size, 40)), this.#bigEndian);
    } else if (id === 'data') {
      if (size === UNKNOWN_SIZE && this.#largeDataBytes !== undefined) size = this.#largeDataBytes;
      const isUnknown = size > left || (size === 0 && !(await this.#isEmptyBefore(start)));
      if (isUnknown) return this.#endBefore(await this.#endData(start));
      this.#data.push({ offset: start, length: size });
    } else if (at >= this.#claimedEnd && this.hasData) {
      // Behind its end it may be junk that looks like a chunk, with the next file in it.
      const next = await this.#findFile(at, start + size);
      if (next !== undefined) return this.#endBefore(next);
    }

    if (size > left) return this.#endBefore(await this.#findFile(start));
    if (size === left) return false;
    this.#at = await this.#nextChunk(start + size);
    return true;
  }

  /** The data chunk goes on to the next file or to the end of the recording. */
  async #endData(start: number): Promise<number | undefined> {
    const next = await this.#findFile(start);
    this.#data.push({ offset: start, length: (next ?? this.#recording.size) - start });
    return next;
  }

  /**
   * Whether a data chunk of size 0 really has no samples: nothing or only other chunks stand behind it, up to the end
   * or to the next file. Otherwise its writer never came back to fill the size in.
   */
  async #isEmptyBefore(start: number): Promise<boolean> {
    let at = start;
    for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
      const left = this.#recording.size - at;
      if (left <= 0 || (at === this.#claimedEnd && at > start)) return true;
      const head = await this.#recording.read(at, FILE_HEAD_BYTES);
      if (isFileStart(head)) return true;
      if (head.length < 8 || !isChunkId(head)) return false;
      const id = head.toString('latin1', 0, 4);
      if (id === 'data') return true;
      const end = at + 8 + this.#uint32(head, 4);
      if (end > this.#recording.size) return id === 'LIST';
      at = await this.#nextChunk(end);
    }
    return true;
  }

  /** @returns where the first file begins, from `from` to before `end`. */
  async #findFile(from: number, end = this.#recording.size): Promise<number | undefined> {
    for await (const { offset } of findAll(this.#recording, FILE_START, from, end)) return offset;
    return undefined;
  }

  #endBefore(next: number | undefined): false {
    this.next = next;
    return false;
  }

  /** Chunks start at even offsets; some writers forget the padding byte, and then the next id stands one byte earlier. */
  async #nextChunk(end: number): Promise<number> {
    if ((end - this.#start) % 2 === 0) return end;
    const next = await this.#recording.read(end, FILE_HEAD_BYTES);
    if (isFileStart(next)) return end;
    return isChunkId(next.subarray(0, 4)) && !isChunkId(next.subarray(1, 5)) ? end : end + 1;
  }

  #uint32(bytes: Buffer, at: number): number {
    if (bytes.length < at + 4) return 0;
    return this.#bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }
}

function isChunkId(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.subarray(0, 4).every((byte) => byte >= 0x20 && byte <= 0x7e);
}

function isFileStart(bytes: Buffer, at = 0): boolean {
  const first = bytes[at];
  if ((first !== 0x52 && first !== 0x42) || bytes.length < at + FILE_HEAD_BYTES) return false;
  const head = bytes.toString('latin1', at, at + FILE_HEAD_BYTES);
  return /^(RIFF|RIFX|RF64|BW64).{4}WAVE[\x20-\x7e]{4}$/s.test(head);
}

function noFormat(): GatewayError {
  return new GatewayError(
    'undecodable-audio',
    'The WAV file does not say what its samples are like (its format chunk is missing or damaged). Export it again.',
  );
}

function tooManyChunks(): GatewayError {
  return new GatewayError(
    'undecodable-audio',
    `A WAV file may have ${MAX_CHUNKS} chunks at most. Export it again, with its samples in one chunk.`,
  );
}

function tooManyFiles(): GatewayError {
  return new GatewayError(
    'undecodable-audio',
    `More than ${MAX_FILES} WAV files, or chunks of them, stand one behind the other. Send one file with one header.`,
  );
}
