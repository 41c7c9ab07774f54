/** A disk that is full, and a folder of jobs that is not there: a clear error, and nothing of the job stays. */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

let service: Awaited<ReturnType<typeof startBeforeScript>> | undefined;
let disk: SmallDisk | undefined;
afterEach(async () => {
  await service?.close();
  await disk?.close();
  service = disk = undefined;
});

async function start(): Promise<{ client: JobClient; jobsDir: string } | undefined> {
  disk = await mountSmallDisk(4);
  if (disk === undefined) return undefined; // Only root may mount.
  const jobsDir = join(disk.folder, 'jobs');
  service = await startBeforeScript({ JOBS_DIR: jobsDir });
  return { client: new JobClient(service.url), jobsDir };
}

it('refuses an upload that does not fit with 507, and keeps nothing of it', async () => {
  const started = await start();
  if (started === undefined) return;
  const { client, jobsDir } = started;
  const response = await client.post(await recordingOf(40));
  expect(response.status).toBe(507);
  expect(await response.json()).toMatchObject({ code: 'storage-full' });
  expect(await readdir(jobsDir)).toEqual([]);
}, 60_000);

it('fails a job whose sound does not fit, keeps its record alone, and takes the next one', async () => {
  const started = await start();
  if (started === undefined) return;
  const { client, jobsDir } = started;
  // The upload fits, the sound beside it does not.
  const { jobId } = await client.create(await recordingOf(15));
  const failed = await client.completed(jobId);
  expect(failed).toMatchObject({ state: 'failed', problem: { code: 'storage-full', status: 507 } });
  expect(await readdir(join(jobsDir, jobId))).toEqual(['job.json']);
  const resumed = await client.ask(`/api/realtime/jobs/${jobId}/resume`, { method: 'POST' });
  expect(resumed.status).toBe(404);
  const { jobId: next } = await client.create(await recordingOf(4));
  expect(await client.completed(next)).toMatchObject({ state: 'completed', segments: 4 });
}, 60_000);

it('says that the folder of jobs cannot be used, and goes on once it is back', async () => {
  service = await startBeforeScript();
  const { jobsDir, url } = service;
  const client = new JobClient(url);
  const recording = await recordingOf(3);
  await rename(jobsDir, `${jobsDir}-away`);
  for (const ask of [
    () => client.post(recording),
    () => client.ask('/api/realtime/jobs'),
    () => client.ask(`/api/realtime/jobs/${'0'.repeat(32)}`),
  ]) {
    const response = await ask();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'store-unavailable' });
  }
  await rename(`${jobsDir}-away`, jobsDir);
  const { jobId } = await client.create(recording);
  expect(await client.completed(jobId)).toMatchObject({ state: 'completed' });
}, 60_000);
