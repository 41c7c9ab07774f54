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
import { createUploadNamer, sweepReplacements } from '../upload-dir.js';
import { systemErrorCode, isMissing, jobNotFound, toStoreError } from './errors.js';
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

/** A log that grows: each call yields what was added since the last one. */
export interface JobLogReader {
  /** @throws GatewayError `store-unavailable` */
  read(): Promise<LogLine[]>;
}

export class JobStore {
  readonly #dir: string;
  readonly #onFault: (jobId: string, error: unknown) => void;
  readonly #nextName = createUploadNamer();
  /** Owners never change, and a list must not read every job for them. */
  readonly #owners = new Map<string, string>();

  /**
   * @param dir exists already
   * @param onFault called for a job that was passed over, because its files cannot be used while those of others can.
   */
  constructor(dir: string, onFault: (jobId: string, error: unknown) => void) {
    this.#dir = dir;
    this.#onFault = onFault;
  }

  /** The name of the folder, the same for every node that sees it. */
  async volume(): Promise<string> {
    const path = join(this.#dir, VOLUME);
    const own = join(this.#dir, this.#nextName());
    try {
      await writeFile(own, randomBytes(8).toString('hex'), { mode: 0o600 });
      await link(own, path).catch((error: unknown) => {
        if (systemErrorCode(error) !== 'EEXIST') throw error;
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
   * Replaces the record of a job atomically.
   *
   * @throws GatewayError `job-not-found` where the job was deleted meanwhile; `storage-full`, `store-unavailable`.
   */
  async update(record: JobRecord): Promise<void> {
    await this.#replace(record.jobId, RECORD, (next) => writeWhole(next, record));
  }

  /** @returns the jobs with these ids, in their order, without those that do not exist. @throws GatewayError `store-unavailable` */
  async readAll(jobIds: readonly string[]): Promise<JobRecord[]> {
    const records = await this.#readEach(jobIds, (jobId) => this.read(jobId));
    return records.filter((record) => record !== undefined);
  }

  /** @returns the ids of an owner's jobs, newest first. @throws GatewayError `store-unavailable` */
  async ofOwner(owner: string): Promise<string[]> {
    const ids = await this.#ids();
    const owners = await this.#readEach(ids, (jobId) => this.#ownerOf(jobId));
    return ids.filter((_, index) => owners[index] === owner);
  }

  /** @returns the ids of all jobs, oldest first. */
  async all(): Promise<string[]> {
    return (await this.#ids()).reverse();
  }

  /** Returns false if the job did not exist; of several concurrent calls only one returns true. */
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

  readLog(jobId: string): JobLogReader {
    const reader = new SegmentLogReader(join(this.#dir, jobId, LOG));
    return {
      read: () =>
        reader.read().catch((error: unknown) => {
          throw toStoreError(error);
        }),
    };
  }

  /** @throws GatewayError `store-unavailable` */
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
    const expired = ids.filter((jobId) => createdAtOf(jobId) <= earliest);
    await this.#forEach(expired, (jobId) => this.remove(jobId));
    // Jobs that another node removed stay in this map otherwise.
    const existing = new Set(ids);
    for (const jobId of this.#owners.keys()) if (!existing.has(jobId)) this.#owners.delete(jobId);
  }

  /** Removes what a killed process left of a file that it replaced, in every job. */
  async sweepReplacements(): Promise<void> {
    await this.#forEach(await this.all(), async (jobId) => {
      await sweepReplacements(join(this.#dir, jobId)).catch((error: unknown) => {
        throw toStoreError(error);
      });
    });
  }

  /** @returns the jobs that have not ended, oldest first. */
  async unended(): Promise<JobRecord[]> {
    const records = await this.readAll(await this.all());
    return records.filter((record) => !hasEnded(record));
  }

  /**
   * Results are undefined for jobs that cannot be read.
   *
   * @throws the first failure if all of them fail: then the folder is at fault.
   */
  async #readEach<T>(
    jobIds: readonly string[],
    read: (jobId: string) => Promise<T>,
  ): Promise<(T | undefined)[]> {
    const { results, failures } = await this.#forEach(jobIds, read);
    if (failures.length > 0 && failures.length === jobIds.length) throw failures[0];
    return results;
  }

  /** One after the other; a job that fails does not stop the others. */
  async #forEach<T>(
    jobIds: readonly string[],
    work: (jobId: string) => Promise<T>,
  ): Promise<{ results: (T | undefined)[]; failures: unknown[] }> {
    const results: (T | undefined)[] = [];
    const failures: unknown[] = [];
    for (const jobId of jobIds) {
      try {
        results.push(await work(jobId));
      } catch (error) {
        results.push(undefined);
        failures.push(error);
        this.#onFault(jobId, error);
      }
    }
    return { results, failures };
  }

  /** Replaces a file of a job atomically. */
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

/** Renames the file, or copies it from another file system; writes a recording that is in memory. */
async function placeRecording(recording: Recording, path: string): Promise<void> {
  if (typeof recording !== 'string') {
    await writeFile(path, recording, { mode: 0o600, flush: true });
    return;
  }
  await rename(recording, path).catch(async (error: unknown) => {
    if (systemErrorCode(error) !== 'EXDEV') throw error;
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
