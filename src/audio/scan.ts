/** Looks through a recording for a few bytes, and reads its small pieces without a call of the system for each. */
import type { RecordingReader } from './recording.js';

/** Read at a time. */
const SCAN_BYTES = 256 * 1024;
/** Holds the headers of several small pieces, and is read in no time where each piece is large. */
const WINDOW_BYTES = 16 * 1024;

export interface Occurrence {
  readonly offset: number;
  /** What stands there, at most as much as was asked for. */
  readonly bytes: Buffer;
}

/**
 * Every place from `start` to before `end` where `needle` stands.
 *
 * @param length how many bytes of each place are wanted.
 */
export async function* findAll(
  recording: RecordingReader,
  needle: Buffer,
  { start, end, length }: { start: number; end: number; length: number },
): AsyncGenerator<Occurrence> {
  const overlap = Math.max(needle.length, length);
  for (let offset = start; offset < end; offset += SCAN_BYTES) {
    const bytes = await recording.read(offset, SCAN_BYTES + overlap);
    const limit = Math.min(SCAN_BYTES, end - offset);
    for (let at = bytes.indexOf(needle); at !== -1 && at < limit; at = bytes.indexOf(needle, at + 1)) {
      yield { offset: offset + at, bytes: bytes.subarray(at, at + length) };
    }
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
      const left = Math.max(0, this.size - offset);
      this.#window = await this.#recording.read(offset, Math.min(WINDOW_BYTES, left));
      this.#offset = offset;
    }
    return this.#window.subarray(offset - this.#offset, offset - this.#offset + length);
  }

  close(): Promise<void> {
    return this.#recording.close();
  }
}
