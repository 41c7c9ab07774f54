/** The command from its options to its exit code. */
import { resolve } from 'node:path';
import { TranslationClient } from '../client/index.js';
import { UsageError, type CommandOptions } from './arguments.js';
import { findInputs, type RecordingFile } from './inputs.js';
import { duplicatePaths, planResults, writeResult, type PlannedResult } from './outputs.js';
import { Progress, type ErrorStream } from './progress.js';
import {
  fetchJob,
  isSkipped,
  messageOf,
  translateRecording,
  type CommandContext,
  type Outcome,
} from './recordings.js';
import { uploadFetch } from './upload.js';
import { isSpeechSkipped, speakRecording, translateTexts } from './texts.js';

export const EXIT_CODES = { done: 0, failed: 1, usage: 2, 'with-failed-segments': 3 } as const;

export interface CommandStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: ErrorStream;
}

/** How often a request is retried that was refused with `Retry-After`. */
const MAX_RETRIES = 10;
/** How many skipped files of a folder are named. */
const MAX_NAMED = 5;

/** @throws UsageError, or the reason of `signal` once everything that was begun has ended. */
export async function runCommand(
  options: CommandOptions,
  { stdin, stdout, stderr }: CommandStreams,
  signal: AbortSignal,
): Promise<number> {
  const { url, key, source, existing } = options;
  const progress = new Progress(stderr, options.quiet);
  const context: CommandContext = {
    options,
    progress,
    stdin,
    signal,
    client: new TranslationClient({ url, key, maxRetries: MAX_RETRIES, fetch: uploadFetch }),
    deliver: async (name, { path }, content) => {
      if (path === undefined) {
        await writeTo(stdout, content);
        return;
      }
      await writeResult(path, content, existing === 'overwrite');
      progress.done(name, `wrote ${path}`);
    },
  };
  try {
    const outcomes = await runSource(context, source);
    signal.throwIfAborted();
    if (outcomes.includes('failed')) return EXIT_CODES.failed;
    return EXIT_CODES[outcomes.includes('with-failed-segments') ? 'with-failed-segments' : 'done'];
  } finally {
    progress.close();
  }
}

/** @throws the error of the stream, unless its reader has closed it (`| head`). */
async function writeTo(stream: NodeJS.WritableStream, content: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(content, (error) => {
      const { code } = (error ?? {}) as NodeJS.ErrnoException;
      if (error && code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED') reject(error);
      else resolve();
    });
  });
}

async function runSource(context: CommandContext, source: CommandOptions['source']): Promise<Outcome[]> {
  const { options } = context;
  switch (source.kind) {
    case 'recordings':
      return translateRecordings(context, source.paths);
    case 'text': {
      const output = options.output ?? '-';
      const [results = []] = await planTextResults(options, output);
      return [await runInput(context, 'text', results, () => translateTexts(context, source.text, results))];
    }
    case 'job': {
      const input = { folder: '.', base: source.jobId };
      const [results = []] = await planResults([input], options, true);
      return [await runInput(context, source.jobId, results, () => fetchJob(context, source.jobId, results))];
    }
  }
}

/** Texts in several languages may share standard output: each is a line, or a JSON object. */
function planTextResults(options: CommandOptions, output: string): Promise<PlannedResult[][]> {
  if (output !== '-') return planResults([{ folder: '.', base: 'text' }], options, true);
  const targets = options.to.length === 0 ? [undefined] : options.to;
  return Promise.resolve([targets.map((target) => ({ target, path: undefined }))]);
}

async function translateRecordings(context: CommandContext, paths: readonly string[]): Promise<Outcome[]> {
  const { client, options, progress, signal } = context;
  const { recordings, skipped, faults } = await findInputs(paths, async () => {
    const { formats } = await client.capabilities({ signal });
    return formats;
  });
  if (skipped.length > 0) progress.warn(skippedLine(skipped));
  for (const fault of faults) progress.warn(fault);
  if (recordings.length === 0 && faults.length === 0)
    throw new UsageError(`There are no recordings in ${paths.join(', ')}.`);
  // One path, and not a folder: then the recording has the name of the path.
  const isSingleInput = paths.length === 1 && recordings[0]?.name === (paths[0] === '-' ? 'stdin' : paths[0]);
  const planned = options.detaches
    ? recordings.map(() => [])
    : await planResults(recordings, options, isSingleInput);
  checkPlan(options, recordings, planned);
  const duplicates = duplicatePaths(planned);
  const outcomes: Outcome[] = faults.map(() => 'failed');
  const waiting = recordings.map((recording, at) => ({ recording, results: planned[at] ?? [] }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const { recording, results } = next;
      outcomes.push(
        await runInput(context, recording.name, results, () => {
          const conflict = results.find(
            ({ path }) => path !== undefined && duplicates.has(resolve(path)),
          )?.path;
          if (conflict !== undefined) throw new Error(`another recording has ${conflict} as its result too.`);
          if (options.speechPath !== undefined) return speakRecording(context, recording, results);
          return translateRecording(context, recording, results);
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  return outcomes;
}

function checkPlan(
  { speechPath, output }: CommandOptions,
  recordings: readonly RecordingFile[],
  planned: readonly PlannedResult[][],
): void {
  if (speechPath !== undefined && recordings.length > 1)
    throw new UsageError('--speech is for one recording.');
  const isBeside = output === undefined && planned.flat().some(({ path }) => path !== undefined);
  if (isBeside && recordings.some(({ file }) => file === undefined))
    throw new UsageError('Standard input has no folder of its own: name one for the results with --output.');
}

/** Runs the work of one input; prints its failure, which does not end the others. */
async function runInput(
  context: CommandContext,
  name: string,
  results: readonly PlannedResult[],
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const { options, progress, signal } = context;
  try {
    const isDone = (await isSkipped(results, options.existing)) || (await isSpeechSkipped(context));
    if (isDone) {
      progress.done(name, 'skipped, its results exist');
      return 'done';
    }
    return await work();
  } catch (error) {
    progress.done(name);
    if (!signal.aborted) progress.warn(`${name}: ${messageOf(error)}`);
    return 'failed';
  }
}

function skippedLine(skipped: readonly string[]): string {
  const more = skipped.length > MAX_NAMED ? ` and ${skipped.length - MAX_NAMED} more` : '';
  return `Left out, neither sound nor film: ${skipped.slice(0, MAX_NAMED).join(', ')}${more}.`;
}
