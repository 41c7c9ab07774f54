/** Jobs: recordings that are translated behind the answer, whatever happens to the client meanwhile. */
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
/** The wait before a stream that broke off is asked for again, doubled each time it fails. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** How many waits in a row before it gives up: about a minute. */
const MAX_FAILURES = 8;

export interface FollowOptions extends Cancellable {
  /** The `id` of the last event that is known already; the stream goes on after it. */
  readonly lastEventId?: string | undefined;
}

export interface WaitOptions extends Cancellable {
  readonly onEvent?: ((event: JobStreamEvent) => void) | undefined;
}

export interface ResultQuery<Format extends AnswerFormat> extends Cancellable {
  /** By default the one that the job was made with. */
  readonly format?: Format | undefined;
  /** One of the job's targets; by default the first. */
  readonly target?: string | undefined;
  readonly subtitles?: 'target' | 'source' | 'both' | undefined;
  /** What there is of a job that has not ended. */
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

  /** @param wait between two connections that follow a job */
  constructor(http: ServiceHttp, wait = delay) {
    this.#http = http;
    this.#wait = wait;
  }

  /** Resolves once the recording is sent. */
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
   * Yields the segments that are finished, in order, those to come, and progress, until the job is completed. A connection
   * that is lost, by a restart of the service for instance, is made again after the last segment that arrived.
   *
   * @throws TranslationError of the job when it fails or is deleted; `unreachable` when nothing has answered for a minute.
   */
  async *events(
    jobId: string,
    { lastEventId, signal }: FollowOptions = {},
  ): AsyncGenerator<JobStreamEvent, void, void> {
    const events = reconnecting({
      connect: (last) => this.#stream(jobId, last, signal),
      idOf: (event) => event.lastEventId,
      isLast: ({ type }) => type === 'translation.done' || type === 'failed',
      waitMs: waitAfter,
      wait: this.#wait,
      ...{ lastEventId, signal },
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

  /** The result in a format, and its type with it. */
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

  /** Puts a text in the place of a translation, by default of the first target; it stands in every later result. */
  correct(
    jobId: string,
    index: number,
    text: string,
    { target, signal }: { readonly target?: string | undefined } & Cancellable = {},
  ): Promise<JobSegment> {
    const path = `${pathOf(jobId)}/segments/${index}`;
    return this.#http.json({ method: 'PATCH', path, body: { text, target }, signal });
  }

  /** Goes on with a job that failed, or of which segments failed. */
  resume(jobId: string, { signal }: Cancellable = {}): Promise<Job> {
    return this.#http.json({ method: 'POST', path: `${pathOf(jobId)}/resume`, signal });
  }

  /** Cancels a job, and deletes everything of it. */
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

  /** An `error` event is that of the job, or of a service that stops: then undefined, for the job goes on. */
  async #problemOf(
    jobId: string,
    problem: ProblemDetails,
    signal?: AbortSignal,
  ): Promise<ProblemDetails | undefined> {
    if (!isOfConnection(problemError(problem))) return problem;
    const job = await this.get(jobId, { signal });
    return job.state === 'failed' ? (job.problem ?? problem) : undefined;
  }
}

/** @throws what is not of the connection, and the last error once there were too many. */
function waitAfter(failures: number, error: unknown = connectionLost()): number {
  if (!isOfConnection(error) || failures > MAX_FAILURES) throw error;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return Math.max(waitMs, 1_000 * (error.retryAfter ?? 0));
}

function pathOf(jobId: string): string {
  return `${PATH}/${encodeURIComponent(jobId)}`;
}

/** Whether it tells of the connection or of a service that stops, and nothing of the job. */
function isOfConnection(error: unknown): error is TranslationError {
  if (!(error instanceof TranslationError)) return false;
  return (
    ['unreachable', 'connection-lost', 'draining', 'store-unavailable', 'rate-limited'].includes(
      error.code,
    ) ||
    (error.code === 'unexpected-answer' && error.retryable)
  );
}
