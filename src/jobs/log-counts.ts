/** The counts of jobs that have not ended, or whose record has none: each call reads only what was added to the log. */
import { SegmentCounter, type SegmentCounts } from './segment-counts.js';
import type { JobLogReader } from './store.js';

/** Least recently used entries are dropped, and read from their start the next time. A job takes about 1 kB. */
const MAX_JOBS = 1_000;

interface KnownLog {
  readonly reader: JobLogReader;
  readonly counter: SegmentCounter;
  /** Reads follow one another: each begins where the last one ended. */
  lastRead: Promise<unknown>;
}

export class LogCounts {
  /** By job, the least recently used first. */
  readonly #known = new Map<string, KnownLog>();
  readonly #open: (jobId: string) => JobLogReader;
  readonly #maxJobs: number;

  constructor(open: (jobId: string) => JobLogReader, maxJobs = MAX_JOBS) {
    this.#open = open;
    this.#maxJobs = maxJobs;
  }

  /** @throws an error of the file system; then the log is read from its start the next time. */
  async of(jobId: string): Promise<SegmentCounts> {
    const log = this.#touch(jobId);
    const reading = log.lastRead.then(async () => {
      for (const line of await log.reader.read())
        if ('result' in line) log.counter.add(line.attempt, line.result);
      return log.counter.counts;
    });
    log.lastRead = reading;
    try {
      return await reading;
    } catch (error) {
      if (this.#known.get(jobId) === log) this.forget(jobId);
      throw error;
    }
  }

  forget(jobId: string): void {
    this.#known.delete(jobId);
  }

  #touch(jobId: string): KnownLog {
    const log = this.#known.get(jobId) ?? {
      reader: this.#open(jobId),
      counter: new SegmentCounter(),
      lastRead: Promise.resolve(),
    };
    this.#known.delete(jobId);
    this.#known.set(jobId, log);
    if (this.#known.size > this.#maxJobs) {
      const [oldest = ''] = this.#known.keys();
      this.#known.delete(oldest);
    }
    return log;
  }
}
