/** Takes a recording in as it comes: one that is small, needs no decoder and comes soon stays in memory, any other goes into a file. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { isPassThroughWav } from '../../audio/wav/pass-through.js';
import type { Recording } from '../../audio/recording.js';
import { MAX_TEXT_BODY_BYTES } from '../limits.js';
import { isError } from '../../errors.js';

/** As much as the body of a text may have, which lies in memory as well. */
export const MAX_MEMORY_BYTES = MAX_TEXT_BODY_BYTES;

/** What is not whole by then lies on the disk from then on: a slow client holds no memory. */
const MAX_MEMORY_MS = 1_000;

/** What has come while the disk was busy goes there in one go. */
const WRITE_BUFFER_BYTES = 256 * 1024;

/** Nobody but this user reads what somebody said. */
const FILE_MODE = 0o600;

type Done = (error?: Error | null) => void;

/** It may be destroyed, and discarded, at any time; the file is gone once `discard` has resolved. */
export class UploadSink extends Writable {
  readonly #path: string;
  #buffer: MemoryBuffer | undefined;
  /** Undefined while its beginning does not tell. */
  #isPassThrough: boolean | undefined;
  #isOnDisk = false;
  #file: FileHandle | undefined;
  /** What is being done with the file. */
  #work: Promise<void> = Promise.resolve();
  #discarded: Promise<void> | undefined;
  readonly #deadline: NodeJS.Timeout;

  /**
   * @param path where the file is made, should it need one.
   * @param announcedBytes the most that is to come; 0 where nobody has said.
   * @param heldMs how long it may take to come and still stay in memory.
   */
  constructor(path: string, announcedBytes: number, heldMs = MAX_MEMORY_MS) {
    super({ highWaterMark: WRITE_BUFFER_BYTES });
    this.#path = path;
    this.#buffer = new MemoryBuffer(announcedBytes);
    this.#deadline = setTimeout(() => {
      this.#onDeadline();
    }, heldMs).unref();
    // Whoever waits for the end of the stream is told; nobody else needs to be.
    this.on('error', () => undefined);
  }

  /** To be asked for once all of it has come. */
  get recording(): Recording {
    return this.#isOnDisk || this.#buffer === undefined ? this.#path : this.#buffer.bytes;
  }

  /** Keeps nothing of it, wherever it is and however far it came. */
  discard(): Promise<void> {
    this.#discarded ??= this.#discard();
    return this.#discarded;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#isPassThrough === true && this.#buffer?.hasRoom(chunk.length) === true) {
      this.#buffer.add(chunk);
      done();
    } else this.#do(() => this.#take([chunk]), done);
  }

  override _writev(written: { chunk: Buffer }[], done: Done): void {
    this.#do(() => this.#take(written.map(({ chunk }) => chunk)), done);
  }

  override _final(done: Done): void {
    clearTimeout(this.#deadline);
    this.#do(() => this.#finish(), done);
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

  /** One after the other: the deadline may come while something is being written. */
  #do(task: () => Promise<void>, done: Done): void {
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
    this.#do(spill, (error) => {
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

  /** From here on it is a file, which begins with what was held so far. */
  async #spillToDisk(chunks: Buffer[]): Promise<void> {
    const held = this.#buffer?.bytes ?? NOTHING;
    this.#isOnDisk = true;
    this.#buffer = undefined;
    this.#file = await open(this.#path, 'wx', FILE_MODE);
    await writeAll(this.#file, [held, ...chunks]);
  }

  async #discard(): Promise<void> {
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
/** Set aside before it is known that more will come. */
const FIRST_BYTES = 64 * 1024;

/** Bytes in one piece, put together as they come: one that sends them one by one must not cost an object for each. */
class MemoryBuffer {
  readonly #announced: number;
  #room = NOTHING;
  #length = 0;

  constructor(announcedBytes: number) {
    this.#announced = Math.min(announcedBytes, MAX_MEMORY_BYTES);
  }

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  hasRoom(bytes: number): boolean {
    return this.#length + bytes <= MAX_MEMORY_BYTES;
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#room.length) this.#grow(length);
    chunk.copy(this.#room, this.#length);
    this.#length = length;
  }

  /** What was announced is set aside in earnest only when a part of it has come. */
  #grow(needed: number): void {
    const most = this.#announced > 0 ? this.#announced : 2 * this.#room.length;
    const usual = this.#length === 0 ? Math.min(most, FIRST_BYTES) : most;
    const larger = Buffer.allocUnsafe(Math.max(needed, usual));
    this.bytes.copy(larger);
    this.#room = larger;
  }
}

/** A call of the system may write less than it was given. */
async function writeAll(file: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten < bytesOf(chunks)) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten));
}

function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((bytes, { length }) => bytes + length, 0);
}

function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error('The recording could not be taken in.', { cause: thrown });
}
