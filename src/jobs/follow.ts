/** The events of a job, from its first segment or from where a reader left off, on whatever node it runs. */
import type { SegmentResult } from '../recordings/segment-result.js';
import { hasEnded, type JobRecord } from './job.js';
import type { JobSnapshot, JobSummary, Jobs } from './jobs.js';

export type JobEvent =
  /** `id` counts from 1 over segments and targets: the same in every stream of the job. */
  | { type: 'segment'; id: number; segment: SegmentResult; target: number }
  | { type: 'progress'; processedMs: number; totalMs: number | null }
  | { type: 'ended'; job: JobSnapshot };

/** How often a job that runs on another node is polled. */
const POLL_MS = 500;

/**
 * Yields segments in order, each once, and progress after them; ends with the job.
 *
 * @param after the `id` of the last segment that the reader has; 0: none.
 * @throws GatewayError `job-not-found`, also when the job is deleted meanwhile; `signal.reason`
 */
export async function* followJob(
  jobs: Jobs,
  owner: string,
  jobId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<JobEvent, void, void> {
  const change = new ChangeSignal(jobs, jobId, signal);
  const readJob = jobs.reader(owner, jobId);
  let next = 0;
  let lastMs: number | undefined;
  try {
    for (;;) {
      const job = await readJob();
      const hasJobEnded = hasEnded(job.record);
      const events: JobEvent[] = [];
      for (let segment = job.segments.get(next); segment !== undefined; segment = job.segments.get(next)) {
        // A segment that failed may come again, once the job is resumed; its place in the order stays.
        events.push(...eventsOf(segment, job.record));
        next += 1;
      }
      for (const event of events) if (event.type !== 'segment' || event.id > after) yield event;
      const { durationMs } = job.record;
      const processedMs = processedMsOf(job);
      if (processedMs !== lastMs) yield { type: 'progress', processedMs, totalMs: durationMs };
      lastMs = processedMs;
      if (hasJobEnded) {
        yield { type: 'ended', job };
        return;
      }
      await change.wait(POLL_MS);
    }
  } finally {
    change.close();
  }
}

/** How far the job has come: everything before this is finished. */
export function processedMsOf({ record, counts }: JobSummary): number {
  if (record.state === 'completed' && record.durationMs !== null) return record.durationMs;
  return counts.processedMs;
}

function eventsOf(segment: SegmentResult, { profiles }: JobRecord): JobEvent[] {
  return profiles.map((_, target) => ({
    type: 'segment',
    segment,
    target,
    id: segment.index * profiles.length + target + 1,
  }));
}

/** Waits for a change of the job on this node, or a time. A change between two waits ends the next at once. */
class ChangeSignal {
  readonly #signal: AbortSignal;
  readonly #signals: readonly AbortSignal[];
  readonly #stopListening: () => void;
  #hasChanged = false;
  #settle: () => void = () => undefined;
  readonly #wake = (): void => {
    this.#settle();
  };

  constructor(jobs: Jobs, jobId: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#signals = [signal, jobs.closing];
    // No listener on `closing`, which all readers share: `Jobs.close` emits a change for each job.
    signal.addEventListener('abort', this.#wake);
    this.#stopListening = jobs.onChange(jobId, () => {
      this.#hasChanged = true;
      this.#settle();
    });
  }

  /** @throws the reason of a signal that is aborted. */
  async wait(ms: number): Promise<void> {
    for (const signal of this.#signals) signal.throwIfAborted();
    if (!this.#hasChanged) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    this.#hasChanged = false;
    for (const signal of this.#signals) signal.throwIfAborted();
  }

  close(): void {
    this.#stopListening();
    this.#signal.removeEventListener('abort', this.#wake);
  }
}
