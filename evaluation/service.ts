/** The service in a process of its own, and the jobs that are measured in it. */
import { buildService, startFlags } from '../bench/build.js';
import { JobClient } from '../test/support/jobs/client.js';
import { ServiceProcess } from '../test/support/service.js';
import { readSubtitles, runJob, type FinishedJob, type JobSubtitles } from './job-run.js';
import type { RecordingFile } from './recording-file.js';
import { peakMbDuring, settledMb } from './resident-memory.js';

/** Starts the service with an environment; resolves once it is ready. Its jobs are in a temporary folder. */
export type StartService = (env: Record<string, string>) => Promise<ServiceProcess>;

/** The service as it is deployed: compiled, with the flags of `npm start`. */
export const startBuiltService: StartService = async (env) => {
  await buildService();
  return ServiceProcess.start(env, await startFlags(), ['dist/main.js']);
};

/** The service as tests run it, which need no build. */
export const startFromSource: StartService = (env) => ServiceProcess.start(env);

/** The environment of a service that translates with this server. */
export function withUpstream({ url }: { readonly url: string }, parallel: number): Record<string, string> {
  return { REALTIME_PROVIDER: 'compatible', REALTIME_URL: url, JOB_PARALLEL: String(parallel) };
}

export interface MeasuredJob extends FinishedJob {
  /** Of the service's process, in MB; absent where no job went before. */
  readonly memory?: { readonly settledMb: number; readonly peakMb: number };
}

/**
 * Translates a recording.
 *
 * @param before recordings that are translated first: memory is counted from what the process settles at after them.
 */
export async function measureJob(
  service: ServiceProcess,
  recording: RecordingFile,
  fields: Readonly<Record<string, string>>,
  before: readonly RecordingFile[] = [],
): Promise<MeasuredJob> {
  const client = new JobClient(service.url);
  for (const each of before) await runJob(client, each, fields);
  if (before.length === 0) return runJob(client, recording, fields);
  const settled = await settledMb(service.pid);
  const { result, peakMb } = await peakMbDuring(service.pid, () => runJob(client, recording, fields));
  return { ...result, memory: { settledMb: settled, peakMb } };
}

export function subtitlesOf(
  service: ServiceProcess,
  { jobId }: FinishedJob,
  subtitles: 'source' | 'target',
): Promise<JobSubtitles> {
  return readSubtitles(new JobClient(service.url), jobId, subtitles);
}
