/** Jobs as a REST resource, and their events as a stream. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { GatewayError } from '../../errors.js';
import { followJob } from '../../jobs/follow.js';
import { hasEnded } from '../../jobs/job.js';
import type { JobSnapshot, JobSummary } from '../../jobs/jobs.js';
import type { ConcurrencyLimit } from '../../quota/concurrency-limit.js';
import { fieldNames, normalizeFields, validate, type FieldNames } from '../body/fields.js';
import type { BodyReader, ParsedBody } from '../body/read-body.js';
import { toGatewayError } from '../error-handler.js';
import { DEFAULT_PAGE_SIZE } from '../limits.js';
import type { Middleware } from '../middleware/compose.js';
import type { RateLimit } from '../middleware/rate-limit.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import type { HttpPorts } from '../ports.js';
import { invalidRequest, toProblem } from '../problem.js';
import { sendJson } from '../response.js';
import { correctionBodySchema, pageSchema, resultQuerySchema } from '../schemas.js';
import type { Front, FrontRequest } from '../translate/front.js';
import { toJobRequest } from '../translate/job-order.js';
import { EventStream, type EventStreamTiming } from '../translate/sse.js';
import { jobBody, jobError, jobPath, segmentBody, sendResult } from './job-results.js';

const PAGE_NAMES = fieldNames(pageSchema);
const RESULT_NAMES = fieldNames(resultQuerySchema);
const CORRECTION_NAMES = fieldNames(correctionBodySchema);

export interface JobHandlers {
  /** Makes a job of a request for a translation, whose recording is in the folder of jobs, and answers with it. */
  readonly accept: (req: IncomingMessage, res: ServerResponse, request: FrontRequest) => Promise<void>;
  readonly create: Middleware;
  readonly list: Middleware;
  readonly get: Middleware;
  readonly events: Middleware;
  readonly result: Middleware;
  readonly correct: Middleware;
  readonly resume: Middleware;
  readonly delete: Middleware;
}

export interface JobReaders {
  /** Stores recordings in the folder of jobs. */
  readonly readForm: BodyReader;
  /** JSON and forms without a recording. */
  readonly readBody: BodyReader;
  /** Whose fields a job takes. */
  readonly front: Front;
}

export function createJobHandlers(
  ports: Pick<HttpPorts, 'jobs' | 'sessions' | 'capabilities'>,
  { readForm, readBody, front }: JobReaders,
  rateLimit: RateLimit,
  concurrencyLimit: ConcurrencyLimit,
  timing: EventStreamTiming,
): JobHandlers {
  const { jobs } = ports;
  const find = (req: IncomingMessage): Promise<JobSnapshot> => jobs.get(req.context.owner, jobIdOf(req));

  async function accept(req: IncomingMessage, res: ServerResponse, request: FrontRequest): Promise<void> {
    const { order, recording } = await toJobRequest(ports, rateLimit.clientKey(req), request);
    sendAccepted(res, await jobs.create(order, recording));
  }

  /** What can be refused without the recording is refused before it is sent. */
  async function withForm(
    req: IncomingMessage,
    res: ServerResponse,
    work: (body: ParsedBody) => Promise<void>,
  ): Promise<void> {
    jobs.assertAcceptsRecordings();
    const giveBack = await jobs.reserve(req.context.owner);
    try {
      const body = await readForm(req, res);
      try {
        await work(body);
      } finally {
        await body.removeUpload?.();
      }
    } finally {
      giveBack();
    }
  }

  return {
    accept,
    create: (req, res) =>
      concurrencyLimit.run(rateLimit.clientKey(req), () =>
        withForm(req, res, ({ fields }) => accept(req, res, front.parse(req, fields, 0, true))),
      ),
    list: async (req, res) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor } = readQuery(req, pageSchema, PAGE_NAMES, 'ignored');
      const page = await jobs.list(req.context.owner, limit, cursor);
      sendJson(res, { jobs: page.jobs.map(jobBody), nextCursor: page.nextCursor });
    },
    get: async (req, res) => {
      sendJson(res, jobBody(await jobs.summary(req.context.owner, jobIdOf(req))));
    },
    events: async (req, res) => {
      // A problem, before the stream has begun.
      await jobs.summary(req.context.owner, jobIdOf(req));
      await sendEvents(req, res, jobs, timing);
    },
    result: async (req, res) => {
      const query = readQuery(req, resultQuerySchema, RESULT_NAMES, 'refused');
      const job = await find(req);
      const { format, subtitles, transcript } = job.record;
      if (!hasEnded(job.record) && query.partial !== true) throw notFinished();
      const wanted = query.subtitles ?? (transcript ? subtitles : 'target');
      if (wanted !== 'target' && !transcript) {
        const detail =
          '`subtitles` needs the words of the source, which this job was not asked for (`transcript`).';
        throw invalidRequest([{ pointer: '/subtitles', detail }]);
      }
      await sendResult(res, job, {
        ...{ format: query.format ?? format, subtitles: wanted },
        target: placeOfTarget(job, query.target),
      });
    },
    correct: async (req, res) => {
      const index = readIndex(req);
      const job = await find(req);
      const { fields } = await readBody(req, res);
      const { text, target } = validate(
        normalizeFields(fields, CORRECTION_NAMES, 'refused', { keepsEmpty: true }),
        correctionBodySchema,
      );
      const place = placeOfTarget(job, target);
      const { jobId } = job.record;
      const segment = await jobs.correct(req.context.owner, jobId, index, place, text);
      sendJson(res, segmentBody(segment, place));
    },
    resume: async (req, res) => {
      sendAccepted(res, await jobs.resume(req.context.owner, jobIdOf(req)));
    },
    delete: async (req, res) => {
      await jobs.delete(req.context.owner, jobIdOf(req));
      res.statusCode = 204;
      res.end();
    },
  };
}

function sendAccepted(res: ServerResponse, job: JobSummary): void {
  res.setHeader('Location', jobPath(job.record.jobId));
  sendJson(res, jobBody(job), 202);
}

async function sendEvents(
  req: IncomingMessage,
  res: ServerResponse,
  jobs: HttpPorts['jobs'],
  timing: EventStreamTiming,
): Promise<void> {
  const { owner, id, abort } = req.context;
  const stream = new EventStream(res, timing);
  try {
    const events = followJob(jobs, owner, jobIdOf(req), lastEventId(req), abort.signal);
    for await (const event of events) {
      if (event.type === 'segment')
        await stream.send('translation.segment', segmentBody(event.segment, event.target), event.id);
      else if (event.type === 'progress') {
        const { processedMs, totalMs } = event;
        await stream.send('translation.progress', { processedMs, totalMs });
      } else await sendEnd(stream, event.job, id);
    }
  } catch (error) {
    if (!(error instanceof ClientDisconnected))
      await stream.send('error', toProblem(toGatewayError(error), id));
    throw error;
  } finally {
    stream.end();
  }
}

async function sendEnd(stream: EventStream, job: JobSummary, requestId: string): Promise<void> {
  const { problem } = job.record;
  if (problem === null) await stream.send('translation.done', jobBody(job));
  else await stream.send('error', toProblem(jobError(problem), requestId));
}

function notFinished(): GatewayError {
  return new GatewayError(
    'job-not-finished',
    'The job has not ended yet. Ask again later, or for what there is.',
    {
      hint: '`?partial=true` gives the segments that are finished.',
    },
  );
}

/** @returns the place of a target among those of the job; the first where none is named. */
function placeOfTarget({ record }: JobSnapshot, target: string | undefined): number {
  if (target === undefined) return 0;
  const place = record.profiles.findIndex((profile) => profile.target === target);
  if (place >= 0) return place;
  const targets = record.profiles.map((profile) => profile.target ?? 'none').join(', ');
  throw new GatewayError('not-found', `The job has no translation into \`${target}\`; it has ${targets}.`);
}

function jobIdOf({ context }: IncomingMessage): string {
  return context.params.jobId ?? '';
}

function readIndex({ context }: IncomingMessage): number {
  const { index = '' } = context.params;
  if (/^\d{1,9}$/.test(index)) return Number(index);
  const detail = 'The segment in the path must be its `index`, a whole number from 0.';
  throw invalidRequest([{ pointer: '', detail }]);
}

/** The `id` of the last event that the reader has; 0 where it has none, or sent one that is not ours. */
function lastEventId({ headers }: IncomingMessage): number {
  const sent = headers['last-event-id'];
  return typeof sent === 'string' && /^\d{1,9}$/.test(sent) ? Number(sent) : 0;
}

function readQuery<S extends z.ZodType>(
  { url = '' }: IncomingMessage,
  schema: S,
  names: FieldNames,
  unknown: 'refused' | 'ignored',
): z.output<S> {
  const query = new URL(url, 'http://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  return validate(normalizeFields(sent, names, unknown), schema);
}
