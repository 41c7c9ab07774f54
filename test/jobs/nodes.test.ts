/** Two nodes, one Redis and one folder of jobs: a job survives the node that runs it, and the loss of Redis. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { SHARED_QUEUE_TIMING } from '../../src/jobs/shared-queue.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { QUICK_NODE, SHORT_TIMING } from '../support/jobs/timing.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { ServiceProcess } from '../support/service.js';

const COUNT = 40;

let recording: Buffer;
const opened: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  recording = await recordingOf(COUNT);
}, 60_000);
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface Nodes {
  readonly nodes: readonly [ServiceProcess, ServiceProcess];
  readonly script: Scripted['script'];
  readonly redis: TestRedis;
  readonly jobsDir: string;
}

async function start(options: { shared: boolean } = { shared: true }): Promise<Nodes> {
  const upstream = await startScripted();
  opened.push(() => upstream.close());
  const redis = await startRedis();
  opened.push(() => redis.stop());
  const jobsDir = await mkdtemp(join(tmpdir(), 'jobs-'));
  opened.push(() => rm(jobsDir, { recursive: true, force: true }));
  const env = {
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url, REDIS_URL: redis.url },
    ...(options.shared && { JOBS_DIR: jobsDir }),
  };
  const prepare = () => ServiceProcess.prepare(env, [], QUICK_NODE);
  const nodes = [await prepare(), await prepare()] as const;
  for (const node of nodes) {
    opened.push(() => node.close());
    node.spawn();
  }
  await Promise.all(nodes.map((node) => node.ready()));
  return { nodes, script: upstream.script, redis, jobsDir };
}

/** The node that runs a job, and the other one. */
async function findRunner(nodes: Nodes['nodes']): Promise<[ServiceProcess, ServiceProcess]> {
  for (;;) {
    for (const [index, node] of nodes.entries()) {
      const health = (await (await fetch(`${node.url}/health`)).json()) as { jobs: { running: number } };
      if (health.jobs.running > 0) return [node, index === 0 ? nodes[1] : nodes[0]];
    }
  }
}

it('another node takes over from one that died, once its lock has ended, without asking twice', async () => {
  const { nodes, script } = await start();
  // Half of the job is left for the other node, however late its first one is killed.
  script.requests.when(({ number }) => number > COUNT / 2, requestFault.hang());
  script.requests.when(() => true, requestFault.slow({ firstMs: 250 }));
  const { jobId } = await new JobClient(nodes[0].url).create(recording);
  const [runner, other] = await findRunner(nodes);
  const client = new JobClient(other.url);
  const { segments } = await client.until(jobId, (job) => job.segments >= 10);
  // A reader on the other node sees what comes.
  const following = (async () => {
    const ids: string[] = [];
    for await (const { id, event } of client.events(jobId)) ids.push(id ?? event);
    return ids;
  })();
  await runner.stop('SIGKILL');
  const diedAt = performance.now();
  script.requests.clear();
  const { segments: left } = await client.get(jobId);
  await client.until(jobId, (job) => job.segments > left, 60_000);
  const takeoverMs = Math.round(performance.now() - diedAt);
  process.stdout.write(`a job was taken over ${takeoverMs} ms after its node had been killed\n`);
  const { lockMs, stalledMs } = SHORT_TIMING;
  // And what a segment takes.
  expect(takeoverMs).toBeLessThan(lockMs + stalledMs + 4_000);
  expect(await client.completed(jobId)).toMatchObject({
    state: 'completed',
    segments: COUNT,
    failedSegments: 0,
  });
  expect(script.requestCount).toBeLessThanOrEqual(COUNT + 8);
  const ids = await following;
  expect(ids.filter((id) => /^\d+$/.test(id))).toEqual(
    Array.from({ length: COUNT }, (_, n) => String(n + 1)),
  );
  expect(ids.at(-1)).toBe('translation.done');
  expect(segments).toBeGreaterThanOrEqual(10);
}, 180_000);

it('a job of a node that died is found within half a minute, by the times that are in force', () => {
  const { lockMs, stalledMs } = SHARED_QUEUE_TIMING;
  expect(lockMs + stalledMs).toBeLessThanOrEqual(30_000);
});

it('a node that stops hands its job over at once, and one deleted elsewhere ends', async () => {
  const { nodes, script, jobsDir } = await start();
  script.requests.when(() => true, requestFault.slow({ firstMs: 2_000 }));
  const { jobId } = await new JobClient(nodes[0].url).create(recording);
  const [runner, other] = await findRunner(nodes);
  const client = new JobClient(other.url);
  const { segments } = await client.until(jobId, (job) => job.segments >= 8);
  expect(await runner.stop()).toEqual({ code: 0, signal: null });
  const stoppedAt = performance.now();
  await client.until(jobId, (job) => job.segments > segments + 8);
  expect(performance.now() - stoppedAt).toBeLessThan(12_000);
  script.requests.clear();
  script.requests.when(() => true, requestFault.hang());
  runner.spawn();
  await runner.ready();
  const elsewhere = new JobClient(runner.url);
  await script.until(() => script.answering >= 8);
  expect((await elsewhere.ask(`/api/realtime/jobs/${jobId}`, { method: 'DELETE' })).status).toBe(204);
  await script.until(() => script.answering === 0);
  expect((await readdir(jobsDir)).filter((name) => name !== 'volume')).toEqual([]);
}, 180_000);

it('without Redis nothing is accepted and nothing is lost; with it, everything goes on', async () => {
  const { nodes, script, redis, jobsDir } = await start();
  script.requests.when(() => true, requestFault.slow({ firstMs: 2_000 }));
  const client = new JobClient(nodes[0].url);
  const { jobId } = await client.create(recording);
  await client.until(jobId, (job) => job.segments >= 8);
  await redis.kill();
  const refused = await client.post(recording);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: 'store-unavailable', retryable: true });
  expect((await readdir(jobsDir)).filter((name) => name !== 'volume')).toEqual([jobId]);
  expect(await client.get(jobId)).toMatchObject({ jobId, state: 'running' });
  // Even the queue is gone; what is on the disk counts.
  await redis.restart({ empty: true });
  // What is asked from now on need not be slow.
  script.requests.clear();
  expect(await client.completed(jobId, 120_000)).toMatchObject({ state: 'completed', segments: COUNT });
  const { jobId: next } = await client.create(recording);
  expect(await client.completed(next, 120_000)).toMatchObject({ state: 'completed', segments: COUNT });
}, 240_000);

it('a job of a folder that no other node sees waits for its own node', async () => {
  const { nodes, script } = await start({ shared: false });
  script.requests.when(() => true, requestFault.slow({ firstMs: 250 }));
  const [own, other] = nodes;
  const client = new JobClient(own.url);
  const { jobId } = await client.create(recording);
  await client.until(jobId, (job) => job.segments >= 8);
  await own.stop('SIGKILL');
  expect((await new JobClient(other.url).ask(`/api/realtime/jobs/${jobId}`)).status).toBe(404);
  const { requestCount } = script;
  await script.until(() => script.answering === 0);
  own.spawn();
  await own.ready();
  expect(script.requestCount).toBeGreaterThanOrEqual(requestCount);
  expect(await client.completed(jobId, 120_000)).toMatchObject({ state: 'completed', segments: COUNT });
  expect(script.requestCount).toBeLessThanOrEqual(COUNT + 8);
}, 180_000);
