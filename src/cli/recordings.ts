/** Sends a recording as a job and fetches its results; without --job, the job is deleted then. */
import { stat } from 'node:fs/promises';
import { TranslationError, type Job, type JobStreamEvent, type TranslationClient } from '../client/index.js';
import type { CommandOptions } from './arguments.js';
import { openRecordingFile, type RecordingFile } from './inputs.js';
import { exists, type PlannedResult } from './outputs.js';
import type { Progress } from './progress.js';

/** How one input ended. */
export type Outcome = 'done' | 'with-failed-segments' | 'failed';

/** What every part of the command works with. */
export interface CommandContext {
  readonly client: TranslationClient;
  readonly options: CommandOptions;
  readonly progress: Progress;
  readonly stdin: NodeJS.ReadableStream;
  /** Writes a result to its file or to standard output. */
  readonly deliver: (name: string, result: PlannedResult, content: string | Uint8Array) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A job that is not kept is deleted within this time, also after Ctrl-C. */
const DELETE_TIMEOUT_MS = 5_000;

/** @throws TranslationError, Error of a file, or the reason of the signal. */
export async function translateRecording(
  context: CommandContext,
  recording: RecordingFile,
  results: readonly PlannedResult[],
): Promise<Outcome> {
  const { client, options, progress, signal } = context;
  const { name } = recording;
  const job = await sendRecording(context, recording, (file) => {
    const { from, to, prompt, context: help, transcript, subtitles, format = 'text' } = options;
    return client.jobs.create({
      file,
      source: from,
      prompt,
      context: help,
      transcript,
      subtitles,
      format,
      signal,
      ...(to.length > 0 && { target: to }),
    });
  });
  const { jobId } = job;
  if (options.detaches) {
    progress.done(name, `job ${jobId}`);
    await context.deliver(name, { target: undefined, path: undefined }, `${jobId}\n`);
    return 'done';
  }
  if (options.keepsJob) progress.warn(`${name}: job ${jobId}, which --job-id fetches later`);
  let isKept = options.keepsJob;
  try {
    return await fetchResults(context, name, jobId, results);
  } catch (error) {
    if (error instanceof ResultNotWritten && !isKept) {
      progress.warn(`${name}: job ${jobId} is kept, and --job-id fetches it.`);
      isKept = true;
    }
    throw error;
  } finally {
    if (!isKept) await deleteJob(context, name, jobId);
  }
}

/** The job is done, but its result could not be written here. */
class ResultNotWritten extends Error {
  override readonly name = 'ResultNotWritten';
}

/** Opens and sends the recording, and prints how much of it has been sent. */
export async function sendRecording<Answer>(
  { progress, stdin, signal }: CommandContext,
  recording: RecordingFile,
  send: (file: File) => Promise<Answer>,
): Promise<Answer> {
  const { name } = recording;
  progress.step(name, recording.file === undefined ? 'reading' : 'sending');
  let size = recording.file === undefined ? 0 : (await stat(recording.file)).size;
  let isSending = true;
  const onRead = (bytes: number): void => {
    // The file is still read after the service has refused it: that is not progress.
    if (isSending) progress.fraction(name, 'sending', size === 0 ? 1 : bytes / size);
  };
  const opened = await openRecordingFile(recording, stdin, onRead, signal);
  const { file } = opened;
  size = file.size;
  try {
    if (size === 0) throw new Error('it is empty.');
    return await send(file);
  } finally {
    isSending = false;
    await opened.close();
  }
}

/** Fetches the results of a job that an earlier call has started; waits for it if it still runs. */
export async function fetchJob(
  context: CommandContext,
  jobId: string,
  results: readonly PlannedResult[],
): Promise<Outcome> {
  const { client, options, progress, signal } = context;
  const { source } = options;
  if (source.kind === 'job' && source.resume) await client.jobs.resume(jobId, { signal });
  progress.step(jobId, 'waiting');
  return fetchResults(context, jobId, jobId, results);
}

async function fetchResults(
  context: CommandContext,
  name: string,
  jobId: string,
  results: readonly PlannedResult[],
): Promise<Outcome> {
  const { client, options, progress, signal } = context;
  progress.step(name, 'translating');
  const onEvent = (event: JobStreamEvent): void => {
    if (event.type === 'translation.progress' && event.totalMs !== null)
      progress.fraction(name, 'translating', event.processedMs / event.totalMs);
    if (event.type === 'translation.segment') printWarnings(progress, name, event);
  };
  const job = await client.jobs.wait(jobId, { onEvent, signal });
  const { subtitles } = options;
  const format = options.format ?? job.results[0]?.format ?? 'text';
  for (const result of results) {
    const answer = await client.jobs.result(jobId, { format, target: result.target, subtitles, signal });
    const content = typeof answer === 'string' ? answer : `${JSON.stringify(answer, undefined, 2)}\n`;
    try {
      await context.deliver(name, result, content);
    } catch (error) {
      throw new ResultNotWritten(messageOf(error), { cause: error });
    }
  }
  progress.done(name);
  return reportFailedSegments(progress, name, job);
}

function reportFailedSegments(progress: Progress, name: string, { failedSegments, segments }: Job): Outcome {
  if (failedSegments === 0) return 'done';
  progress.warn(`${name}: ${failedSegments} of ${segments} segments failed and are empty.`);
  return 'with-failed-segments';
}

function printWarnings(
  progress: Progress,
  name: string,
  { start, target, warnings = [] }: Extract<JobStreamEvent, { type: 'translation.segment' }>,
): void {
  for (const { code, detail } of warnings) {
    const language = target === null ? '' : ` (${target})`;
    progress.warn(`${name}: at ${clockTime(start)}${language}: ${code}: ${detail}`);
  }
}

/** `1:02:03` */
function clockTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** The signal of the command may be aborted by now. */
async function deleteJob({ client, progress }: CommandContext, name: string, jobId: string): Promise<void> {
  try {
    await client.jobs.delete(jobId, { signal: AbortSignal.timeout(DELETE_TIMEOUT_MS) });
  } catch (error) {
    if (error instanceof TranslationError && error.code === 'job-not-found') return;
    progress.warn(`${name}: job ${jobId} is still at the service: ${messageOf(error)}`);
  }
}

/** For a person: the message of the service, its hint, and the invalid fields. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof TranslationError)) return error.message;
  const { detail, code, problem } = error;
  const more = [...(problem?.errors ?? []).map((fault) => fault.detail), problem?.hint].filter(
    (each) => each !== undefined && each !== detail,
  );
  return [`${detail} (${code})`, ...more].join(' ');
}

/** Whether the recording is left out because all its results exist. @throws Error if one may not be replaced. */
export async function isSkipped(
  results: readonly PlannedResult[],
  existing: CommandOptions['existing'],
): Promise<boolean> {
  if (existing === 'overwrite') return false;
  const there: string[] = [];
  for (const { path } of results) if (path !== undefined && (await exists(path))) there.push(path);
  if (existing === 'skip') return there.length > 0 && there.length === results.length;
  const [first] = there;
  if (first === undefined) return false;
  throw new Error(`${first} exists. Use --overwrite or --skip-existing.`);
}
