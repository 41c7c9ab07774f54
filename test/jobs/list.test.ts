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
import { requestFault } from '../support/offline.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { until } from '../support/until.js';

const ORDER: JobOrder = {
  ...{ owner: 'me', client: 'me', requestId: 'r', transcript: false, format: 'json', subtitles: 'target' },
  profiles: [{ prompt: '', source: 'en', target: 'es', voice: null }],
};

/** Jobs whose files could not be used. */
const passedOver: string[] = [];

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  passedOver.length = 0;
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
  const store = new JobStore(dir, (jobId) => passedOver.push(jobId));
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

/** A file of a job that cannot be read: something else has its name. */
async function spoil(dir: string, jobId: string, name: string): Promise<void> {
  await rm(join(dir, jobId, name), { force: true });
  await mkdir(join(dir, jobId, name));
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
  await spoil(service.jobsDir, jobId, 'segments.jsonl');
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

it('lists a job whose log cannot be read with the reason, beside the others', async () => {
  const service = await startBeforeScript();
  closers.push(() => service.close());
  const { script } = service;
  const client = new JobClient(service.url);
  const { jobId: whole } = await client.create(await recordingOf(2));
  await client.completed(whole);
  script.requests.every(requestFault.hang());
  const { jobId } = await client.create(await recordingOf(2));
  await script.until(() => script.answering === 2);
  await spoil(service.jobsDir, jobId, 'segments.jsonl');
  const response = await client.ask('/api/realtime/jobs');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    jobs: [
      expect.objectContaining({
        ...{ jobId, state: 'running', segments: 0 },
        problem: expect.objectContaining({ code: 'store-unavailable', status: 503, retryable: true }),
      }),
      await client.get(whole),
    ],
    nextCursor: null,
  });
  for (const path of ['', '/result?partial=true', '/segments/0'])
    expect(
      await client.ask(`/api/realtime/jobs/${jobId}${path}`, {
        ...(path.startsWith('/seg') && { method: 'PATCH', body: new URLSearchParams({ text: 'Hola.' }) }),
      }),
    ).toMatchObject({ status: 503 });
  expect((await client.ask(`/api/realtime/jobs/${jobId}`, { method: 'DELETE' })).status).toBe(204);
}, 60_000);

it('passes over a job that cannot be read, in lists and at the start, and says so where all are', async () => {
  const dir = await newFolder();
  const { store, jobs } = nodeOf(dir);
  const recording = await recordingOf(1);
  const ids: string[] = [];
  for (let n = 0; n < 2; n += 1) ids.push((await jobs.create(ORDER, recording)).record.jobId);
  const [readable = '', spoilt = ''] = ids;
  await spoil(dir, spoilt, 'job.json');
  // One node knows whose job it is, the other does not.
  for (const each of [jobs, nodeOf(dir).jobs])
    expect((await each.list('me', 10)).jobs.map(({ record }) => record.jobId)).toEqual([readable]);
  expect(passedOver).toEqual([spoilt, spoilt]);

  const service = await startBeforeScript({ JOBS_DIR: dir });
  closers.push(() => service.close());
  await until('the job goes on', async () => (await store.read(readable))?.state === 'completed');

  await spoil(dir, readable, 'job.json');
  await expect(nodeOf(dir).jobs.list('me', 10)).rejects.toMatchObject({ code: 'store-unavailable' });
}, 60_000);
