/** The queue of several nodes, which is BullMQ's: a job of a node that died goes to another within 30 s. */
import { DelayedError, Queue, WaitingError, Worker, type Job } from 'bullmq';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.js';
import type { RedisClient } from '../redis.js';
import { JobDeleted, JobPaused, type JobQueue, type RunJob } from './queue.js';

export interface SharedQueueTiming {
  /** Of the lock of a running job, which its node renews twice in that time. */
  readonly lockMs: number;
  /** Between two searches for jobs without a lock: a job of a node that died is found within both times together. */
  readonly stalledMs: number;
}

export const SHARED_QUEUE_TIMING: SharedQueueTiming = { lockMs: 15_000, stalledMs: 10_000 };
/** BullMQ fails a job after this many lost locks; a node may die any number of times. */
const MAX_STALLED = 1_000_000;
/** How long a job that cannot run now is delayed. */
const RETRY_MS = 5_000;
/** How long the worker waits before it tries Redis again. */
const RECONNECT_MS = 1_000;
/** How long Redis may take to answer a command. */
const ANSWER_MS = 2_000;

interface SharedRun {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
  /** Redis has given the job to another run. */
  isLost: boolean;
}

export interface SharedQueueOptions {
  /** Of the folder of jobs: nodes that see the same folder share its queue, others do not. */
  readonly volume: string;
  readonly concurrency: number;
  /** Called for each of two connections. They are connected, and closed, here. */
  readonly connect: () => RedisClient;
  readonly logger: Logger;
  /** By default SHARED_QUEUE_TIMING. */
  readonly timing?: SharedQueueTiming | undefined;
}

export class SharedQueue implements JobQueue {
  readonly #options: SharedQueueOptions;
  readonly #clients: readonly [main: RedisClient, blocking: RedisClient];
  readonly #running = new Map<string, SharedRun>();
  /** Jobs that the worker has handed over, until it has them back. */
  readonly #processes = new Set<Promise<void>>();
  #opening: Promise<Queue> | undefined;
  #queue: Queue | undefined;
  #worker: Worker | undefined;
  #closed: Promise<void> | undefined;
  #hasEnded = false;

  constructor(options: SharedQueueOptions) {
    this.#options = options;
    this.#clients = [this.#watch(options.connect()), this.#watch(options.connect())];
    const [main, blocking] = this.#clients;
    // A worker waits for jobs on a second connection, which it gets from `duplicate`.
    Object.assign(main, { duplicate: () => blocking });
  }

  get running(): number {
    return this.#running.size;
  }

  start(run: RunJob): void {
    this.#opening = this.#open(run);
  }

  async add(jobId: string): Promise<void> {
    try {
      const queue = await withTimeout(Promise.resolve(this.#opening));
      if (queue === undefined) throw new Error('The queue has not been started.');
      // One with the same id is not added again.
      await withTimeout(queue.add('translate', {}, { jobId }));
    } catch (error) {
      throw new GatewayError('store-unavailable', 'The queue of jobs cannot be reached. Try again shortly.', {
        cause: error,
      });
    }
  }

  /** A run on another node finds that the folder is gone, and so does a node that takes the job from the queue. */
  async stop(jobId: string): Promise<void> {
    const running = this.#running.get(jobId);
    running?.abort.abort(new JobDeleted());
    await running?.ended.catch(() => undefined);
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /**
   * `worker.close()` waits for Redis, and renews its locks for ever if that is lost meanwhile. So the jobs are put back
   * here, and then `worker.close(true)` closes it without waiting.
   */
  async #end(): Promise<void> {
    // The worker fetches no more jobs; one that it was fetching is put back.
    await this.#worker?.pause(true);
    for (const { abort } of this.#running.values()) abort.abort(new JobPaused());
    while (this.#processes.size > 0) await Promise.allSettled(this.#processes);
    await this.#worker?.close(true);
    await this.#queue?.close();
    this.#hasEnded = true;
    for (const client of this.#clients) client.destroy();
  }

  /**
   * Resolves once Redis is connected. If a connection fails before it is ready, BullMQ retries at once and without end, so
   * that nothing else in the process runs. Therefore it only gets connections that are ready.
   */
  async #open(run: RunJob): Promise<Queue> {
    for (const client of this.#clients) client.connect().catch(this.#onFault);
    for (;;) {
      const away = this.#clients.find(({ isReady }) => !isReady);
      if (away === undefined) break;
      await new Promise((resolve) => away.once('ready', resolve));
    }
    const { volume, concurrency, timing = SHARED_QUEUE_TIMING } = this.#options;
    const name = `jobs-${volume}`;
    // Without this, the connection would count as ready only after Redis has answered a query for its version.
    const options = { connection: this.#clients[0], prefix: 'rts:jobs', skipVersionCheck: true };
    this.#queue = new Queue(name, {
      ...options,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.#queue.on('error', this.#onFault);
    this.#worker = new Worker(name, (job, token) => this.#track(this.#process(job, token, run)), {
      ...options,
      concurrency,
      lockDuration: timing.lockMs,
      stalledInterval: timing.stalledMs,
      maxStalledCount: MAX_STALLED,
      runRetryDelay: RECONNECT_MS,
    });
    this.#worker.on('error', this.#onFault);
    this.#worker.on('lockRenewalFailed', (jobIds: string[]) => {
      for (const jobId of jobIds) this.#onLockLost(jobId);
    });
    return this.#queue;
  }

  async #track(process: Promise<void>): Promise<void> {
    this.#processes.add(process);
    try {
      await process;
    } finally {
      this.#processes.delete(process);
    }
  }

  async #process(job: Job, token: string | undefined, run: RunJob): Promise<void> {
    const { id: jobId = '' } = job;
    if (this.#closed !== undefined) return await this.#putBack(job, token);
    // The lock was lost and found again by this very node, whose run has not stopped yet.
    if (this.#running.has(jobId)) return await postpone(job, token);
    const abort = new AbortController();
    const running: SharedRun = { abort, ended: run(jobId, abort), isLost: false };
    this.#running.set(jobId, running);
    try {
      await running.ended;
    } catch (error) {
      if (!(error instanceof JobPaused)) {
        this.#options.logger.warn({ err: error, jobId }, 'a job could not go on for now');
        return await postpone(job, token);
      }
      if (running.isLost) throw new WaitingError();
      await this.#putBack(job, token);
    } finally {
      this.#running.delete(jobId);
    }
  }

  /** If Redis does not answer, the lock expires. */
  async #putBack(job: Job, token: string | undefined): Promise<never> {
    await withTimeout(job.moveToWait(token)).catch(this.#onFault);
    throw new WaitingError();
  }

  #onLockLost(jobId: string): void {
    const running = this.#running.get(jobId);
    if (running === undefined) return;
    this.#options.logger.warn(
      { jobId },
      'a job was given to another run, because Redis had not heard of this one',
    );
    running.isLost = true;
    running.abort.abort(new JobPaused());
  }

  #watch(client: RedisClient): RedisClient {
    client.on('error', this.#onFault);
    // The client completes a connection that was in progress when it was destroyed.
    client.on('connect', () => {
      if (this.#hasEnded) client.destroy();
    });
    return client;
  }

  /** At debug level: the connection that sessions use warns if Redis is lost, these report every attempt. */
  readonly #onFault = (error: unknown): void => {
    this.#options.logger.debug({ err: error }, 'the queue of jobs');
  };
}

async function postpone(job: Job, token: string | undefined): Promise<never> {
  await withTimeout(job.moveToDelayed(Date.now() + RETRY_MS, token));
  throw new DelayedError();
}

/** Rejects if Redis does not answer within ANSWER_MS; the command may be carried out all the same. */
async function withTimeout<T>(command: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Redis did not answer within ${ANSWER_MS} ms`));
    }, ANSWER_MS);
  });
  try {
    return await Promise.race([command, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
