/** Looks through a recording for a few bytes, and reads its small pieces without a call of the system for each. */
import type { RecordingReader } from '../recording.js';

/** Read at a time, the first time and at most: what is looked for is often near. */
const FIRST_SCAN_BYTES = 4 * 1024;
const MAX_SCAN_BYTES = 256 * 1024;
/** Holds the headers of several small pieces, and is read in no time where each piece is large. */
const WINDOW_BYTES = 16 * 1024;

/** What begins with certain bytes, or has them at a certain place. */
export interface Signature {
  readonly needle: Buffer;
  /** Where the needle is in it. */
  readonly needleAt: number;
  /** Of its beginning, how much has to be seen to know it; at the end of a recording there may be less. */
  readonly length: number;
  /** Whether it begins at `at`. A crafted file may ask millions of times. */
  readonly matches: (bytes: Buffer, at: number) => boolean;
}

export interface Occurrence {
  readonly offset: number;
  /** What stands there, as much as `length` says if there is so much. */
  readonly bytes: Buffer;
}

/** Every place from `start` to before `end` where something begins. */
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

/** Reads a recording by larger pieces than it is asked for. */
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
