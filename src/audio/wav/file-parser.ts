/** Parses the chunk headers of one WAV file, which another file may follow in the same recording. */
import type { RecordingReader } from '../recording.js';
import { findAll, type Signature } from '../containers/scan.js';
import { undecodableAudio } from '../errors.js';
import { parseWavFormat, type WavFormat } from './format.js';
import { CHUNK_HEADER_BYTES, RIFF_HEADER_BYTES, type ByteRange, type WavHeader } from './wav.js';

/** The value of a size field whose writer did not know the size. */
const UNKNOWN_SIZE = 0xffffffff;

/** A real file has a few dozen chunks; a crafted one of a million empty chunks is not read to its end. */
const MAX_CHUNKS = 1024;

/** A RIFF header and the id of the first chunk. */
const FILE_START_BYTES = 16;
const FILE_START: Signature = {
  // RIFF, RIFX, RF64 and BW64 all have `WAVE` at this place.
  needle: Buffer.from('WAVE'),
  needleAt: 8,
  length: FILE_START_BYTES,
  matches: isFileStart,
};

export interface ParsedWavFile {
  /** Absent: there is no valid format chunk. */
  readonly header: WavHeader | undefined;
  /** The whole file, with its header. */
  readonly range: ByteRange;
  readonly chunks: number;
  readonly hasData: boolean;
  /** Where the next file starts. */
  readonly next: number | undefined;
}

/** @throws GatewayError `undecodable-audio` when there are too many chunks, or the format contradicts itself. */
export function parseWavFile(recording: RecordingReader, start: number): Promise<ParsedWavFile> {
  return new WavFileParser(recording, start).parse();
}

class WavFileParser {
  readonly #recording: RecordingReader;
  readonly #start: number;
  readonly #data: ByteRange[] = [];
  #chunks = 0;
  #bigEndian = false;
  /** The end of the file according to its RIFF header. */
  #riffEnd = 0;
  #format: WavFormat | undefined;
  /** The 64-bit size of the data chunk, from a `ds64` chunk. */
  #dataSize64: number | undefined;
  #next: number | undefined;

  constructor(recording: RecordingReader, start: number) {
    this.#recording = recording;
    this.#start = start;
  }

  async parse(): Promise<ParsedWavFile> {
    const riff = await this.#recording.read(this.#start, RIFF_HEADER_BYTES);
    this.#bigEndian = riff.toString('latin1', 0, 4) === 'RIFX';
    this.#riffEnd = this.#start + CHUNK_HEADER_BYTES + this.#uint32(riff, 4);
    let at: number | undefined = this.#start + RIFF_HEADER_BYTES;
    while (at !== undefined) at = await this.#parseChunk(at);
    const length = (this.#next ?? this.#recording.size) - this.#start;
    return {
      header: this.#format && { ...this.#format, bigEndian: this.#bigEndian, data: this.#data },
      range: { offset: this.#start, length },
      chunks: this.#chunks,
      hasData: this.#hasData,
      next: this.#next,
    };
  }

  get #hasData(): boolean {
    return this.#data.some(({ length }) => length > 0);
  }

  /** @returns where the next chunk of this file starts; undefined when the file ends. */
  async #parseChunk(at: number): Promise<number | undefined> {
    const head = await this.#recording.read(at, FILE_START_BYTES);
    if (isFileStart(head)) return this.#endFile(at);
    if (head.length < CHUNK_HEADER_BYTES) return undefined;
    if (this.#chunks === MAX_CHUNKS && this.#hasData) throw tooManyChunks();
    if (!isChunkId(head) || this.#chunks === MAX_CHUNKS) return this.#endFile(await this.#findFile(at));

    this.#chunks += 1;
    const id = head.toString('latin1', 0, 4);
    const start = at + CHUNK_HEADER_BYTES;
    const left = this.#recording.size - start;
    const size = this.#uint32(head, 4);
    if (id === 'data') return await this.#parseData(start, size);
    if (id === 'ds64') await this.#parseSizes(start);
    else if (id === 'fmt ') await this.#parseFormat(start, size);
    else if (at >= this.#riffEnd && this.#hasData) {
      // Past the end of the file this may be junk that looks like a chunk, with the next file inside it.
      const next = await this.#findFile(at, start + size);
      if (next !== undefined) return this.#endFile(next);
    }
    if (size > left) return this.#endFile(await this.#findFile(start));
    return await this.#nextChunk(start + size);
  }

  /** A data chunk of unknown or impossible size extends to the next file, or to the end of the recording. */
  async #parseData(start: number, claimedSize: number): Promise<number | undefined> {
    const size = claimedSize === UNKNOWN_SIZE ? (this.#dataSize64 ?? claimedSize) : claimedSize;
    const left = this.#recording.size - start;
    const isUnknown = size > left || (size === 0 && !(await this.#isEmptyData(start)));
    if (!isUnknown) {
      this.#data.push({ offset: start, length: size });
      return await this.#nextChunk(start + size);
    }
    const next = await this.#findFile(start);
    this.#data.push({ offset: start, length: (next ?? this.#recording.size) - start });
    return this.#endFile(next);
  }

  /** EBU Tech 3306: 64-bit sizes of RIFF and data, for files that 32 bits cannot describe. */
  async #parseSizes(start: number): Promise<void> {
    const sizes = await this.#recording.read(start, 16);
    if (sizes.length === 16) this.#dataSize64 = Number(sizes.readBigUInt64LE(8));
  }

  async #parseFormat(start: number, size: number): Promise<void> {
    this.#format ??= parseWavFormat(await this.#recording.read(start, Math.min(size, 40)), this.#bigEndian);
  }

  /**
   * Whether a data chunk of size 0 really has no samples: nothing or only other chunks follow, up to the end or to the
   * next file. Otherwise its writer never came back to fill in the size.
   */
  async #isEmptyData(start: number): Promise<boolean> {
    let at = start;
    for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
      const left = this.#recording.size - at;
      if (left <= 0 || (at === this.#riffEnd && at > start)) return true;
      const head = await this.#recording.read(at, FILE_START_BYTES);
      if (isFileStart(head)) return true;
      if (head.length < CHUNK_HEADER_BYTES || !isChunkId(head)) return false;
      const id = head.toString('latin1', 0, 4);
      if (id === 'data') return true;
      const end = at + CHUNK_HEADER_BYTES + this.#uint32(head, 4);
      if (end > this.#recording.size) return id === 'LIST';
      at = (await this.#nextChunk(end)) ?? end;
    }
    return true;
  }

  /** @returns where the first file starts that starts from `from` to before `end`. */
  async #findFile(from: number, end = this.#recording.size): Promise<number | undefined> {
    for await (const { offset } of findAll(this.#recording, FILE_START, from, end)) return offset;
    return undefined;
  }

  #endFile(next: number | undefined): number | undefined {
    this.#next = next;
    return undefined;
  }

  /** Chunks start at even offsets; some writers omit the padding byte, and then the next id is one byte earlier. */
  async #nextChunk(end: number): Promise<number | undefined> {
    if (end === this.#recording.size) return undefined;
    if ((end - this.#start) % 2 === 0) return end;
    const next = await this.#recording.read(end, FILE_START_BYTES);
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
  if ((first !== 0x52 && first !== 0x42) || bytes.length < at + FILE_START_BYTES) return false;
  const head = bytes.toString('latin1', at, at + FILE_START_BYTES);
  return /^(RIFF|RIFX|RF64|BW64).{4}WAVE[\x20-\x7e]{4}$/s.test(head);
}

function tooManyChunks(): Error {
  return undecodableAudio(
    `A WAV file may have ${MAX_CHUNKS} chunks at most. Export it again, with its samples in one chunk.`,
  );
}
