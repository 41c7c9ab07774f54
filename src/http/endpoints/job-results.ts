/** A job, its segments and its result, as they are sent. */
import type { ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.js';
import { processedMsOf } from '../../jobs/follow.js';
import { createdAtOf, type JobRecord, type ResultFormat } from '../../jobs/job.js';
import type { JobSnapshot, JobSummary } from '../../jobs/jobs.js';
import { joinSegments, transcriptOf, type SegmentResult } from '../../recordings/segment-result.js';
import { toVerboseSegment } from '../../subtitles/formats.js';
import { toProblem } from '../problem.js';
import { sendJson } from '../response.js';
import {
  CONTENT_TYPES,
  textBody,
  translationsOf,
  verboseBody,
  type SegmentedText,
} from '../translate/recording-body.js';

/** A job as JSON. */
export function jobBody(job: JobSummary) {
  const { record, expiresAt, counts } = job;
  const { jobId, state, durationMs, problem } = record;
  return {
    jobId,
    state,
    createdAt: instantOf(createdAtOf(jobId)),
    startedAt: record.startedAt === null ? null : instantOf(record.startedAt),
    finishedAt: record.finishedAt === null ? null : instantOf(record.finishedAt),
    expiresAt: instantOf(expiresAt),
    durationMs,
    processedMs: processedMsOf(job),
    segments: counts.segments,
    failedSegments: counts.failedSegments,
    source: record.profiles[0].source,
    targets: record.profiles.map(({ target }) => target),
    ...(problem !== null && { problem: toProblem(jobError(problem), record.requestId) }),
    results: state === 'completed' ? resultsOf(record) : [],
  };
}

/** The result in the format that was asked for, once for each target. */
function resultsOf({ jobId, format, subtitles, profiles }: JobRecord) {
  return profiles.map(({ target }) => {
    const query = new URLSearchParams({ format, ...(target !== null && { target }), subtitles });
    return { target, format, href: `${jobPath(jobId)}/result?${query.toString()}` };
  });
}

/** Why a job failed, as an error again. */
export function jobError({ code, detail, retryable }: NonNullable<JobRecord['problem']>): GatewayError {
  return new GatewayError(code, detail, { retryable });
}

export function jobPath(jobId: string): string {
  return `/api/realtime/jobs/${jobId}`;
}

/** One event for each segment and target; times in seconds. */
export function segmentBody(segment: SegmentResult, target: number) {
  const { translations, source, warnings, ...place } = segment;
  const translation = translations[target];
  return {
    ...toVerboseSegment({ ...place, text: translation?.text ?? '', source, warnings }),
    target: translation?.target ?? null,
  };
}

export interface ResultChoice {
  readonly format: ResultFormat;
  readonly subtitles: JobRecord['subtitles'];
  /** Which of the job's targets, by its place. */
  readonly target: number;
}

export async function sendResult(res: ServerResponse, job: JobSnapshot, choice: ResultChoice): Promise<void> {
  const { format, subtitles, target } = choice;
  const result = resultOf(job, target);
  if (format !== 'json' && format !== 'verbose_json') {
    const text = await textBody(result, format, subtitles);
    res.setHeader('Content-Type', CONTENT_TYPES[format]);
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.end(text);
    return;
  }
  const { segments } = result.segmented;
  sendJson(res, {
    ...{ jobId: job.record.jobId, text: result.text, source: result.source, target: result.target },
    ...(job.record.transcript && { transcript: transcriptOf(segments) }),
    translations: translationsOf(result),
    warnings: segments.flatMap(({ index, warnings }) =>
      warnings.map(({ code, detail }) => ({ code, detail: `Segment ${index}: ${detail}` })),
    ),
    ...(format === 'verbose_json' && (await verboseBody(result, subtitles))),
  });
}

/** @param target goes first among the translations. */
function resultOf({ record, segments }: JobSnapshot, target: number) {
  const found = segments.all.map((segment) => ({
    ...segment,
    translations: withFirst(segment.translations, target),
  }));
  const profiles = withFirst(record.profiles, target);
  const translations = profiles.map((profile, place) => ({
    target: profile.target,
    text: joinSegments(found.map((segment) => segment.translations[place]?.text ?? '')),
  }));
  const durationMs = record.durationMs ?? found.at(-1)?.endMs ?? 0;
  return {
    text: translations[0]?.text ?? '',
    source: record.profiles[0].source,
    target: translations[0]?.target ?? null,
    segmented: { durationMs, segments: found, translations },
  } satisfies SegmentedText;
}

function withFirst<T>(items: readonly T[], place: number): T[] {
  return [...items.slice(place, place + 1), ...items.slice(0, place), ...items.slice(place + 1)];
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}
