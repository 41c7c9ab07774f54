/** Runs a job to its end. If the process dies, another run continues from what is in the folder. */
import { createReadStream } from 'node:fs';
import type { Logger } from 'pino';
import type { RecordingDecoder } from '../audio/ffmpeg/recording-decoder.js';
import { writeSampleFile } from '../audio/sample-file.js';
import { GatewayError } from '../errors.js';
import type { ConcurrencyLimit } from '../quota/concurrency-limit.js';
import type { Limiter } from '../quota/limiter.js';
import { DecodedFile, type SampleSource } from '../recordings/sample-source.js';
import { hasFailed } from '../recordings/segment-result.js';
import { translateSegments, type SegmentPorts } from '../recordings/translate-segments.js';
import { hasEnded, type JobRecord } from './job.js';
import { JobPoints } from './points.js';
import { JobDeleted, JobPaused } from './queue.js';
import type { SegmentLog } from './segment-log.js';
import type { JobStore } from './store.js';

/** How often a run checks whether its job was deleted on another node. */
const WATCH_MS = 1_000;
const READ_BYTES = 256 * 1_024;

export interface RunnerPorts extends SegmentPorts {
  readonly store: JobStore;
  readonly decoder: RecordingDecoder;
  readonly limiter: Limiter | undefined;
  readonly concurrency: ConcurrencyLimit;
  readonly logger: Logger;
}

export class JobRunner {
  /** Jobs that ended here, by how; and segments that were finished here. */
  readonly totals = { completed: 0, failed: 0, segments: { translated: 0, failed: 0 } };
  readonly #ports: RunnerPorts;
  readonly #onChange: (jobId: string) => void;

  /** @param onChange called after each thing that is stored. */
  constructor(ports: RunnerPorts, onChange: (jobId: string) => void) {
    this.#ports = ports;
    this.#onChange = onChange;
  }

  /**
   * Resolves when the job has ended, or was deleted; a failure is in its record.
   *
   * @param abort of this run: aborted with JobPaused to stop it for now, with JobDeleted when the job is gone.
   * @throws JobPaused; an error of the store, if not even the failure could be stored.
   */
  async run(jobId: string, abort: AbortController): Promise<void> {
    const { store, concurrency, logger } = this.#ports;
    const found = await store.read(jobId);
    if (found === undefined || hasEnded(found)) return;
    const record: JobRecord = { ...found, state: 'running', startedAt: found.startedAt ?? Date.now() };
    const release = concurrency.hold(record.client);
    const watch = setInterval(() => {
      void this.#stopIfDeleted(jobId, abort);
    }, WATCH_MS);
    try {
      await this.#store(record);
      await this.#translate(record, abort.signal);
      await this.#complete(record);
    } catch (error) {
      const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
      if (reason instanceof JobDeleted || codeOf(reason) === 'job-not-found') return;
      if (reason instanceof JobPaused || codeOf(reason) === 'draining') throw new JobPaused();
      if (!(reason instanceof GatewayError)) logger.error({ err: reason, jobId }, 'a job failed by a fault');
      await this.#fail(record, toProblemError(reason));
    } finally {
      clearInterval(watch);
      release();
    }
  }

  async #translate(record: JobRecord, signal: AbortSignal): Promise<void> {
    const { store, pool, slots, limiter } = this.#ports;
    const { jobId, client, profiles, transcript, attempt, context } = record;
    const done = (await store.segments(jobId)).finishedFor(attempt, hasFailed);
    const points = new JobPoints(limiter, client, profiles.length + (transcript ? 1 : 0));
    const log = await store.openLog(jobId);
    const source = this.#openSource(record, signal);
    try {
      const results = translateSegments(
        { pool, slots },
        {
          segments: source.segments,
          readSamples: source.read,
          profiles,
          transcript,
          done,
          signal,
          admit: (segment) => points.take(segment, signal),
          ...(context !== undefined && { context }),
        },
      );
      for await (const result of results) {
        if (done.has(result.index)) continue;
        await log.append({ attempt, result });
        this.totals.segments[hasFailed(result) ? 'failed' : 'translated'] += 1;
        this.#onChange(jobId);
      }
    } finally {
      await source.close();
      await closeLog(log);
    }
  }

  /** The sound is decoded once; later runs find the same segments in it, because they depend on the samples alone. */
  #openSource(record: JobRecord, signal: AbortSignal): SampleSource {
    const { store, decoder } = this.#ports;
    const { jobId, durationMs } = record;
    const path = store.soundPath(jobId);
    if (durationMs !== null) {
      const read = (stop: AbortSignal) => createReadStream(path, { highWaterMark: READ_BYTES, signal: stop });
      return new DecodedFile(path, read, signal, { isKept: true });
    }
    const decode = (stop: AbortSignal) =>
      writeSampleFile(decoder.decode(store.uploadPath(jobId), stop), path);
    const onDecoded = async (decodedMs: number): Promise<void> => {
      record.durationMs = decodedMs;
      await this.#store(record);
      await store.removeUpload(jobId);
    };
    return new DecodedFile(path, decode, signal, { isKept: true, onDecoded });
  }

  async #complete(record: JobRecord): Promise<void> {
    const { store } = this.#ports;
    // From the log, because another node may have added to it.
    const { counts } = await store.segments(record.jobId);
    await this.#store({ ...record, state: 'completed', finishedAt: Date.now(), counts });
    this.totals.completed += 1;
    await store.removeUpload(record.jobId);
  }

  async #fail(record: JobRecord, error: GatewayError): Promise<void> {
    const { store } = this.#ports;
    const { code, message: detail, retryable } = error;
    const isEmptied = code === 'storage-full';
    this.totals.failed += 1;
    // The record needs the space that this frees.
    if (isEmptied) await store.empty(record.jobId);
    // If the log cannot be read now, readers of the job count it.
    const counts = await store.segments(record.jobId).then(
      (segments) => segments.counts,
      () => null,
    );
    const problem = { code, detail, retryable };
    const failed: JobRecord = {
      ...record,
      state: 'failed',
      finishedAt: Date.now(),
      isEmptied,
      counts,
      problem,
    };
    await this.#store(failed).catch((failure: unknown) => {
      if (codeOf(failure) !== 'job-not-found') throw failure;
    });
  }

  async #store(record: JobRecord): Promise<void> {
    await this.#ports.store.update(record);
    this.#onChange(record.jobId);
  }

  async #stopIfDeleted(jobId: string, abort: AbortController): Promise<void> {
    const { store, logger } = this.#ports;
    try {
      if ((await store.read(jobId)) === undefined) abort.abort(new JobDeleted());
    } catch (error) {
      // The folder may be unreachable for a moment; if it stays so, the run itself fails.
      logger.warn({ err: error, jobId }, 'the folder of jobs could not be read');
    }
  }
}

/** A close that fails adds nothing to what failed before it. */
async function closeLog(log: SegmentLog): Promise<void> {
  await log.close().catch(() => undefined);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof GatewayError ? error.code : undefined;
}

function toProblemError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const detail = 'Something went wrong here. If it happens again, tell the operator the id of the job.';
  return new GatewayError('internal', detail, { cause: error });
}
