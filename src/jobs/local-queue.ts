/** The queue of a node without Redis: first come, first served, in memory. What is on disk is added again at the start. */
import type { Logger } from 'pino';
import { JobDeleted, JobPaused, type JobQueue, type RunJob } from './queue.js';

interface RunningJob {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

export class LocalQueue implements JobQueue {
  readonly #concurrency: number;
  readonly #logger: Logger;
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, RunningJob>();
  #run: RunJob | undefined;
  #isClosed = false;

  constructor(concurrency: number, logger: Logger) {
    this.#concurrency = concurrency;
    this.#logger = logger;
  }

  get running(): number {
    return this.#running.size;
  }

  start(run: RunJob): void {
    this.#run = run;
    this.#advance();
  }

  add(jobId: string): Promise<void> {
    if (!this.#running.has(jobId)) this.#waiting.add(jobId);
    this.#advance();
    return Promise.resolve();
  }

  async stop(jobId: string): Promise<void> {
    this.#waiting.delete(jobId);
    const running = this.#running.get(jobId);
    running?.abort.abort(new JobDeleted());
    await running?.ended;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort(new JobPaused());
    await Promise.all(running.map(({ ended }) => ended));
  }

  /** The only place that decides what runs next. */
  #advance(): void {
    const run = this.#run;
    if (run === undefined) return;
    for (const jobId of this.#waiting) {
      if (this.#isClosed || this.#running.size >= this.#concurrency) return;
      this.#waiting.delete(jobId);
      const abort = new AbortController();
      this.#running.set(jobId, { abort, ended: this.#follow(jobId, run(jobId, abort)) });
    }
  }

  async #follow(jobId: string, run: Promise<void>): Promise<void> {
    try {
      await run;
    } catch (error) {
      if (!(error instanceof JobPaused))
        this.#logger.warn({ err: error, jobId }, 'a job could not go on for now');
    } finally {
      this.#running.delete(jobId);
      this.#advance();
    }
  }
}
