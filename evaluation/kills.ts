/** A job whose service is killed on its way: what is asked for again, and whether its result is that of one left alone. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { JobClient } from '../test/support/jobs/client.js';
import type { ServiceProcess } from '../test/support/service.js';
import type { EngineInput } from './engines.js';
import { createJob, runJob } from './job-run.js';
import { ANSWER_MS, KnownUpstream, type AskedSegment } from './known-upstream.js';
import { withUpstream, type StartService } from './service.js';

const KILLS = 3;
const WITHIN_MS = 900_000;
const FIELDS = { target: 'en' };

export interface KillsResult {
  readonly kills: number;
  readonly segments: number;
  /** The most segments that a kill finds under way. */
  readonly parallel: number;
  /** Requests for all of them. */
  readonly requests: number;
  /** Requests for a segment that was on the disk before a kill, or that the same process had asked for already. */
  readonly askedAgain: number;
  /** Requests that cannot be told apart, because nobody speaks in them. */
  readonly unknown: number;
  readonly isEqual: boolean;
}

/** Kills the process (SIGKILL) at each quarter of the segments. */
export async function measureKills(
  start: StartService,
  { recording, file }: Pick<EngineInput, 'recording' | 'file'>,
  parallel: number,
): Promise<KillsResult> {
  const upstream = await KnownUpstream.start(file, recording.sentences, ANSWER_MS);
  try {
    const service = await start(withUpstream(upstream, parallel));
    try {
      const client = new JobClient(service.url);
      const undisturbed = await runJob(client, file, FIELDS);
      const { segments } = await client.get(undisturbed.jobId);
      const before = upstream.asked.length;
      const jobId = await createJob(client, file, FIELDS);
      const killed: Kill[] = [];
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const share = (segments * kill) / (KILLS + 1);
        await client.until(jobId, (job) => job.segments >= share, WITHIN_MS);
        killed.push(await killAndRestart(service, upstream, jobId));
      }
      await client.completed(jobId, WITHIN_MS);
      const asked = upstream.asked.slice(before);
      return {
        ...{ kills: KILLS, segments, parallel, requests: asked.length },
        askedAgain: countAskedAgain(upstream.asked, before, killed),
        unknown: asked.filter(({ fromMs }) => fromMs === undefined).length,
        isEqual: (await contentOf(client, jobId)) === (await contentOf(client, undisturbed.jobId)),
      };
    } finally {
      await service.close();
    }
  } finally {
    await upstream.close();
  }
}

const lineSchema = z.object({ result: z.object({ startMs: z.number() }) });

interface Kill {
  /** Where the segments begin that were on the disk when the process was gone. */
  readonly finished: readonly number[];
  /** Requests until then. */
  readonly from: number;
}

async function killAndRestart(
  service: ServiceProcess,
  upstream: KnownUpstream,
  jobId: string,
): Promise<Kill> {
  await service.stop('SIGKILL');
  await upstream.script.until(() => upstream.script.open.length === 0 && upstream.script.answering === 0);
  const log = await readFile(join(service.uploadDir, 'jobs', jobId, 'segments.jsonl'), 'utf8');
  // What follows the last end of a line is half a segment, or nothing.
  const lines = log.split('\n').slice(0, -1);
  const finished = lines.map((line) => lineSchema.parse(JSON.parse(line)).result.startMs);
  const from = upstream.asked.length;
  service.spawn();
  await service.ready();
  return { finished, from };
}

/** Those that were under way at a kill are not counted: nothing of them was on the disk. */
function countAskedAgain(asked: readonly AskedSegment[], begun: number, kills: readonly Kill[]): number {
  const lives = [{ finished: [], from: begun }, ...kills];
  return lives.reduce((sum, { finished, from }, life) => {
    const own = asked.slice(from, lives[life + 1]?.from);
    const again = own.filter(
      (each, index) =>
        isOneOf(each, finished) || own.slice(0, index).some(({ fromMs }) => fromMs === each.fromMs),
    );
    return sum + again.length;
  }, 0);
}

/** A segment is sent with at most 200 ms before its speech. */
function isOneOf({ fromMs }: AskedSegment, starts: readonly number[]): boolean {
  return fromMs !== undefined && starts.some((startMs) => startMs >= fromMs && startMs - fromMs <= 200);
}

/** Everything that a reader of the result sees. */
async function contentOf(client: JobClient, jobId: string): Promise<string> {
  const { segments } = z
    .object({ segments: z.array(z.unknown()) })
    .parse(JSON.parse(await client.result(jobId, '?format=verbose_json')));
  const files = await Promise.all(
    ['srt', 'vtt', 'text'].map((format) => client.result(jobId, `?format=${format}`)),
  );
  return JSON.stringify([segments, ...files]);
}
