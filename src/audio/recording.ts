/** A recording as it was uploaded, and one reader for it, whether it is a file or in memory. */
import { open, type FileHandle } from 'node:fs/promises';

/** The path of a file, or the bytes of a WAV of bare samples (`classifyWav`). Neither changes while in use. */
export type Recording = string | Buffer;

export interface RecordingReader {
  /** Size of the whole recording in bytes. */
  readonly size: number;
  /** @returns the requested bytes, or fewer at the end; for a recording in memory a view, not a copy. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** The first bytes nearly always hold the container and sample format, so that a single system call reads both. */
const HEAD_BYTES = 16_384;

export async function openRecording(recording: Recording): Promise<RecordingReader> {
  if (typeof recording !== 'string') return new BytesReader(recording);
  const file = await open(recording);
  try {
    const { size } = await file.stat();
    return new FileReader(file, size, await readFully(file, 0, Math.min(size, HEAD_BYTES)));
  } catch (error) {
    await file.close();
    throw error;
  }
}

export class BytesReader implements RecordingReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Promise<Buffer> {
    return Promise.resolve(this.#bytes.subarray(offset, offset + length));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class FileReader implements RecordingReader {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #head: Buffer;

  constructor(file: FileHandle, size: number, head: Buffer) {
    this.size = size;
    this.#file = file;
    this.#head = head;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const end = offset + length;
    if (end <= this.#head.length || this.#head.length === this.size) return this.#head.subarray(offset, end);
    return await readFully(this.#file, offset, Math.max(0, Math.min(length, this.size - offset)));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** @returns the requested bytes, or fewer at the end of the file. */
async function readFully(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
