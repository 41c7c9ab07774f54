/** A job: a recording that is translated in the background, and its record. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ERROR_CODES, GatewayError } from '../errors.js';
import type { Profile } from '../session/profile.js';

/** A deleted job has no record any more; only clients that follow it see `cancelled`. */
export const JOB_STATES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;

export type JobState = (typeof JOB_STATES)[number];

/** The forms in which the result of a job is read. */
export const RESULT_FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json'] as const;

export type ResultFormat = (typeof RESULT_FORMATS)[number];

const tag = z.string().nullable();

const profileSchema = z.object({
  prompt: z.string(),
  source: tag,
  target: tag,
  voice: z.string().nullable(),
}) satisfies z.ZodType<Profile>;

const recordSchema = z.object({
  jobId: z.string(),
  /** Opaque id of the API key that made it. */
  owner: z.string(),
  /** Whose points pay for it. */
  client: z.string(),
  requestId: z.string(),
  state: z.enum(JOB_STATES),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
  /** 1, and one more for each time that it was resumed. */
  attempt: z.int(),
  /** Of the recording; null until it is decoded to its end. */
  durationMs: z.number().nullable(),
  /** Whether everything but this record was removed, because no space was left. */
  isEmptied: z.boolean(),
  /** One for each target. */
  profiles: z.tuple([profileSchema], profileSchema),
  transcript: z.boolean(),
  format: z.enum(RESULT_FORMATS),
  subtitles: z.enum(['target', 'source', 'both']),
  /** Helps, but is not translated. */
  context: z.string().optional(),
  /** Of a job that has ended: its log will not grow by more than corrections. Null where they are not known. */
  counts: z
    .object({ segments: z.int(), failedSegments: z.int(), processedMs: z.number() })
    .nullable()
    .default(null),
  problem: z.object({ code: z.enum(ERROR_CODES), detail: z.string(), retryable: z.boolean() }).nullable(),
});

/** `job.json`. Times are epoch ms. */
export type JobRecord = z.output<typeof recordSchema>;

/** What a client asks for. */
export type JobOrder = Pick<
  JobRecord,
  'owner' | 'client' | 'requestId' | 'profiles' | 'transcript' | 'format' | 'subtitles' | 'context'
>;

/** @returns undefined for anything but a record. */
export function readRecord(json: string): JobRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  return recordSchema.safeParse(value).data;
}

export function newRecord(order: JobOrder, now = Date.now()): JobRecord {
  return {
    jobId: newJobId(now),
    ...order,
    state: 'queued',
    startedAt: null,
    finishedAt: null,
    attempt: 1,
    durationMs: null,
    isEmptied: false,
    counts: null,
    problem: null,
  };
}

export function hasEnded({ state }: Pick<JobRecord, 'state'>): boolean {
  return state !== 'queued' && state !== 'running';
}

const TIME_DIGITS = 12;

/** 32 lower-case hex digits: the time in milliseconds, so that names sort by age, and 80 random bits. */
function newJobId(now: number): string {
  return now.toString(16).padStart(TIME_DIGITS, '0') + randomBytes(10).toString('hex');
}

export function isJobId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** Epoch ms */
export function createdAtOf(jobId: string): number {
  return Number.parseInt(jobId.slice(0, TIME_DIGITS), 16);
}

/** The place in a list after which a page begins: the id of a job. @throws GatewayError `invalid-request` */
export function readJobCursor(cursor: string): string {
  if (isJobId(cursor)) return cursor;
  throw new GatewayError(
    'invalid-request',
    'The cursor is not valid. Send nextCursor exactly as it was returned.',
    {
      errors: [{ pointer: '/cursor', detail: 'must be the nextCursor of an earlier response.' }],
    },
  );
}
