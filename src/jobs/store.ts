/** The folder of jobs: a folder for each, which appears whole and disappears whole, whatever ends the process. */
import { randomBytes } from 'node:crypto';
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Recording } from '../audio/recording.js';
import { toStorageError } from '../audio/sample-file.js';
import { GatewayError, isError } from '../errors.js';
import { createUploadNamer, sweepReplacements } from '../upload-dir.js';
import { createdAtOf, hasEnded, isJobId, readRecord, type JobRecord } from './job.js';
import { SegmentLog, SegmentLogReader, SegmentTable, type LogLine } from './segment-log.js';

const RECORD = 'job.json';
const LOG = 'segments.jsonl';
/** What the client sent; removed once it is decoded. */
const UPLOAD = 'upload';
/** PCM16 mono 24 kHz */
const SOUND = 'audio.pcm';
/** See waveform.ts. */
const PEAKS = 'peaks';
const VOLUME = 'volume';

export class JobStore {
  readonly #dir: string;
  readonly #nextName = createUploadNamer();
  /** Owners never change, and a list must not read every job for them. */
  readonly #owners = new Map<string, string>();

  /** @param dir exists already */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The name of the folder, the same for every node that sees it. */
  async volume(): Promise<string> {
    const path = join(this.#dir, VOLUME);
    const own = join(this.#dir, this.#nextName());
    try {
      await writeFile(own, randomBytes(8).toString('hex'), { mode: 0o600 });
      await link(own, path).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error;
      });
      return await readFile(path, 'utf8');
    } catch (error) {
      throw toStoreError(error);
    } finally {
      await rm(own, { force: true });
    }
  }

  uploadPath(jobId: string): string {
    return join(this.#dir, jobId, UPLOAD);
  }

  soundPath(jobId: string): string {
    return join(this.#dir, jobId, SOUND);
  }

  /**
   * Stores a new job, which takes over its recording: a file of this folder or bytes.
   *
   * @throws GatewayError `storage-full`, or `store-unavailable` where the folder cannot be used. Nothing stays then.
   */
  async create(record: JobRecord, recording: Recording): Promise<void> {
    const unfinished = join(this.#dir, this.#nextName());
    try {
      await mkdir(unfinished, { mode: 0o700 });
      await placeRecording(recording, join(unfinished, UPLOAD));
      await writeWhole(join(unfinished, RECORD), record);
      await rename(unfinished, join(this.#dir, record.jobId));
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw toStoreError(error);
    }
    this.#owners.set(record.jobId, record.owner);
  }

  /** @returns undefined where there is no such job. @throws GatewayError `store-unavailable` */
  async read(jobId: string): Promise<JobRecord | undefined> {
    if (!isJobId(jobId)) return undefined;
    try {
      const record = readRecord(await readFile(join(this.#dir, jobId, RECORD), 'utf8'));
      if (record !== undefined) this.#owners.set(jobId, record.owner);
      return record;
    } catch (error) {
      if (!isMissing(error)) throw toStoreError(error);
      await this.#ids(); // Whether the job is missing or the whole folder.
      return undefined;
    }
  }

  /**
   * Replaces the record of a job at once.
   *
   * @throws GatewayError `job-not-found` where the job was deleted meanwhile; `storage-full`, `store-unavailable`.
   */
  async update(record: JobRecord): Promise<void> {
    await this.#replace(record.jobId, RECORD, (next) => writeWhole(next, record));
  }

  /** @returns the ids of an owner's jobs, newest first. */
  async ofOwner(owner: string): Promise<string[]> {
    const ids = await this.#ids();
    const owners = await Promise.all(ids.map((jobId) => this.#ownerOf(jobId)));
    return ids.filter((_, index) => owners[index] === owner);
  }

  /** @returns the ids of all jobs, oldest first. */
  async all(): Promise<string[]> {
    return (await this.#ids()).reverse();
  }

  /** @returns whether there was such a job; of several that delete it, one is told so. */
  async remove(jobId: string): Promise<boolean> {
    const gone = join(this.#dir, this.#nextName());
    try {
      await rename(join(this.#dir, jobId), gone);
    } catch (error) {
      if (isMissing(error)) return false;
      throw toStoreError(error);
    }
    this.#owners.delete(jobId);
    await rm(gone, { recursive: true, force: true });
    return true;
  }

  /** Removes everything of a job but its record, also what a killed process left of another. */
  async empty(jobId: string): Promise<void> {
    const folder = join(this.#dir, jobId);
    const names = await readdir(folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw toStoreError(error);
    });
    for (const name of names) if (name !== RECORD) await rm(join(folder, name), { force: true });
  }

  /** The recording is needed no longer: its sound is there. */
  async removeUpload(jobId: string): Promise<void> {
    await rm(this.uploadPath(jobId), { force: true });
  }

  /** Of the sound, as far as it is decoded; 0 where there is none. */
  async soundBytes(jobId: string): Promise<number> {
    try {
      return (await stat(this.soundPath(jobId))).size;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw toStoreError(error);
    }
  }

  async readPeaks(jobId: string): Promise<Buffer> {
    try {
      return await readFile(join(this.#dir, jobId, PEAKS));
    } catch (error) {
      if (isMissing(error)) return Buffer.alloc(0);
      throw toStoreError(error);
    }
  }

  /** @throws GatewayError `storage-full`, `store-unavailable`; `job-not-found` where the job was deleted meanwhile. */
  async writePeaks(jobId: string, peaks: Buffer): Promise<void> {
    await this.#replace(jobId, PEAKS, (next) => writeFile(next, peaks, { mode: 0o600 }));
  }

  openLog(jobId: string): Promise<SegmentLog> {
    return SegmentLog.open(join(this.#dir, jobId, LOG)).catch((error: unknown) => {
      throw isMissing(error) ? jobNotFound() : toStoreError(error);
    });
  }

  readLog(jobId: string): SegmentLogReader {
    return new SegmentLogReader(join(this.#dir, jobId, LOG));
  }

  async segments(jobId: string): Promise<SegmentTable> {
    const table = new SegmentTable();
    table.add(await this.readLog(jobId).read());
    return table;
  }

  async append(jobId: string, line: LogLine): Promise<void> {
    const log = await this.openLog(jobId);
    try {
      await log.append(line);
    } finally {
      await log.close();
    }
  }

  /** Removes the jobs that were made before this time (epoch ms). */
  async removeOlder(earliest: number): Promise<void> {
    const ids = await this.all();
    for (const jobId of ids) {
      if (createdAtOf(jobId) > earliest) break;
      await this.remove(jobId);
    }
    // Of those that another node removed, nothing else would be forgotten.
    const existing = new Set(ids);
    for (const jobId of this.#owners.keys()) if (!existing.has(jobId)) this.#owners.delete(jobId);
  }

  /** Removes what a killed process left of a file that it replaced, in every job. */
  async sweepReplacements(): Promise<void> {
    try {
      for (const jobId of await this.all()) await sweepReplacements(join(this.#dir, jobId));
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** @returns the jobs that have not ended, oldest first. */
  async unended(): Promise<JobRecord[]> {
    const records: JobRecord[] = [];
    for (const jobId of await this.all()) {
      const record = await this.read(jobId);
      if (record !== undefined && !hasEnded(record)) records.push(record);
    }
    return records;
  }

  /** Puts a file of a job in the place of the one before, at once. */
  async #replace(jobId: string, name: string, write: (path: string) => Promise<void>): Promise<void> {
    const path = join(this.#dir, jobId, name);
    const next = `${path}.${this.#nextName()}`;
    try {
      await write(next);
      await rename(next, path);
    } catch (error) {
      await rm(next, { force: true });
      if (isMissing(error)) throw jobNotFound();
      throw toStoreError(error);
    }
  }

  async #ids(): Promise<string[]> {
    try {
      return (await readdir(this.#dir)).filter(isJobId).sort().reverse();
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async #ownerOf(jobId: string): Promise<string | undefined> {
    return this.#owners.get(jobId) ?? (await this.read(jobId))?.owner;
  }
}

export function jobNotFound(): GatewayError {
  return new GatewayError(
    'job-not-found',
    'There is no such job: it expired, was deleted or never existed. Send the recording again for a new one.',
  );
}

/** A rename where the file is of the same folder; the bytes that stayed in memory are written. */
async function placeRecording(recording: Recording, path: string): Promise<void> {
  if (typeof recording !== 'string') {
    await writeFile(path, recording, { mode: 0o600, flush: true });
    return;
  }
  await rename(recording, path).catch(async (error: unknown) => {
    if (codeOf(error) !== 'EXDEV') throw error;
    await copyFile(recording, path);
  });
}

/** On the disk when it resolves: a rename after it never leads to half a file. */
async function writeWhole(path: string, record: JobRecord): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function toStoreError(error: unknown): unknown {
  if (error instanceof GatewayError || codeOf(error) === '') return error;
  const storageError = toStorageError(error);
  if (storageError !== error) return storageError;
  return new GatewayError(
    'store-unavailable',
    'The folder of jobs cannot be used. Try again shortly; if it happens again, tell the operator to look at JOBS_DIR.',
    { cause: error },
  );
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string {
  return isError(error) && 'code' in error ? String(error.code) : '';
}
