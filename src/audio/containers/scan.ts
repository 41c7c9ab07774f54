/** Searches a recording for byte signatures, and reads small pieces without a system call for each. */
import type { RecordingReader } from '../recording.js';

/** Bytes per read, at first and at most: a match is often near. */
const FIRST_SCAN_BYTES = 4 * 1024;
const MAX_SCAN_BYTES = 256 * 1024;
/** Covers the headers of several small pieces, and costs little where each piece is large. */
const WINDOW_BYTES = 16 * 1024;

/** A structure that has certain bytes at a fixed offset. */
export interface Signature {
  readonly needle: Buffer;
  /** Offset of the needle in the structure. */
  readonly needleAt: number;
  /** Bytes that `matches` needs to see; at the end of a recording there may be fewer. */
  readonly length: number;
  /** Whether the structure starts at `at`. A crafted file can cause millions of calls. */
  readonly matches: (bytes: Buffer, at: number) => boolean;
}

export interface Occurrence {
  readonly offset: number;
  /** The first `length` bytes of the structure, or fewer at the end of the recording. */
  readonly bytes: Buffer;
}

/** Yields every occurrence that starts from `start` to before `end`. */
export async function* findAll(
  recording: RecordingReader,
  { needle, needleAt, length, matches }: Signature,
  start: number,
  end: number = recording.size,
): AsyncGenerator<Occurrence> {
  let scanBytes = FIRST_SCAN_BYTES;
  let offset = start;
  while (offset < end) {
    const bytes = await recording.read(offset, scanBytes + length);
    const limit = Math.min(scanBytes, end - offset) + needleAt;
    let found = bytes.indexOf(needle, needleAt);
    while (found !== -1 && found < limit) {
      const at = found - needleAt;
      if (matches(bytes, at)) yield { offset: offset + at, bytes: bytes.subarray(at, at + length) };
      found = bytes.indexOf(needle, found + 1);
    }
    offset += scanBytes;
    scanBytes = Math.min(scanBytes * 4, MAX_SCAN_BYTES);
  }
}

/** Reads ahead, so that consecutive small reads cost one system call. */
export class WindowReader implements RecordingReader {
  readonly #recording: RecordingReader;
  #offset = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(recording: RecordingReader) {
    this.#recording = recording;
  }

  get size(): number {
    return this.#recording.size;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (length > WINDOW_BYTES) return await this.#recording.read(offset, length);
    const isInside = offset >= this.#offset && offset + length <= this.#offset + this.#window.length;
    if (!isInside) {
      this.#window = await this.#recording.read(offset, WINDOW_BYTES);
      this.#offset = offset;
    }
    return this.#window.subarray(offset - this.#offset, offset - this.#offset + length);
  }

  close(): Promise<void> {
    return this.#recording.close();
  }
}
