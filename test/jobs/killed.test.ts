/** The process is killed at any moment, or stopped: a job goes on where it was, and asks for nothing twice. */
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { createUploadNamer } from '../../src/upload-dir.js';
import { eventually } from '../support/programs.js';
import { ServiceProcess } from '../support/service.js';

const COUNT = 40;
const PARALLEL = 8;

let recording: Buffer;
let upstream: Scripted | undefined;
let service: ServiceProcess | undefined;

beforeAll(async () => {
  recording = await recordingOf(COUNT);
}, 60_000);
afterEach(async () => {
  await service?.close();
  await upstream?.close();
  service = upstream = undefined;
});

async function start(env: Record<string, string> = {}) {
  upstream = await startScripted();
  service = await ServiceProcess.start({
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url },
    ...env,
  });
  return { service, script: upstream.script, client: new JobClient(service.url) };
}

/** The texts of the segments that are on the disk, half a line left out. */
async function stored(uploadDir: string, jobId: string): Promise<string[]> {
  const log = await readFile(join(uploadDir, 'jobs', jobId, 'segments.jsonl'), 'utf8').catch(() => '');
  return log
    .split('\n')
    .slice(0, -1)
    .map(
      (line) =>
        (JSON.parse(line) as { result: { translations: { text: string }[] } }).result.translations[0]?.text ??
        '',
    );
}

/** What was asked for, each by its answer. */
function asked(script: Scripted['script'], from = 0): string[] {
  return script.asked.slice(from).map(({ items }) => {
    const part = items.at(-1)?.parts.at(-1);
    return part?.type === 'audio' ? `${Math.round((part.audio?.length ?? 0) / 48)} ms of audio` : '';
  });
}

it('killed three times, it asks again only for what was in flight, and its result is the same', async () => {
  const { service, script, client } = await start({ JOB_PARALLEL: String(PARALLEL) });
  const { jobId: undisturbed } = await client.create(recording);
  await client.completed(undisturbed);
  const expected = await client.result(undisturbed, '?format=srt');
  // Each segment is known by its answer.
  expect(new Set(asked(script)).size).toBe(COUNT);

  const begin = script.requestCount;
  const kills = 3;
  /** The next ten are answered; what follows is in flight when the process is killed, however late that is. */
  const answerTen = (): void => {
    const last = script.requestCount + 10;
    script.requests.clear();
    script.requests.when(({ number }) => number > last, requestFault.hang());
    script.requests.when(() => true, requestFault.slow({ firstMs: 150 }));
  };
  answerTen();
  const { jobId } = await client.create(recording);
  let inFlight = 0;
  for (let kill = 1, from = begin; kill <= kills; kill += 1) {
    await client.until(jobId, ({ segments }) => segments >= 8 * kill);
    await service.stop('SIGKILL');
    await script.until(() => script.open.length === 0);
    const finished = await stored(service.uploadDir, jobId);
    const lost = asked(script, from).filter((text) => !finished.includes(text));
    expect(lost.length).toBeLessThanOrEqual(PARALLEL);
    inFlight += lost.length;
    from = script.asked.length;
    if (kill < kills) answerTen();
    else script.requests.clear();
    service.spawn();
    await service.ready();
    await client.until(jobId, ({ segments }) => segments > finished.length);
    expect(asked(script, from).filter((text) => finished.includes(text))).toEqual([]);
  }
  const done = await client.completed(jobId);
  expect(done).toMatchObject({ state: 'completed', segments: COUNT, failedSegments: 0 });
  expect(await client.result(jobId, '?format=srt')).toBe(expected);
  const total = script.requestCount - begin;
  process.stdout.write(
    `killed ${kills} times: ${total} requests for ${COUNT} segments, ${inFlight} were in flight\n`,
  );
  expect(total).toBe(COUNT + inFlight);
}, 180_000);

it('killed while it is decoded, it is decoded again, and ended as if nothing had been', async () => {
  const { service, client } = await start();
  for (const afterMs of [0, 5, 20, 60]) {
    const { jobId } = await client.create(recording);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await service.stop('SIGKILL');
    service.spawn();
    await service.ready();
    expect(await client.completed(jobId)).toMatchObject({
      state: 'completed',
      segments: COUNT,
      failedSegments: 0,
    });
  }
  expect(await service.uploads()).toEqual([]);
}, 180_000);

it('stopped, it pauses at once, and goes on after the restart', async () => {
  const { service, script, client } = await start();
  script.requests.when(() => true, requestFault.slow({ firstMs: 150 }));
  const { jobId } = await client.create(recording);
  await client.until(jobId, ({ segments }) => segments >= 10);
  const following = (async () => {
    let last = '';
    for await (const { event, data } of client.events(jobId)) last = `${event} ${String(data.code)}`;
    return last;
  })();
  const from = performance.now();
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(await following).toBe('error draining');
  const finished = await stored(service.uploadDir, jobId);
  const begin = script.asked.length;
  service.spawn();
  await service.ready();
  expect(await client.completed(jobId)).toMatchObject({ state: 'completed', segments: COUNT });
  expect(asked(script, begin).filter((text) => finished.includes(text))).toEqual([]);
}, 120_000);

it('removes at its start what a killed process was writing into a job, and nothing that another writes', async () => {
  const { service, client } = await start();
  const { jobId } = await client.create(await recordingOf(1));
  await client.completed(jobId);
  const folder = join(service.uploadDir, 'jobs', jobId);
  const before = await readdir(folder);
  const { pid } = service;
  await service.stop('SIGKILL');
  const ofThis = createUploadNamer()();
  const of = (writer: string): string => ofThis.replace(/^upload-\w+-\d+/, `upload-${writer}`);
  const host = /^upload-(\w+)/.exec(ofThis)?.[1] ?? '';
  const old = `job.json.${of('00000000-1')}`;
  const left = [`job.json.${of(`${host}-${pid}`)}`, `peaks.${of(`${host}-${pid}`)}`, old];
  const kept = [`job.json.${ofThis}`, `peaks.${of('00000000-2')}`];
  for (const name of [...left, ...kept]) await writeFile(join(folder, name), '{');
  const anHourAgo = new Date(Date.now() - 3_700_000);
  await utimes(join(folder, old), anHourAgo, anHourAgo);
  service.spawn();
  await service.ready();
  const expected = [...before, ...kept].sort();
  const names = await eventually(
    async () => (await readdir(folder)).sort(),
    (found) => found.length <= expected.length,
  );
  expect(names).toEqual(expected);
  expect(await client.get(jobId)).toMatchObject({ jobId, state: 'completed' });
}, 60_000);
