/** How much faster segments are many at a time than one after the other, with an upstream that takes a second for each. */
import { JobClient } from '../test/support/jobs/client.js';
import type { EngineInput } from './engines.js';
import { runJob } from './job-run.js';
import { ANSWER_MS, KnownUpstream } from './known-upstream.js';
import { withUpstream, type StartService } from './service.js';

export interface ParallelResult {
  readonly parallel: number;
  /** From the first byte of the upload to the event that ends the job. */
  readonly parallelMs: number;
  readonly serialMs: number;
}

export async function measureParallel(
  start: StartService,
  input: Pick<EngineInput, 'recording' | 'file'>,
  parallel: number,
): Promise<ParallelResult> {
  const parallelMs = await wallMs(start, input, parallel);
  return { parallel, parallelMs, serialMs: await wallMs(start, input, 1) };
}

async function wallMs(
  start: StartService,
  { recording, file }: Pick<EngineInput, 'recording' | 'file'>,
  parallel: number,
): Promise<number> {
  const upstream = await KnownUpstream.start(file, recording.sentences, ANSWER_MS);
  try {
    const service = await start(withUpstream(upstream, parallel));
    try {
      return (await runJob(new JobClient(service.url), file, { target: 'en' })).wallMs;
    } finally {
      await service.close();
    }
  } finally {
    await upstream.close();
  }
}
