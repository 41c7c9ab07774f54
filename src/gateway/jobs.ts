/** Opens the jobs of a node: their folder, their queue, and what runs them. */
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { Jobs } from '../jobs/jobs.js';
import { LocalQueue } from '../jobs/local-queue.js';
import type { JobQueue } from '../jobs/queue.js';
import { JobRunner, type RunnerPorts } from '../jobs/runner.js';
import { SharedQueue, type SharedQueueTiming } from '../jobs/shared-queue.js';
import { JobStore } from '../jobs/store.js';
import { createLibraryClient } from '../redis.js';
import { removeOwnUploads, sweepUploads } from '../upload-dir.js';
import type { Closers } from './closers.js';

export interface OpenJobs {
  readonly jobs: Jobs;
  readonly runner: JobRunner;
}

/** For tests, which would wait for a minute otherwise. */
export interface JobTiming extends SharedQueueTiming {
  readonly sweepMs: number;
}

/** @returns jobs that do not run yet: see `Jobs.start`. */
export async function openJobs(
  config: Config,
  ports: Omit<RunnerPorts, 'store' | 'logger'>,
  hearsRecordings: boolean,
  logger: Logger,
  closers: Closers,
  timing?: JobTiming,
): Promise<OpenJobs> {
  const { dir, ttlMs, maxPerKey } = config.jobs;
  const removed = await sweepUploads(dir, 'JOBS_DIR');
  if (removed > 0) logger.info({ removed }, 'removed what an earlier process left unfinished of jobs');
  closers.add(() => removeOwnUploads(dir));
  const store = new JobStore(dir, (jobId, error) => {
    logger.warn({ err: error, jobId }, 'the folder of a job could not be used');
  });
  const changes = new EventEmitter();
  const runner = new JobRunner({ ...ports, store, logger }, (jobId) => changes.emit(jobId));
  const queue = await openQueue(config, store, logger, timing);
  const options = { ttlMs, maxPerKey, hearsRecordings, sweepMs: timing?.sweepMs };
  const jobs = new Jobs(store, queue, options, changes, logger);
  closers.add(() => jobs.close());
  return { jobs, runner };
}

async function openQueue(
  config: Config,
  store: JobStore,
  logger: Logger,
  timing: SharedQueueTiming | undefined,
): Promise<JobQueue> {
  const { redisUrl } = config.sessions;
  const { concurrency } = config.jobs;
  if (redisUrl === undefined) return new LocalQueue(concurrency, logger);
  const connect = () => createLibraryClient(redisUrl);
  return new SharedQueue({ volume: await store.volume(), concurrency, connect, logger, timing });
}
