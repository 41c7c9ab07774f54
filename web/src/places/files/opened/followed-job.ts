/** A job with its segments, followed while it runs, also over a broken stream and after a resume. */
import { computed, onScopeDispose, shallowRef, type ComputedRef, type ShallowRef } from 'vue';
import { toAppError, type AppError } from '../../../api/errors.js';
import { hasEnded, type Job, type JobSegment, type Jobs } from '../../../api/jobs.js';
import { hasFailed, withEvent, type Segment } from './segments.js';

/** Events that arrive together are shown together: a thousand segments of a finished job cost one update. */
const SHOW_MS = 50;
/** The events do not say that a job has left the queue, or that its recording is decoded. */
const POLL_MS = 2_000;

export interface FollowedJob {
  /** Undefined until the service has answered. */
  readonly job: ShallowRef<Job | undefined>;
  readonly segments: ShallowRef<readonly Segment[]>;
  readonly processedMs: ShallowRef<number>;
  readonly isRunning: ComputedRef<boolean>;
  /** Why it cannot be followed: `job-not-found` once it is deleted. */
  readonly error: ShallowRef<AppError | undefined>;
  /** Follows it again, e.g. after an error. */
  follow(): void;
  /** Translates what failed again. Never rejects. */
  resume(): Promise<void>;
  /** Replaces a segment by the one that the service returned for a correction. */
  put(segment: JobSegment): void;
}

export function useFollowedJob(jobs: Jobs, jobId: string): FollowedJob {
  const job = shallowRef<Job>();
  const segments = shallowRef<readonly Segment[]>([]);
  const processedMs = shallowRef(0);
  const error = shallowRef<AppError>();
  /** By index. */
  const known = new Map<number, Segment>();
  let showing: ReturnType<typeof setTimeout> | undefined;
  let polling: ReturnType<typeof setTimeout> | undefined;
  let following = new AbortController();

  function show(): void {
    clearTimeout(showing);
    showing = undefined;
    segments.value = [...known.values()].sort((one, other) => one.index - other.index);
  }

  function put(event: JobSegment): void {
    known.set(event.index, withEvent(known.get(event.index), event));
    showing ??= setTimeout(show, SHOW_MS);
  }

  function follow(): void {
    following.abort();
    following = new AbortController();
    error.value = undefined;
    const { signal } = following;
    void run(signal).catch((thrown: unknown) => {
      if (!signal.aborted) error.value = toAppError(thrown);
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    setJob(await jobs.get(jobId, signal), signal);
    const failed = await readEvents(signal);
    // A segment that was resumed has a second result, which this stream may have missed: the job counts it.
    if (job.value !== undefined && failed !== job.value.failedSegments) await readEvents(signal);
  }

  /** @returns how many of the segments failed. */
  async function readEvents(signal: AbortSignal): Promise<number> {
    const failed = new Set<number>();
    for await (const event of jobs.events(jobId, signal)) {
      if (event.type === 'segment') {
        put(event.segment);
        const segment = known.get(event.segment.index);
        if (segment !== undefined && hasFailed(segment)) failed.add(segment.index);
      } else if (event.type === 'progress') {
        ({ processedMs: processedMs.value } = event);
      } else {
        show();
        setJob(event.job, signal);
      }
    }
    return failed.size;
  }

  function setJob(next: Job, signal: AbortSignal): void {
    clearTimeout(polling);
    job.value = next;
    processedMs.value = Math.max(processedMs.value, next.processedMs);
    if (!hasEnded(next) && (next.state === 'queued' || next.durationMs === null))
      polling = setTimeout(() => void poll(signal), POLL_MS);
  }

  /** Ignores failures: the stream of events fails too, and shows them. */
  async function poll(signal: AbortSignal): Promise<void> {
    const next = await jobs.get(jobId, signal).catch(() => undefined);
    if (signal.aborted || job.value === undefined || hasEnded(job.value)) return;
    setJob(next ?? job.value, signal);
  }

  async function resume(): Promise<void> {
    try {
      const resumed = await jobs.resume(jobId);
      processedMs.value = 0;
      job.value = resumed;
      follow();
    } catch (thrown) {
      error.value = toAppError(thrown);
    }
  }

  onScopeDispose(() => {
    following.abort();
    clearTimeout(showing);
    clearTimeout(polling);
  });
  follow();
  const isRunning = computed(() => job.value !== undefined && !hasEnded(job.value));
  return { job, segments, processedMs, isRunning, error, follow, resume, put };
}
