/** Jobs: recordings that the service translates in the background, whether or not the client stays connected. */
import { delay } from './delay.js';
import { connectionLost, problemError, TranslationError } from './errors.js';
import { requestBody } from './form.js';
import { jsonOrText, type ServiceHttp } from './http.js';
import { allPages, type PageQuery } from './pages.js';
import { reconnecting } from './reconnecting.js';
import { readEventStream } from './sse.js';
import type {
  AnswerFormat,
  Cancellable,
  Job,
  JobInput,
  JobList,
  JobResult,
  JobResults,
  JobSegment,
  JobStreamEvent,
  ProblemDetails,
} from './types.js';

const PATH = 'api/realtime/jobs';
/** The wait before reconnecting to a stream that broke off, doubled with each failure. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Failures in a row before the client gives up, after about a minute. */
const MAX_FAILURES = 8;

export interface FollowOptions extends Cancellable {
  /** The `lastEventId` of the last event received earlier; the stream resumes after it. */
  readonly lastEventId?: string | undefined;
}

export interface WaitOptions extends Cancellable {
  readonly onEvent?: ((event: JobStreamEvent) => void) | undefined;
}

export interface ResultQuery<Format extends AnswerFormat> extends Cancellable {
  /** By default the format the job was created with. */
  readonly format?: Format | undefined;
  /** One of the job's targets; by default the first. */
  readonly target?: string | undefined;
  readonly subtitles?: 'target' | 'source' | 'both' | undefined;
  /** Whether to return what is finished of a job that still runs; by default that is an error. */
  readonly partial?: boolean | undefined;
}

/** The end of a job that failed. */
interface JobFailure {
  readonly type: 'failed';
  readonly problem: ProblemDetails;
  readonly lastEventId?: undefined;
}

export class JobsClient {
  readonly #http: ServiceHttp;
  readonly #wait: typeof delay;

  /** @param wait between two connections; tests pass their own. */
  constructor(http: ServiceHttp, wait = delay) {
    this.#http = http;
    this.#wait = wait;
  }

  /** Resolves once the recording is uploaded. @throws TranslationError, or the reason of the signal, as every method here. */
  create({ signal, ...input }: JobInput): Promise<Job> {
    return this.#http.json({ method: 'POST', path: PATH, body: requestBody(input), signal });
  }

  get(jobId: string, { signal }: Cancellable = {}): Promise<Job> {
    return this.#http.json({ path: pathOf(jobId), signal });
  }

  /** One page, the newest first. */
  list({ signal, ...query }: PageQuery = {}): Promise<JobList> {
    return this.#http.json({ path: PATH, query: { ...query }, signal });
  }

  /** Every job of this key, the newest first. */
  all({ limit, signal }: Omit<PageQuery, 'cursor'> = {}): AsyncGenerator<Job, void, void> {
    return allPages(async (cursor) => {
      const { jobs, nextCursor } = await this.list({ limit, cursor, signal });
      return { items: jobs, nextCursor };
    });
  }

  /**
   * Yields every segment in order, those finished already first, and progress, until the job is completed. After a lost
   * connection, for example when the service restarts, the stream resumes after the last segment received.
   *
   * @throws TranslationError of the job if it fails or is deleted; `unreachable` if the service has not responded for a minute;
   *   the reason of the signal.
   */
  async *events(
    jobId: string,
    { lastEventId, signal }: FollowOptions = {},
  ): AsyncGenerator<JobStreamEvent, void, void> {
    const events = reconnecting({
      connect: (last) => this.#stream(jobId, last, signal),
      idOf: (event) => event.lastEventId,
      isLast: ({ type }) => type === 'translation.done' || type === 'failed',
      waitMs: waitMsAfter,
      wait: this.#wait,
      lastEventId,
      signal,
    });
    for await (const event of events) {
      if (event.type === 'failed') throw problemError(event.problem);
      yield event;
    }
  }

  /** Resolves to the job once it is completed. @throws as `events` does. */
  async wait(jobId: string, { signal, onEvent }: WaitOptions = {}): Promise<Job> {
    for await (const event of this.events(jobId, { signal })) {
      onEvent?.(event);
      if (event.type === 'translation.done') {
        const job: Job & Partial<Pick<JobStreamEvent, 'type' | 'lastEventId'>> = { ...event };
        delete job.type;
        delete job.lastEventId;
        return job;
      }
    }
    throw connectionLost();
  }

  /** The result of a job. Its type depends on `format`. */
  result<Format extends AnswerFormat>(
    jobId: string,
    query: ResultQuery<Format> & { readonly format: Format },
  ): Promise<JobResults[Format]>;
  result(jobId: string, query?: ResultQuery<AnswerFormat>): Promise<JobResult | string>;
  async result(
    jobId: string,
    { signal, ...query }: ResultQuery<AnswerFormat> = {},
  ): Promise<JobResult | string> {
    const response = await this.#http.send({ path: `${pathOf(jobId)}/result`, query: { ...query }, signal });
    return jsonOrText<JobResult>(response);
  }

  /** Replaces the translation of a segment, by default into the first target, in every later result. */
  correct(
    jobId: string,
    index: number,
    text: string,
    { target, signal }: { readonly target?: string | undefined } & Cancellable = {},
  ): Promise<JobSegment> {
    const path = `${pathOf(jobId)}/segments/${index}`;
    return this.#http.json({ method: 'PATCH', path, body: { text, target }, signal });
  }

  /** Resumes a job that failed, or translates the failed segments of a completed one again. */
  resume(jobId: string, { signal }: Cancellable = {}): Promise<Job> {
    return this.#http.json({ method: 'POST', path: `${pathOf(jobId)}/resume`, signal });
  }

  /** Cancels a job if it runs, and deletes it with its recording and results. */
  async delete(jobId: string, { signal }: Cancellable = {}): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: pathOf(jobId), signal });
  }

  /** One stream of events; it may close before the job has ended. */
  async *#stream(
    jobId: string,
    last: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<JobStreamEvent | JobFailure, void, void> {
    const headers = { Accept: 'text/event-stream', ...(last !== undefined && { 'Last-Event-ID': last }) };
    const response = await this.#http.send({ path: `${pathOf(jobId)}/events`, headers, signal });
    let lastEventId = last;
    for await (const { name, data, id } of readEventStream(response, connectionLost, signal)) {
      lastEventId = id ?? lastEventId;
      if (name !== 'error') {
        yield { type: name, lastEventId, ...(JSON.parse(data) as object) } as JobStreamEvent;
        continue;
      }
      const problem = await this.#problemOf(jobId, JSON.parse(data) as ProblemDetails, signal);
      if (problem !== undefined) yield { type: 'failed', problem };
      return;
    }
  }

  /** @returns the problem of an `error` event if the job failed; undefined if only the service stops, and the job will go on. */
  async #problemOf(
    jobId: string,
    problem: ProblemDetails,
    signal?: AbortSignal,
  ): Promise<ProblemDetails | undefined> {
    if (!isConnectionError(problemError(problem))) return problem;
    const job = await this.get(jobId, { signal });
    return job.state === 'failed' ? (job.problem ?? problem) : undefined;
  }
}

/** @returns milliseconds. @throws `error` if reconnecting does not help, or has failed too often. */
function waitMsAfter(failures: number, error: unknown = connectionLost()): number {
  if (!isConnectionError(error) || failures > MAX_FAILURES) throw error;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return Math.max(waitMs, 1_000 * (error.retryAfter ?? 0));
}

function pathOf(jobId: string): string {
  return `${PATH}/${encodeURIComponent(jobId)}`;
}

/** Errors of the connection, or of a service that stops; the job itself may be fine. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'unreachable',
  'connection-lost',
  'draining',
  'store-unavailable',
  'rate-limited',
]);

function isConnectionError(error: unknown): error is TranslationError {
  if (!(error instanceof TranslationError)) return false;
  return CONNECTION_CODES.has(error.code) || (error.code === 'unexpected-answer' && error.retryable);
}
