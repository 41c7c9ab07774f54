/** Client of jobs: recordings of any length that the service translates in the background. */
import { reconnecting } from '../../../src/client/reconnecting.js';
import type { Capabilities } from './capabilities.js';
import { AppError, networkError, parseProblem, toAppError } from './errors.js';
import { parseObject } from './json.js';
import type { components } from './openapi.js';
import type { Service } from './service.js';
import { readEventStream } from './sse.js';
import { postByXhr } from './transport.js';

type Schemas = components['schemas'];

export type Job = Schemas['Job'];
export type JobState = Job['state'];
export type JobList = Schemas['JobList'];
/** Times in seconds. */
export type JobSegment = Schemas['JobSegment'];
export type JobResult = Schemas['JobResult'];
export type ResultFormat = Job['results'][number]['format'];
export type Subtitles = 'target' | 'source' | 'both';

export interface JobOrder {
  readonly file: Blob;
  readonly name: string;
  /** A BCP 47 tag, or `auto`. */
  readonly source: string;
  /** BCP 47 tags, at least one. */
  readonly targets: readonly string[];
  /** The words of the source too; without them there are no subtitles of the source. */
  readonly transcript: boolean;
}

export type JobEvent =
  /** In order, one for each segment and target. A segment that failed may come again after the job was resumed. */
  | { readonly type: 'segment'; readonly id: string; readonly segment: JobSegment }
  | { readonly type: 'progress'; readonly processedMs: number; readonly totalMs: number | null }
  /** The last event: the job is completed, failed or cancelled. */
  | { readonly type: 'ended'; readonly job: Job };

export interface ResultQuery {
  readonly format: ResultFormat;
  /** Absent: the first of the job's targets. */
  readonly target?: string | undefined;
  /** `source` and `both` need a job with `transcript`. */
  readonly subtitles?: Subtitles | undefined;
  /** Whether a job that still runs gives what is finished, instead of `job-not-finished`. */
  readonly partial?: boolean | undefined;
}

/** As of `fetch`, with a signal that may be undefined. */
type Init = Omit<RequestInit, 'signal'> & { readonly signal?: AbortSignal | undefined };

/** Between attempts to follow a job whose stream broke. */
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** The most that the service lists at once. */
export const MAX_PAGE_SIZE = 200;

/** Every method throws an AppError, or the reason of its signal when that is aborted. */
export class Jobs {
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  /**
   * Uploads a recording. Aborting `signal` cancels the upload, and the service keeps nothing of it.
   * @param onUpload called with the bytes of the file sent so far.
   */
  async create(order: JobOrder, onUpload: (sentBytes: number) => void, signal: AbortSignal): Promise<Job> {
    const { apiKeys, isErrorCode } = this.#service;
    for (;;) {
      signal.throwIfAborted();
      const { key } = apiKeys;
      const answer = await postByXhr({
        path: '/api/realtime/jobs',
        headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
        body: toFormData(order),
        onUpload: (fraction) => {
          onUpload(Math.round(fraction * order.file.size));
        },
        onText: () => undefined,
        signal,
      });
      if (answer?.status === 202) return parseObject(answer.body) as Job;
      if (answer?.status === 401 && (await apiKeys.renew(key))) continue;
      const { status, body, retryAfter } = answer ?? { status: 200, body: '', retryAfter: null };
      throw parseProblem(status, body, retryAfter, isErrorCode);
    }
  }

  /** Whether one more would be refused. A browser sees a refusal only after it has sent the whole recording. */
  async isFull({ maxJobs }: Pick<Capabilities, 'maxJobs'>, signal?: AbortSignal): Promise<boolean> {
    if (maxJobs > MAX_PAGE_SIZE) return false;
    // A page of the list has one job at least.
    return (await this.list(Math.max(1, maxJobs), undefined, signal)).jobs.length >= maxJobs;
  }

  /** The jobs of this key, newest first. @param cursor the `nextCursor` of an earlier page. */
  async list(limit: number, cursor?: string, signal?: AbortSignal): Promise<JobList> {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) });
    return await this.#json<JobList>(`?${query.toString()}`, { signal });
  }

  async get(jobId: string, signal?: AbortSignal): Promise<Job> {
    return await this.#json<Job>(pathOf(jobId), { signal });
  }

  /**
   * Follows a job from its first segment, or after an earlier event, to its end. A stream that breaks, because of the network or
   * a restart of the service, is resumed.
   * @param after the `id` of the last event received earlier.
   */
  events(jobId: string, signal: AbortSignal, after?: string): AsyncGenerator<JobEvent, void, void> {
    return reconnecting<JobEvent>({
      connect: (last) => this.#stream(jobId, last, signal),
      idOf: (event) => (event.type === 'segment' ? event.id : undefined),
      isLast: ({ type }) => type === 'ended',
      waitMs: (failures, error) => {
        const problem = error === undefined ? undefined : toAppError(error);
        if (problem?.retryable === false) throw problem;
        return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
      },
      lastEventId: after,
      signal,
    });
  }

  /** A result as the file it is downloaded as. */
  async result(
    jobId: string,
    { format, target, subtitles, partial }: ResultQuery,
    signal?: AbortSignal,
  ): Promise<Blob> {
    const query = new URLSearchParams({ format });
    if (target !== undefined) query.set('target', target);
    if (subtitles !== undefined) query.set('subtitles', subtitles);
    if (partial === true) query.set('partial', 'true');
    const response = await this.#fetch(`${pathOf(jobId)}/result?${query.toString()}`, { signal });
    return await response.blob().catch((thrown: unknown) => {
      throw signal?.aborted === true ? thrown : networkError();
    });
  }

  /** Replaces a translation in every later result. @param target absent: the first. */
  async patchSegment(jobId: string, index: number, text: string, target?: string): Promise<JobSegment> {
    return await this.#json<JobSegment>(`${pathOf(jobId)}/segments/${index}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text, target }),
    });
  }

  /** Resumes a job that failed, or translates the failed segments of a completed one again. */
  async resume(jobId: string): Promise<Job> {
    return await this.#json<Job>(`${pathOf(jobId)}/resume`, { method: 'POST' });
  }

  /** Cancels a job if it runs, and deletes it. A job that does not exist is not an error. */
  async remove(jobId: string): Promise<void> {
    try {
      await this.#fetch(pathOf(jobId), { method: 'DELETE' });
    } catch (thrown) {
      if (!(thrown instanceof AppError && thrown.code === 'job-not-found')) throw thrown;
    }
  }

  async #fetch(path: string, init: Init): Promise<Response> {
    const { signal, ...rest } = init;
    return await this.#service.fetch(`/api/realtime/jobs${path}`, { ...rest, signal: signal ?? null });
  }

  async #json<T>(path: string, init: Init): Promise<T> {
    const response = await this.#fetch(path, init);
    const body = await response.text().catch((thrown: unknown) => {
      throw init.signal?.aborted === true ? thrown : networkError();
    });
    return parseObject(body) as T;
  }

  /** One stream of events; it may close before the job has ended. */
  async *#stream(
    jobId: string,
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<JobEvent, void, void> {
    const response = await this.#fetch(`${pathOf(jobId)}/events`, {
      headers: { Accept: 'text/event-stream', ...(after !== undefined && { 'Last-Event-ID': after }) },
      signal,
    });
    for await (const { name, data, id } of readEventStream(response, networkError, signal)) {
      const event = parseObject(data);
      if (name === 'translation.segment')
        yield { type: 'segment', id: id ?? '', segment: event as JobSegment };
      else if (name === 'translation.progress')
        yield { type: 'progress', ...(event as { processedMs: number; totalMs: number | null }) };
      else if (name === 'translation.done') yield { type: 'ended', job: event as Job };
      else if (name === 'error') {
        // The job's own failure, or one of the stream: the job knows.
        const job = await this.get(jobId, signal);
        if (!hasEnded(job)) throw parseProblem(0, data, null, this.#service.isErrorCode);
        yield { type: 'ended', job };
      }
    }
  }
}

export function hasEnded({ state }: Job): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** Why a job failed, as an error of the page. */
export function problemOf({ problem }: Job, service: Service): AppError | undefined {
  return problem && parseProblem(problem.status, JSON.stringify(problem), null, service.isErrorCode);
}

function pathOf(jobId: string): string {
  return `/${encodeURIComponent(jobId)}`;
}

function toFormData({ file, name, source, targets, transcript }: JobOrder): FormData {
  const form = new FormData();
  form.set('source', source);
  for (const target of targets) form.append('target', target);
  form.set('transcript', String(transcript));
  // The file goes last, so that the service has the other fields when it arrives.
  form.set('file', file, name);
  return form;
}
