/** Stores an upload as it arrives: in memory if it is a small WAV of bare samples and arrives soon, else in a file. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { classifyWav, type WavKind } from '../../audio/wav/classify.js';
import type { Recording } from '../../audio/recording.js';
import { isError } from '../../errors.js';
import type { UploadMemory } from './upload-memory.js';

/** Half a minute of nearly every WAV: 48 kHz stereo of 16 bits has 5.8 MB. */
export const MAX_MEMORY_BYTES = 8 * 1024 * 1024;

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
  /** Undefined until enough of it has arrived. */
  #kind: WavKind | undefined;
  #isOnDisk = false;
  #file: FileHandle | undefined;
  /** The last operation on the file. */
  #work: Promise<void> = Promise.resolve();
  #removed: Promise<void> | undefined;
  readonly #deadline: NodeJS.Timeout;

  /**
   * @param path of the file, if one is needed.
   * @param announcedBytes an upper bound of its size; 0 if unknown.
   * @param memory shared by all uploads.
   * @param maxMemoryMs how long it may take to arrive and still stay in memory.
   */
  constructor(path: string, announcedBytes: number, memory: UploadMemory, maxMemoryMs = MAX_MEMORY_MS) {
    super({ highWaterMark: WRITE_BUFFER_BYTES });
    this.#path = path;
    this.#buffer = new MemoryBuffer(announcedBytes, memory);
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
    if (isInMemory(this.#kind) && this.#buffer?.add(chunk) === true) done();
    else this.#enqueue(() => this.#take([chunk]), done);
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
    else await this.#keep(chunks);
  }

  async #keep(chunks: Buffer[]): Promise<void> {
    const buffer = this.#buffer;
    const kept = chunks.findIndex((chunk) => buffer?.add(chunk) !== true);
    if (kept !== -1) {
      await this.#spillToDisk(chunks.slice(kept));
      return;
    }
    this.#kind ??= await classifyWav(buffer?.bytes ?? NOTHING);
    if (this.#kind === 'other') await this.#spillToDisk([]);
  }

  async #finish(): Promise<void> {
    if (this.#file === undefined && !isInMemory(this.#kind)) await this.#spillToDisk([]);
    await this.#file?.close();
  }

  /** Continues as a file, which begins with what was in memory. */
  async #spillToDisk(chunks: Buffer[]): Promise<void> {
    const buffer = this.#buffer;
    this.#isOnDisk = true;
    this.#buffer = undefined;
    try {
      this.#file = await open(this.#path, 'wx', FILE_MODE);
      await writeAll(this.#file, [buffer?.bytes ?? NOTHING, ...chunks]);
    } finally {
      buffer?.release(true);
    }
  }

  async #remove(): Promise<void> {
    if (!this.closed) {
      const closed = new Promise((resolve) => this.once('close', resolve));
      this.destroy();
      await closed;
    }
    // Native samples go upstream as a view of the buffer, which a retry may still read.
    this.#buffer?.release(this.#kind !== 'native');
    this.#buffer = undefined;
    if (this.#isOnDisk) await rm(this.#path, { force: true });
  }
}

/** Whether what has arrived decides that the upload may stay in memory. */
function isInMemory(kind: WavKind | undefined): boolean {
  return kind === 'native' || kind === 'foreign';
}

const NOTHING = Buffer.alloc(0);
/** Allocated before it is known that more will arrive. */
const FIRST_BYTES = 64 * 1024;

/** A growing buffer in one piece: a client that sends single bytes must not cost one object for each. */
class MemoryBuffer {
  readonly #announced: number;
  readonly #memory: UploadMemory;
  #bytes: Buffer = NOTHING;
  #length = 0;

  constructor(announcedBytes: number, memory: UploadMemory) {
    this.#announced = Math.min(announcedBytes, MAX_MEMORY_BYTES);
    this.#memory = memory;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns false where there is no room for the chunk, of which nothing is added then. */
  add(chunk: Buffer): boolean {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length && !this.#grow(length)) return false;
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
    return true;
  }

  /** @param isReusable false where somebody may still hold a view of the bytes. */
  release(isReusable: boolean): void {
    const bytes = this.#bytes;
    this.#bytes = NOTHING;
    this.#length = 0;
    if (bytes.length <= FIRST_BYTES) return;
    if (isReusable) this.#memory.giveBack(bytes);
    else this.#memory.forget(bytes);
  }

  /** The announced size is taken only after the first bytes have arrived. */
  #grow(needed: number): boolean {
    if (needed > MAX_MEMORY_BYTES) return false;
    const larger = this.#allocate(needed);
    if (larger === undefined) return false;
    const length = this.#length;
    this.bytes.copy(larger);
    this.release(true);
    this.#bytes = larger;
    this.#length = length;
    return true;
  }

  #allocate(needed: number): Buffer | undefined {
    if (needed <= FIRST_BYTES) return Buffer.allocUnsafeSlow(FIRST_BYTES);
    const doubled = Math.min(2 * this.#bytes.length, MAX_MEMORY_BYTES);
    return this.#memory.take(Math.max(needed, this.#announced > 0 ? this.#announced : doubled));
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
