/** Lists of jobs, which the page asks for every two seconds: what they read of long logs, on one node and on several. */
import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { JobOrder } from '../../src/jobs/job.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { LocalQueue } from '../../src/jobs/local-queue.js';
import { LogCounts } from '../../src/jobs/log-counts.js';
import { JobStore } from '../../src/jobs/store.js';
import type { LogLine } from '../../src/jobs/segment-log.js';
import { startBeforeScript } from '../support/gateway.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';

const ORDER: JobOrder = {
  ...{ owner: 'me', client: 'me', requestId: 'r', transcript: false, format: 'json', subtitles: 'target' },
  profiles: [{ prompt: '', source: 'en', target: 'es', voice: null }],
};

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function newFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'jobs-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A node that sees the folder, and runs nothing. */
function nodeOf(dir: string): { store: JobStore; jobs: Jobs } {
  const logger = pino({ level: 'silent' });
  const store = new JobStore(dir);
  const options = { ttlMs: 3_600_000, maxPerKey: 10, hearsRecordings: true };
  return { store, jobs: new Jobs(store, new LocalQueue(1, logger), options, new EventEmitter(), logger) };
}

/** Each segment ends a second after the one before. */
function lineOf(index: number, { attempt = 1, isFailed = false } = {}): LogLine {
  const warnings = isFailed ? [{ code: 'segment-failed', detail: 'upstream-timeout' }] : [];
  const [startMs, endMs] = [index * 1_000, (index + 1) * 1_000];
  const translations = [{ target: 'es', text: 'Hola.' }];
  return { attempt, result: { index, startMs, endMs, pauses: [], translations, warnings } };
}

async function countsOf(jobs: Jobs): Promise<unknown[]> {
  return (await jobs.list('me', 10)).jobs.map(({ counts }) => counts);
}

it('reads nothing of the log of a job that has ended', async () => {
  const service = await startBeforeScript();
  closers.push(() => service.close());
  const client = new JobClient(service.url);
  const { jobId } = await client.create(await recordingOf(3));
  const job = await client.completed(jobId);
  const log = join(service.jobsDir, jobId, 'segments.jsonl');
  await rm(log);
  // A file of this name that cannot be read.
  await mkdir(log);
  const list = (await (await client.ask('/api/realtime/jobs')).json()) as { jobs: unknown[] };
  expect(list.jobs).toEqual([job]);
  expect(await client.get(jobId)).toEqual(job);
  expect(job).toMatchObject({ segments: 3, failedSegments: 0, processedMs: job.durationMs });
}, 60_000);

it('reads of a job that goes on only what any node has added since', async () => {
  const dir = await newFolder();
  const [{ store, jobs }, other] = [nodeOf(dir), nodeOf(dir)];
  const { record } = await jobs.create(ORDER, Buffer.from('sound'));
  const { jobId } = record;
  expect(await countsOf(other.jobs)).toEqual([{ segments: 0, failedSegments: 0, processedMs: 0 }]);
  for (const index of [0, 1]) await store.append(jobId, lineOf(index));
  const two = { segments: 2, failedSegments: 0, processedMs: 2_000 };
  expect(await countsOf(jobs)).toEqual([two]);
  expect(await countsOf(other.jobs)).toEqual([two]);
  // Nobody who reads it again finds a segment in what was read.
  const log = join(dir, jobId, 'segments.jsonl');
  await writeFile(log, ' '.repeat((await stat(log)).size - 1) + '\n');
  await store.append(jobId, lineOf(3, { isFailed: true }));
  await other.store.append(jobId, lineOf(3));
  const three = { segments: 3, failedSegments: 1, processedMs: 2_000 };
  // Many who ask at once read it once.
  expect(await Promise.all([1, 2, 3].map(() => countsOf(jobs)))).toEqual([[three], [three], [three]]);
  expect(await countsOf(other.jobs)).toEqual([three]);
  await store.append(jobId, lineOf(3, { attempt: 2 }));
  await store.append(jobId, lineOf(2, { attempt: 2 }));
  await store.append(jobId, { correction: { index: 2, target: 0, text: 'Buenas.' } });
  const all = { segments: 4, failedSegments: 0, processedMs: 4_000 };
  expect(await countsOf(jobs)).toEqual([all]);
  expect(await countsOf(other.jobs)).toEqual([all]);
});

it('counts the log of a job that an earlier version of the service ended', async () => {
  const dir = await newFolder();
  const { store, jobs } = nodeOf(dir);
  const { record } = await jobs.create(ORDER, Buffer.from('sound'));
  for (const index of [0, 1]) await store.append(record.jobId, lineOf(index, { isFailed: index === 1 }));
  const path = join(dir, record.jobId, 'job.json');
  const earlier = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  delete earlier.counts;
  await writeFile(path, JSON.stringify({ ...earlier, state: 'completed', durationMs: 2_000 }));
  expect(await countsOf(jobs)).toEqual([{ segments: 2, failedSegments: 1, processedMs: 2_000 }]);
});

it('forgets the counts of the jobs that were asked for least lately', async () => {
  const dir = await newFolder();
  const { store, jobs } = nodeOf(dir);
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const { record } = await jobs.create(ORDER, Buffer.from('sound'));
    await store.append(record.jobId, lineOf(0));
    ids.push(record.jobId);
  }
  const opened: string[] = [];
  const counts = new LogCounts((jobId) => {
    opened.push(jobId);
    return store.readLog(jobId);
  }, 2);
  const [first = '', second = '', third = ''] = ids;
  for (const jobId of [first, second, first, third, first, second])
    expect(await counts.of(jobId)).toMatchObject({ segments: 1 });
  expect(opened).toEqual([first, second, third, second]);
});
