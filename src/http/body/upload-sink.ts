/** Stores an upload as it arrives: in memory if it is small, needs no decoder and arrives soon, else in a file. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { isPassThroughWav } from '../../audio/wav/pass-through.js';
import type { Recording } from '../../audio/recording.js';
import { MAX_TEXT_BODY_BYTES } from '../limits.js';
import { isError } from '../../errors.js';

/** The same limit as for text bodies, which are in memory as well. */
export const MAX_MEMORY_BYTES = MAX_TEXT_BODY_BYTES;

/** An upload that is not complete by then moves to disk, so that a slow client occupies no memory. */
const MAX_MEMORY_MS = 1_000;

/** What arrives while the disk is busy is written in one call. */
const WRITE_BUFFER_BYTES = 256 * 1024;

/** Readable by this user only. */
const FILE_MODE = 0o600;

type Done = (error?: Error | null) => void;

/** May be destroyed, and removed, at any time; the file is deleted once `remove` has resolved. */
export class UploadSink extends Writable {
  readonly #path: string;
  #buffer: MemoryBuffer | undefined;
  /** Whether it needs no decoder; undefined until enough of it has arrived. */
  #isPassThrough: boolean | undefined;
  #isOnDisk = false;
  #file: FileHandle | undefined;
  /** The last operation on the file. */
  #work: Promise<void> = Promise.resolve();
  #removed: Promise<void> | undefined;
  readonly #deadline: NodeJS.Timeout;

  /**
   * @param path of the file, if one is needed.
   * @param announcedBytes an upper bound of its size; 0 if unknown.
   * @param maxMemoryMs how long it may take to arrive and still stay in memory.
   */
  constructor(path: string, announcedBytes: number, maxMemoryMs = MAX_MEMORY_MS) {
    super({ highWaterMark: WRITE_BUFFER_BYTES });
    this.#path = path;
    this.#buffer = new MemoryBuffer(announcedBytes);
    this.#deadline = setTimeout(() => {
      this.#onDeadline();
    }, maxMemoryMs).unref();
    // The pipeline that writes here receives the error.
    this.on('error', () => undefined);
  }

  /** To be read once the upload is complete. */
  get recording(): Recording {
    return this.#isOnDisk || this.#buffer === undefined ? this.#path : this.#buffer.bytes;
  }

  /** Deletes the upload, in memory or on disk, complete or not. */
  remove(): Promise<void> {
    this.#removed ??= this.#remove();
    return this.#removed;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#isPassThrough === true && this.#buffer?.hasRoom(chunk.length) === true) {
      this.#buffer.add(chunk);
      done();
    } else this.#enqueue(() => this.#take([chunk]), done);
  }

  override _writev(written: { chunk: Buffer }[], done: Done): void {
    this.#enqueue(() => this.#take(written.map(({ chunk }) => chunk)), done);
  }

  override _final(done: Done): void {
    clearTimeout(this.#deadline);
    this.#enqueue(() => this.#finish(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#deadline);
    this.#work
      .then(() => this.#file?.close())
      .then(
        () => {
          done(error);
        },
        (failure: unknown) => {
          done(error ?? asError(failure));
        },
      );
  }

  /** Runs tasks one after the other: the deadline may pass during a write. */
  #enqueue(task: () => Promise<void>, done: Done): void {
    this.#work = this.#work.then(task).then(
      () => {
        done();
      },
      (error: unknown) => {
        done(asError(error));
      },
    );
  }

  #onDeadline(): void {
    const spill = async (): Promise<void> => {
      if (this.#file === undefined && !this.destroyed) await this.#spillToDisk([]);
    };
    this.#enqueue(spill, (error) => {
      if (error) this.destroy(error);
    });
  }

  async #take(chunks: Buffer[]): Promise<void> {
    if (this.#file !== undefined) await writeAll(this.#file, chunks);
    else if (this.#buffer?.hasRoom(bytesOf(chunks)) !== true) await this.#spillToDisk(chunks);
    else {
      for (const chunk of chunks) this.#buffer.add(chunk);
      this.#isPassThrough ??= await isPassThroughWav(this.#buffer.bytes);
      if (this.#isPassThrough === false) await this.#spillToDisk([]);
    }
  }

  async #finish(): Promise<void> {
    if (this.#file === undefined && this.#isPassThrough !== true) await this.#spillToDisk([]);
    await this.#file?.close();
  }

  /** Continues as a file, which begins with what was in memory. */
  async #spillToDisk(chunks: Buffer[]): Promise<void> {
    const buffered = this.#buffer?.bytes ?? NOTHING;
    this.#isOnDisk = true;
    this.#buffer = undefined;
    this.#file = await open(this.#path, 'wx', FILE_MODE);
    await writeAll(this.#file, [buffered, ...chunks]);
  }

  async #remove(): Promise<void> {
    if (!this.closed) {
      const closed = new Promise((resolve) => this.once('close', resolve));
      this.destroy();
      await closed;
    }
    this.#buffer = undefined;
    if (this.#isOnDisk) await rm(this.#path, { force: true });
  }
}

const NOTHING = Buffer.alloc(0);
/** Allocated before it is known that more will arrive. */
const FIRST_BYTES = 64 * 1024;

/** A growing buffer in one piece: a client that sends single bytes must not cost one object for each. */
class MemoryBuffer {
  readonly #announced: number;
  #bytes = NOTHING;
  #length = 0;

  constructor(announcedBytes: number) {
    this.#announced = Math.min(announcedBytes, MAX_MEMORY_BYTES);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  hasRoom(bytes: number): boolean {
    return this.#length + bytes <= MAX_MEMORY_BYTES;
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) this.#grow(length);
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** The announced size is allocated only after the first bytes have arrived. */
  #grow(needed: number): void {
    const next = this.#announced > 0 ? this.#announced : 2 * this.#bytes.length;
    const size = this.#length === 0 ? Math.min(next, FIRST_BYTES) : next;
    const larger = Buffer.allocUnsafe(Math.max(needed, size));
    this.bytes.copy(larger);
    this.#bytes = larger;
  }
}

/** A system call may write less than it was given. */
async function writeAll(file: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten < bytesOf(chunks)) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten));
}

function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((bytes, { length }) => bytes + length, 0);
}

function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error('The recording could not be stored.', { cause: thrown });
}
