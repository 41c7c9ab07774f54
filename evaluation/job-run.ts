/** A recording translated by the service as a job, from its upload to its subtitles. */
import { z } from 'zod';
import type { SegmentCues } from '../src/subtitles/cues.js';
import type { JobClient } from '../test/support/jobs/client.js';
import { parseWithMediaCaptions } from '../test/support/subtitles/parsers.js';
import type { RecordingFile } from './recording-file.js';

export interface FinishedJob {
  readonly jobId: string;
  /** From the first byte of the upload to the event that ends the job. */
  readonly wallMs: number;
}

/** Uploads the recording. @returns the id of its job */
export async function createJob(
  client: JobClient,
  recording: RecordingFile,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append('file', await recording.blob(), 'recording.wav');
  const response = await client.ask('/api/realtime/jobs', { method: 'POST', body });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return z.object({ jobId: z.string() }).parse(await response.json()).jobId;
}

/** Creates a job and follows its events, as the page does, to its end. @throws Error where it fails */
export async function runJob(
  client: JobClient,
  recording: RecordingFile,
  fields: Readonly<Record<string, string>>,
): Promise<FinishedJob> {
  const begun = performance.now();
  const jobId = await createJob(client, recording, fields);
  for await (const { event, data } of client.events(jobId)) {
    if (event === 'error') throw new Error(`The job failed: ${JSON.stringify(data)}`);
    if (event === 'translation.done') return { jobId, wallMs: performance.now() - begun };
  }
  throw new Error('The events of the job ended before the job.');
}

const verboseSchema = z.object({
  segments: z.array(
    z.object({
      start: z.number(),
      end: z.number(),
      text: z.string(),
      warnings: z.array(z.object({ code: z.string(), detail: z.string() })).default([]),
    }),
  ),
});

export interface JobSubtitles {
  readonly segments: readonly SegmentCues[];
  /** Warnings that are not about a limit of cues, such as a segment that failed. */
  readonly otherWarnings: readonly string[];
}

const CUE_WARNINGS: ReadonlySet<string> = new Set([
  'line-too-long',
  'reading-speed',
  'cue-too-short',
  'cue-too-long',
]);

/** The SRT file of a finished job, read by a parser of others, and the warnings beside it. */
export async function readSubtitles(
  client: JobClient,
  jobId: string,
  subtitles: 'source' | 'target',
): Promise<JobSubtitles> {
  const file = await client.result(jobId, `?format=srt&subtitles=${subtitles}`);
  const verbose = await client.result(jobId, `?format=verbose_json&subtitles=${subtitles}`);
  const { segments } = verboseSchema.parse(JSON.parse(verbose));
  const cues = (await parseWithMediaCaptions(file, 'srt')).map(({ startMs, endMs, lines }) => ({
    ...{ startMs, endMs, source: [], target: [] },
    [subtitles]: lines,
  }));
  const untilMs = (index: number): number => (segments[index + 1]?.start ?? Infinity) * 1000;
  const placed = segments.map(({ warnings }, index) => ({
    cues: cues.filter(
      ({ startMs }) => startMs < untilMs(index) && (index === 0 || startMs >= untilMs(index - 1)),
    ),
    warnings,
  }));
  const others = segments.flatMap(({ warnings }) => warnings.filter(({ code }) => !CUE_WARNINGS.has(code)));
  return { segments: placed, otherWarnings: others.map(({ code, detail }) => `${code}: ${detail}`) };
}
