/** The queue of jobs: what runs when, on this node or on whichever has room. */

/** Why a run stops before the job has ended: the job goes on later, here or elsewhere. */
export class JobPaused extends Error {
  override readonly name = 'JobPaused';

  constructor() {
    super('The job goes on later.');
  }
}

/** Why a run stops for good: there is nothing of the job any more. */
export class JobDeleted extends Error {
  override readonly name = 'JobDeleted';

  constructor() {
    super('The job was deleted.');
  }
}

/** Runs a job until it has ended, or rejects with JobPaused; `abort` stops it. */
export type RunJob = (jobId: string, abort: AbortController) => Promise<void>;

export interface JobQueue {
  /** Jobs that run on this node. */
  readonly running: number;
  /** Starts to run jobs. To be called once. */
  start(run: RunJob): void;
  /**
   * Adds a job, unless it is in the queue.
   *
   * @throws GatewayError `store-unavailable` if the queue cannot be reached.
   */
  add(jobId: string): Promise<void>;
  /** Stops a job that runs here, with JobDeleted, and forgets one that waits. Resolves once it has stopped. */
  stop(jobId: string): Promise<void>;
  /** Pauses what runs here, so that it goes on after a restart or elsewhere, and starts nothing more. May be called twice. */
  close(): Promise<void>;
}
