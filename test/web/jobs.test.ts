/** The page's client of jobs, against the service. */
import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Jobs, type JobEvent } from '../../web/src/api/jobs.js';
import { Service } from '../../web/src/api/service.js';
import type { ApiKeyStore } from '../../web/src/api/api-key-store.js';
import { isErrorCode } from '../../web/src/i18n/index.js';
import { freePort } from '../support/free-port.js';
import { startGateway, type Running } from '../support/gateway.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';

const COUNT = 5;
const NO_KEY = { key: undefined, renew: () => Promise.resolve(false) } as unknown as ApiKeyStore;
const originalFetch = globalThis.fetch;

let recording: Buffer;
let upstream: Scripted;
let service: Running;
let env: Record<string, string>;
let folder: string;
let client: JobClient;
const jobs = new Jobs(new Service(NO_KEY, isErrorCode));

beforeAll(async () => {
  recording = await recordingOf(COUNT);
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'jobs-'));
  upstream = await startScripted();
  env = {
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url, PORT: String(await freePort()) },
    ...{ JOBS_DIR: folder, JOB_PARALLEL: '1' },
  };
  service = await startGateway(env);
  client = new JobClient(service.url);
  const { url } = service;
  // The page's addresses begin with a slash.
  globalThis.fetch = (input, init) =>
    originalFetch(typeof input === 'string' && input.startsWith('/') ? url + input : input, init);
});
afterEach(async () => {
  globalThis.fetch = originalFetch;
  await service.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

it('follows a job over a restart of the service, and tells each segment once', async () => {
  upstream.script.requests.when(({ number }) => number === 3, requestFault.hang());
  const { jobId } = await client.create(recording);
  const events: JobEvent[] = [];
  for await (const event of jobs.events(jobId, new AbortController().signal)) {
    events.push(event);
    if (event.type !== 'segment' || event.id !== '2') continue;
    // The one that hangs must not be left for the time after the restart.
    await upstream.script.until(() => upstream.script.requestCount === 3);
    await service.close();
    service = await startGateway(env);
  }
  expect(events.flatMap((event) => (event.type === 'segment' ? [event.id] : []))).toEqual([
    ...['1', '2', '3', '4', '5'],
  ]);
  expect(events.at(-1)).toMatchObject({ type: 'ended', job: { jobId, state: 'completed' } });
});

it('goes on after the event that a reader has', async () => {
  const { jobId } = await client.create(recording);
  await client.completed(jobId);
  const ids: string[] = [];
  for await (const event of jobs.events(jobId, new AbortController().signal, '3'))
    if (event.type === 'segment') ids.push(event.id);
  expect(ids).toEqual(['4', '5']);
});

it('ends with the job that failed, not with an error of its own', async () => {
  upstream.script.requests.when(({ number }) => number > 2, requestFault.requestError('invalid_api_key'));
  const { jobId } = await client.create(recording);
  let last: JobEvent | undefined;
  for await (const event of jobs.events(jobId, new AbortController().signal)) last = event;
  expect(last).toMatchObject({
    type: 'ended',
    job: { state: 'failed', problem: { code: 'upstream-rejected' } },
  });
  upstream.script.requests.clear();
  const { problem, ...resumed } = await jobs.resume(jobId);
  expect([problem, resumed.jobId]).toEqual([undefined, jobId]);
  await client.completed(jobId);
});

it('stops following when it is told to, and of a job that is deleted', async () => {
  upstream.script.requests.when(({ number }) => number > 1, requestFault.hang());
  const { jobId } = await client.create(recording);
  const leaving = new AbortController();
  const left = (async () => {
    for await (const event of jobs.events(jobId, leaving.signal))
      if (event.type === 'segment') leaving.abort();
  })();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  const deleted = (async () => {
    for await (const event of jobs.events(jobId, new AbortController().signal))
      if (event.type === 'segment') await jobs.remove(jobId);
  })();
  await expect(deleted).rejects.toMatchObject({ code: 'job-not-found' });
  await jobs.remove(jobId); // it is gone, which is what was wanted
});

it('gives results in every form, and puts corrections into them', async () => {
  const { jobId } = await client.create(recording, { target: 'es,fr', transcript: 'true' });
  await client.completed(jobId);
  expect(await jobs.patchSegment(jobId, 1, 'Corregido.')).toMatchObject({ index: 1, text: 'Corregido.' });
  expect(await jobs.patchSegment(jobId, 2, 'Corrigé.', 'fr')).toMatchObject({ target: 'fr' });
  expect(await (await jobs.result(jobId, { format: 'text' })).text()).toContain('Corregido.');
  const both = await jobs.result(jobId, { format: 'vtt', target: 'fr', subtitles: 'both' });
  expect(both.type).toBe('text/vtt;charset=utf-8');
  expect(await both.text()).toMatch(/ms of audio\nCorrigé\./);
  await expect(jobs.result(jobId, { format: 'srt', target: 'de' })).rejects.toMatchObject({
    code: 'not-found',
  });
  const { jobs: listed, nextCursor } = await jobs.list(1);
  expect([listed.map((job) => job.jobId), nextCursor]).toEqual([[jobId], null]);
});

it('tells whether one more job would be refused, where none are allowed too', async () => {
  expect(await jobs.isFull({ maxJobs: 0 })).toBe(true);
  expect(await jobs.isFull({ maxJobs: 1 })).toBe(false);
  await client.create(recording);
  expect(await jobs.isFull({ maxJobs: 1 })).toBe(true);
  expect(await jobs.isFull({ maxJobs: 2 })).toBe(false);
});
