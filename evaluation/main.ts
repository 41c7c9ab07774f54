/**
 * `npm run evaluate:subtitles`: makes a recording with known sentences, has the service translate it as a job, and prints how
 * well the subtitles keep to it, and what it took. Ends with exit code 1 beyond a bar.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine } from '../bench/machine.js';
import { runOffline, runScripted, type EngineInput, type EngineResult } from './engines.js';
import { measureKills } from './kills.js';
import { readOptions, USAGE, type EngineName, type Options } from './options.js';
import { measureParallel } from './parallel.js';
import { createRecording, type EvaluationRecording } from './recording.js';
import { RecordingFile } from './recording-file.js';
import {
  accuracyTable,
  checkAccuracy,
  checkKills,
  checkCost,
  checkParallel,
  checkTable,
  seconds,
  type Check,
} from './report.js';
import { measureSegmentation } from './segmentation.js';
import { startBuiltService, type StartService } from './service.js';
import type { ServiceProcess } from '../test/support/service.js';

/** Segments at a time. */
const PARALLEL = 16;
/** Memory is counted from what the process settles at after two jobs of ten minutes. */
const BEFORE_MS = 600_000;

function parseOptions(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

let running: ServiceProcess | undefined;
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    isInterrupted = true;
    running?.signal('SIGKILL');
  });

/** A service that ends when this process is told to: then whatever waits for it fails, and cleans up behind itself. */
const startUntilInterrupted: StartService = async (env) => {
  running = await startBuiltService(env);
  if (!isInterrupted) return running;
  await running.close();
  throw new Error('Interrupted.');
};

async function measure(options: Options, folder: string): Promise<Check[]> {
  const { minutes, sentences, noise: noiseKind, seed } = options;
  const durationMs = Math.round(minutes * 60_000);
  const noise = ['clean', '20 dB', '10 dB'] as const;
  console.log(`${describeMachine(1)} ${sentences} sentences in ${minutes} minutes, ${noiseKind} noise.\n`);
  const recording = await createRecording({ sentences, durationMs, noise, noiseKind, seed });
  const file = await RecordingFile.write(recording, join(folder, 'recording.wav'));
  const input = { recording, file, before: await recordingsBefore(file, durationMs, folder) };
  const checks: Check[] = [];
  for (const engine of options.engines) checks.push(...(await measureEngine(engine, input)));
  if (options.parallel) {
    logStart('parallel');
    checks.push(checkParallel(await measureParallel(startUntilInterrupted, input, PARALLEL)));
  }
  if (options.kills) {
    logStart('kills');
    checks.push(checkKills(await measureKills(startUntilInterrupted, input, PARALLEL)));
  }
  return checks;
}

/** Two recordings of ten minutes, or of less where there is less: the last stretches of the one that is measured. */
function recordingsBefore(
  file: RecordingFile,
  durationMs: number,
  folder: string,
): Promise<readonly RecordingFile[]> {
  const lengthMs = Math.min(BEFORE_MS, Math.floor(durationMs / 2));
  const cuts = [2, 1].map((place) => {
    const fromMs = durationMs - place * lengthMs;
    return file.cut(fromMs, fromMs + lengthMs, join(folder, `before-${place}.wav`));
  });
  return Promise.all(cuts);
}

async function measureEngine(engine: EngineName, input: EngineInput): Promise<Check[]> {
  logStart(engine);
  if (engine === 'known') return measureKnown(input.recording);
  const result =
    engine === 'offline'
      ? await runOffline(startUntilInterrupted, input)
      : await runScripted(startUntilInterrupted, input, PARALLEL);
  const { scores, translated } = result;
  console.log(`${HEADINGS[engine]}\n\n${accuracyTable(scores, translated)}\n\n${describeRun(result)}\n`);
  return [...checkAccuracy(engine, scores, translated), ...checkCost(engine, result)];
}

function measureKnown(recording: EvaluationRecording): Check[] {
  const { segments, silent, scores, tookMs } = measureSegmentation(recording);
  console.log(`${HEADINGS.known}\n\n${accuracyTable(scores)}\n`);
  console.log(`${segments.length} segments, ${silent} without speech, found in ${seconds(tookMs)}.\n`);
  return checkAccuracy('known', scores);
}

const HEADINGS: Readonly<Record<EngineName, string>> = {
  known: '### Known words, without the service',
  scripted: '### Through the service, a scripted upstream that takes 1 s a segment',
  offline: '### Through the service, the offline engine',
};

function describeRun({ segments, job, unrecognized, warnings }: EngineResult): string {
  const { memory, wallMs } = job;
  return [
    `${segments} segments in ${seconds(wallMs)}.`,
    ...(memory === undefined
      ? []
      : [
          `The process settled at ${memory.settledMb.toFixed(0)} MB and had ${memory.peakMb.toFixed(0)} MB at most.`,
        ]),
    ...(unrecognized > 0 ? [`Of ${unrecognized} sentences nothing is recognized alone.`] : []),
    ...(warnings.length > 0 ? [`Warnings of ${warnings.length} segments, such as ${warnings[0] ?? ''}`] : []),
  ].join(' ');
}

/** Other load on the machine makes times longer. */
function logStart(part: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${part}, load ${(loadavg()[0] ?? 0).toFixed(1)}`);
}

const options = parseOptions();
const folder = await mkdtemp(join(tmpdir(), 'evaluation-'));
try {
  const checks = await measure(options, folder);
  console.log(checkTable(checks));
  const failed = checks.filter(({ isMet }) => isMet === false);
  if (failed.length > 0) console.error(`\nBars that are not met: ${failed.length}.`);
  process.exitCode = failed.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true });
}
