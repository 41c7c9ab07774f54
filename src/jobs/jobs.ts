/** Jobs as clients see them: created, listed, followed, corrected, resumed and deleted by the key that created them. */
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import type { Recording } from '../audio/recording.js';
import { GatewayError } from '../errors.js';
import type { SegmentResult } from '../recordings/segment-result.js';
import { recordingsNotHeard } from '../translate/in-session.js';
import { jobNotFound } from './errors.js';
import { createdAtOf, hasEnded, newRecord, readJobCursor, type JobOrder, type JobRecord } from './job.js';
import type { JobQueue } from './queue.js';
import { LogCounts } from './log-counts.js';
import type { JobRunner } from './runner.js';
import type { SegmentCounts } from './segment-counts.js';
import { SegmentTable } from './segment-log.js';
import { openJobSound, type JobSound } from './sound.js';
import type { JobStore } from './store.js';
import { Waveforms, type WaveformPeaks } from './waveform.js';

export interface JobOptions {
  /** How long a job is kept, counted from its creation. */
  readonly ttlMs: number;
  readonly maxPerKey: number;
  /** Whether recordings can be sent to the provider. */
  readonly hearsRecordings: boolean;
  /** How often expired jobs are removed, and those that the queue lost are added; absent: 30 s. */
  readonly sweepMs?: number | undefined;
}

const SWEEP_MS = 30_000;
/** Readers that follow jobs; each listens to one. */
const MAX_LISTENERS = 10_000;

export interface JobSummary {
  readonly record: JobRecord;
  readonly expiresAt: number;
  readonly counts: SegmentCounts;
}

const NOTHING_COUNTED: SegmentCounts = { segments: 0, failedSegments: 0, processedMs: 0 };

/** A job and what is known of its segments. */
export interface JobSnapshot extends JobSummary {
  readonly segments: SegmentTable;
}

export class Jobs {
  readonly #store: JobStore;
  readonly #queue: JobQueue;
  readonly #options: JobOptions;
  readonly #logger: Logger;
  readonly #changes: EventEmitter;
  readonly #waveforms: Waveforms;
  readonly #logCounts: LogCounts;
  /** How many jobs of an owner are being created. */
  readonly #reservations = new Map<string, number>();
  #sweeping: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();
  #queued: number | null = null;

  /** @param changes emits the id of a job when something of it was stored on this node. */
  constructor(store: JobStore, queue: JobQueue, options: JobOptions, changes: EventEmitter, logger: Logger) {
    this.#store = store;
    this.#queue = queue;
    this.#waveforms = new Waveforms(store);
    this.#logCounts = new LogCounts((jobId) => store.readLog(jobId));
    this.#options = options;
    this.#logger = logger;
    this.#changes = changes.setMaxListeners(MAX_LISTENERS);
  }

  /** Jobs that run on this node, and those of the folder that wait, as last counted; null before the first count. */
  get stats(): { running: number; queued: number | null } {
    return { running: this.#queue.running, queued: this.#queued };
  }

  /** Runs the unfinished jobs of the folder, and those that are added. */
  start(runner: JobRunner): void {
    this.#queue.start((jobId, abort) => runner.run(jobId, abort));
    this.#timer = setInterval(() => {
      this.#sweepLater();
    }, this.#options.sweepMs ?? SWEEP_MS).unref();
    this.#sweepLater();
  }

  /** To be called before an upload. @throws GatewayError `unsupported-language` if the provider accepts no recordings. */
  assertAcceptsRecordings(): void {
    if (!this.#options.hearsRecordings) throw recordingsNotHeard();
  }

  /**
   * Reserves one of the owner's `maxPerKey` jobs before the recording is uploaded.
   *
   * @returns releases the reservation; to be called once.
   * @throws GatewayError `job-limit`, `store-unavailable`
   */
  async reserve(owner: string): Promise<() => void> {
    const { maxPerKey } = this.#options;
    const existing = (await this.#idsOf(owner)).length;
    const reserved = this.#reservations.get(owner) ?? 0;
    if (existing + reserved >= maxPerKey) {
      throw new GatewayError(
        'job-limit',
        `You have ${maxPerKey} jobs, the most that are kept for one key. Delete one that you do not need.`,
      );
    }
    this.#reservations.set(owner, reserved + 1);
    return () => {
      const left = (this.#reservations.get(owner) ?? 1) - 1;
      if (left === 0) this.#reservations.delete(owner);
      else this.#reservations.set(owner, left);
    };
  }

  /**
   * Makes a job, which takes over the recording.
   *
   * @throws GatewayError `storage-full`, `store-unavailable`, `unsupported-language` if the provider accepts no recordings;
   *   nothing of the job stays then.
   */
  async create(order: JobOrder, recording: Recording): Promise<JobSummary> {
    this.assertAcceptsRecordings();
    const record = newRecord(order);
    await this.#store.create(record, recording);
    try {
      await this.#queue.add(record.jobId);
    } catch (error) {
      await this.#store.remove(record.jobId);
      throw error;
    }
    return await this.#summary(record);
  }

  /** The owner's jobs, newest first. @param cursor the `nextCursor` of an earlier page. @throws GatewayError `invalid-request` */
  async list(
    owner: string,
    limit: number,
    cursor?: string,
  ): Promise<{ jobs: JobSummary[]; nextCursor: string | null }> {
    const before = cursor === undefined ? undefined : readJobCursor(cursor);
    const ids = (await this.#idsOf(owner)).filter((jobId) => before === undefined || jobId < before);
    const jobs: JobSummary[] = [];
    for (const record of await this.#store.readAll(ids.slice(0, limit)))
      jobs.push(await this.#summaryOrProblem(record));
    return { jobs, nextCursor: ids.length > limit ? (ids[limit - 1] ?? null) : null };
  }

  /** A job without its segments, at the cost of a small file. @throws GatewayError `job-not-found`, for another owner's job too; `store-unavailable` */
  async summary(owner: string, jobId: string): Promise<JobSummary> {
    return await this.#summary(await this.#record(owner, jobId));
  }

  /** @throws as `summary` does */
  async get(owner: string, jobId: string): Promise<JobSnapshot> {
    return await this.#snapshot(await this.#record(owner, jobId));
  }

  /**
   * For readers that poll a job: each call reads only what was added to its log.
   *
   * @returns reads the job as it is now; throws as `get` does.
   */
  reader(owner: string, jobId: string): () => Promise<JobSnapshot> {
    const log = this.#store.readLog(jobId);
    const segments = new SegmentTable();
    return async () => {
      const record = await this.#record(owner, jobId);
      segments.add(await log.read());
      return this.#snapshotOf(record, segments);
    };
  }

  /** The sound of a job, as far as it is decoded. @throws as `openJobSound` does; GatewayError `job-not-found` */
  async sound(owner: string, jobId: string, untilMs?: number): Promise<JobSound> {
    return await openJobSound(this.#store, await this.#record(owner, jobId), untilMs);
  }

  /** The waveform of what is decoded so far. @throws GatewayError `job-not-found` */
  async waveform(owner: string, jobId: string): Promise<WaveformPeaks> {
    await this.#record(owner, jobId);
    return await this.#waveforms.of(jobId);
  }

  /**
   * Replaces a translation in every later result.
   *
   * @param target the index of the job's target.
   * @throws GatewayError `job-not-found`; `not-found` for a segment that is not finished; `storage-full`
   */
  async correct(
    owner: string,
    jobId: string,
    index: number,
    target: number,
    text: string,
  ): Promise<SegmentResult> {
    const { segments, record } = await this.get(owner, jobId);
    const found = segments.get(index);
    if (found === undefined) {
      const advice = hasEnded(record) ? 'Look at `index` in its result.' : 'It may come while the job runs.';
      throw new GatewayError('not-found', `The job has no segment ${index}. ${advice}`);
    }
    const correction = { index, target, text };
    await this.#store.append(jobId, { correction });
    this.#changes.emit(jobId);
    segments.add([{ correction }]);
    return segments.get(index) ?? found;
  }

  /** Stops what runs and removes everything of a job, on every node. @throws GatewayError `job-not-found` */
  async delete(owner: string, jobId: string): Promise<void> {
    await this.#record(owner, jobId);
    const isRemoved = await this.#store.remove(jobId);
    this.#logCounts.forget(jobId);
    await this.#queue.stop(jobId);
    this.#changes.emit(jobId);
    if (!isRemoved) throw jobNotFound();
  }

  /**
   * Resumes a failed job, or retries the failed segments of a completed one; any other job is returned unchanged.
   *
   * @throws GatewayError `job-not-found`; `not-found` if nothing of the recording was kept; `store-unavailable`
   */
  async resume(owner: string, jobId: string): Promise<JobSummary> {
    const job = await this.summary(owner, jobId);
    const { record, counts } = job;
    const isResumable =
      record.state === 'failed' || (record.state === 'completed' && counts.failedSegments > 0);
    if (!isResumable) return job;
    if (record.isEmptied) {
      const detail =
        'Nothing of this recording was kept, because no space was left. Send it again for a new job.';
      throw new GatewayError('not-found', detail);
    }
    const resumed: JobRecord = {
      ...record,
      state: 'queued',
      finishedAt: null,
      counts: null,
      problem: null,
      attempt: record.attempt + 1,
    };
    await this.#store.update(resumed);
    try {
      await this.#queue.add(jobId);
    } catch (error) {
      await this.#store.update(record);
      throw error;
    }
    this.#changes.emit(jobId);
    return await this.#summary(resumed);
  }

  /** Aborted with GatewayError `draining` when this node stops. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Calls `listener` whenever something of the job was stored on this node. @returns removes the listener. */
  onChange(jobId: string, listener: () => void): () => void {
    this.#changes.on(jobId, listener);
    return () => {
      this.#changes.off(jobId, listener);
    };
  }

  /** Pauses what runs, so that it goes on after a restart or elsewhere. May be called twice. */
  async close(): Promise<void> {
    const detail = 'This service is shutting down; the job goes on afterwards. Ask again.';
    this.#closing.abort(new GatewayError('draining', detail));
    // Wakes the readers that follow a job; each then checks `closing`.
    for (const jobId of this.#changes.eventNames()) this.#changes.emit(jobId);
    clearInterval(this.#timer);
    await this.#queue.close();
    await this.#sweeping;
  }

  async #record(owner: string, jobId: string): Promise<JobRecord> {
    const record = await this.#store.read(jobId);
    if (record?.owner !== owner || this.#isExpired(jobId)) throw jobNotFound();
    return record;
  }

  async #snapshot(record: JobRecord): Promise<JobSnapshot> {
    return this.#snapshotOf(record, await this.#store.segments(record.jobId));
  }

  #snapshotOf(record: JobRecord, segments: SegmentTable): JobSnapshot {
    return { record, expiresAt: this.#expiresAt(record.jobId), counts: segments.counts, segments };
  }

  async #summary(record: JobRecord): Promise<JobSummary> {
    const { jobId } = record;
    const counts = record.counts ?? (await this.#logCounts.of(jobId));
    if (record.counts !== null) this.#logCounts.forget(jobId);
    return { record, expiresAt: this.#expiresAt(record.jobId), counts };
  }

  /** For lists: if the log of a job cannot be read, the error is its `problem`, and the other jobs are still listed. */
  async #summaryOrProblem(record: JobRecord): Promise<JobSummary> {
    try {
      return await this.#summary(record);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#logger.warn({ err: error, jobId: record.jobId }, 'the log of a job could not be read');
      const { code, message: detail, retryable } = error;
      const problem = record.problem ?? { code, detail, retryable };
      return {
        record: { ...record, problem },
        expiresAt: this.#expiresAt(record.jobId),
        counts: NOTHING_COUNTED,
      };
    }
  }

  #expiresAt(jobId: string): number {
    return createdAtOf(jobId) + this.#options.ttlMs;
  }

  async #idsOf(owner: string): Promise<string[]> {
    return (await this.#store.ofOwner(owner)).filter((jobId) => !this.#isExpired(jobId));
  }

  #isExpired(jobId: string): boolean {
    return this.#expiresAt(jobId) <= Date.now();
  }

  #sweepLater(): void {
    this.#sweeping = this.#sweeping.then(() =>
      this.#sweep().catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'the folder of jobs could not be swept');
      }),
    );
  }

  /** Removes what has expired or was left behind, and adds what the queue may have lost: adding a job twice does nothing. */
  async #sweep(): Promise<void> {
    await this.#store.removeOlder(Date.now() - this.#options.ttlMs);
    await this.#store.sweepReplacements();
    const unended = await this.#store.unended();
    this.#queued = unended.filter(({ state }) => state === 'queued').length;
    for (const { jobId } of unended) {
      if (this.#closing.signal.aborted) return;
      await this.#queue.add(jobId);
    }
  }
}
