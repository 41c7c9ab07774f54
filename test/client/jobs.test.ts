/** Jobs by the client: followed over connections that break, to the end of the job or of the service. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { ServiceHttp } from '../../src/client/http.js';
import { JobsClient } from '../../src/client/jobs.js';
import { TranslationClient, TranslationError, type JobStreamEvent } from '../../src/client/index.js';
import { freePort } from '../support/free-port.js';
import { startBeforeScript } from '../support/gateway.js';
import { recordingOf } from '../support/jobs/client.js';
import { requestFault, startScripted } from '../support/offline.js';
import { ServiceProcess } from '../support/service.js';

const COUNT = 6;

let recording: Buffer;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  recording = await recordingOf(COUNT);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(env: Record<string, string> = {}) {
  const service = await startBeforeScript(env);
  closers.push(() => service.close());
  return { service, script: service.script, client: new TranslationClient({ url: service.url }) };
}

/** Passes bytes to and from the service, and cuts all connections when it is told to. */
async function startProxy(
  port: number,
): Promise<{ url: string; cut: () => void; connections: () => number }> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const upstream = connect(port, '127.0.0.1');
    for (const each of [socket, upstream]) {
      open.add(each);
      each.on('error', () => undefined).on('close', () => open.delete(each));
    }
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  closers.push(async () => {
    server.close();
    cut();
    await once(server, 'close');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    connections: () => connections,
  };
}

it('makes a job, waits for it, reads and corrects its result, and deletes it', async () => {
  const { client } = await start();
  const job = await client.jobs.create({
    file: recording,
    source: 'en',
    target: ['es', 'fr'],
    format: 'text',
  });
  const seen: JobStreamEvent['type'][] = [];
  const done = await client.jobs.wait(job.jobId, { onEvent: ({ type }) => seen.push(type) });
  expect(done).toEqual(await client.jobs.get(job.jobId));
  expect(done).toMatchObject({ state: 'completed', segments: COUNT });
  expect(seen.filter((type) => type === 'translation.segment')).toHaveLength(2 * COUNT);

  const corrected = await client.jobs.correct(job.jobId, 1, 'Corrigé.', { target: 'fr' });
  expect(corrected).toMatchObject({ index: 1, text: 'Corrigé.', target: 'fr' });
  expect(await client.jobs.result(job.jobId)).toMatch(/^\d+ ms of audio\n/);
  const srt: string = await client.jobs.result(job.jobId, { format: 'srt', target: 'fr' });
  expect(srt).toContain('Corrigé.');
  const { segments } = await client.jobs.result(job.jobId, { format: 'verbose_json' });
  expect(segments).toHaveLength(COUNT);

  const { jobId } = await client.jobs.create({ file: recording, target: 'es' });
  const ids: string[] = [];
  for await (const each of client.jobs.all({ limit: 1 })) ids.push(each.jobId);
  expect(ids).toEqual([jobId, job.jobId]);
  expect((await client.jobs.list({ limit: 1 })).nextCursor).not.toBeNull();
  await client.jobs.delete(jobId);
  await client.jobs.delete(job.jobId);
  await expect(client.jobs.get(job.jobId)).rejects.toMatchObject({ status: 404, code: 'job-not-found' });
});

it('goes on after the last event where a connection is lost, and where it has been told to', async () => {
  const { service, script, client } = await start({ JOB_PARALLEL: '1' });
  const proxy = await startProxy(Number(new URL(service.url).port));
  // The job is still under way when its connection is cut.
  const rest = requestFault.held();
  script.requests.when(({ number }) => number > 2, rest);
  const { jobId } = await client.jobs.create({ file: recording, source: 'en', target: 'es' });
  const indexes: number[] = [];
  let lastEventId: string | undefined;
  for await (const event of new TranslationClient({ url: proxy.url }).jobs.events(jobId)) {
    if (event.type !== 'translation.segment') continue;
    indexes.push(event.index);
    if (event.index === 1) {
      proxy.cut();
      rest.release();
    }
    if (event.index === 3) ({ lastEventId } = event);
  }
  expect(indexes).toEqual([0, 1, 2, 3, 4, 5]);
  expect(proxy.connections()).toBeGreaterThan(1);
  const later: number[] = [];
  for await (const event of client.jobs.events(jobId, { lastEventId }))
    if (event.type === 'translation.segment') later.push(event.index);
  expect(later).toEqual([4, 5]);
});

it('follows a job over a restart of the service', async () => {
  const upstream = await startScripted();
  closers.push(() => upstream.close());
  upstream.script.requests.when(({ number }) => number > 2, requestFault.slow({ firstMs: 300 }));
  const service = await ServiceProcess.start({
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url, JOB_PARALLEL: '1' },
  });
  closers.push(() => service.close());
  const { jobs } = new TranslationClient({ url: service.url });
  const { jobId } = await jobs.create({ file: recording, source: 'en', target: 'es' });
  const indexes: number[] = [];
  let restarted: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    await service.stop();
    service.spawn();
  };
  for await (const event of jobs.events(jobId)) {
    if (event.type !== 'translation.segment') continue;
    indexes.push(event.index);
    if (event.index === 1) restarted = restart();
  }
  await restarted;
  expect(indexes).toEqual([0, 1, 2, 3, 4, 5]);
});

it('throws why a job failed, resumes it, and stops following one that is deleted', async () => {
  const { script, client } = await start({ JOB_PARALLEL: '1' });
  script.requests.when(({ number }) => number > 3, requestFault.requestError('invalid_api_key'));
  const { jobId } = await client.jobs.create({ file: recording, source: 'en', target: 'es' });
  await expect(client.jobs.wait(jobId)).rejects.toMatchObject({ status: 502, code: 'upstream-rejected' });
  script.requests.clear();
  expect((await client.jobs.resume(jobId)).jobId).toBe(jobId);
  expect(await client.jobs.wait(jobId)).toMatchObject({ state: 'completed', failedSegments: 0 });

  script.requests.when(() => true, requestFault.hang());
  const other = await client.jobs.create({ file: recording, source: 'en', target: 'es' });
  await script.until(() => script.answering > 0);
  const ended = client.jobs.wait(other.jobId).catch((error: unknown) => error);
  await client.jobs.delete(other.jobId);
  const error = await ended;
  expect(error).toBeInstanceOf(TranslationError);
  expect(error).toMatchObject({ code: 'job-not-found' });
});

it('stops following with its signal, and leaves the job', async () => {
  const { script, client } = await start();
  script.requests.when(() => true, requestFault.hang());
  const { jobId } = await client.jobs.create({ file: recording, source: 'en', target: 'es' });
  const abort = new AbortController();
  const waiting = client.jobs.wait(jobId, { signal: abort.signal });
  await script.until(() => script.answering > 0);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect((await client.jobs.get(jobId)).state).toBe('running');
  await client.jobs.delete(jobId);
});

it('tells a job that failed from a service that stops, where both say the same', async () => {
  const problem = {
    ...{ type: 'urn:x', title: 'Store unavailable', status: 503, code: 'store-unavailable', requestId: 'r' },
    ...{ detail: 'The folder of jobs cannot be used.', retryable: true },
  };
  let [state, streams] = ['running', 0];
  const server = createHttpServer((req, res) => {
    if (req.url?.endsWith('/events') !== true) {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ state, ...(state === 'failed' && { problem }) }));
      return;
    }
    streams += 1;
    res.setHeader('content-type', 'text/event-stream');
    res.end(`event: error\ndata: ${JSON.stringify(problem)}\n\n`);
    if (streams === 2) state = 'failed';
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(new TranslationClient({ url }).jobs.wait('any')).rejects.toMatchObject({
    code: 'store-unavailable',
  });
  expect(streams).toBe(2);
});

/** Waits for nothing, and notes how long it would have waited. */
function impatient(url: string): { jobs: JobsClient; waits: number[] } {
  const waits: number[] = [];
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  return { jobs: new JobsClient(new ServiceHttp({ url }), wait), waits };
}

const A_MINUTE = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];

it('gives up after a minute in which nothing answers', async () => {
  const { jobs, waits } = impatient(`http://127.0.0.1:${await freePort()}`);
  await expect(jobs.wait('any')).rejects.toMatchObject({ code: 'unreachable' });
  expect(waits).toEqual(A_MINUTE);
});

it('counts the minute from the last event, and waits as long as the service asks', async () => {
  let streams = 0;
  const known: unknown[] = [];
  const server = createHttpServer((req, res) => {
    streams += 1;
    known.push(req.headers['last-event-id']);
    if (streams === 2) {
      res.setHeader('content-type', 'text/event-stream');
      res.end('id: 7\nevent: translation.segment\ndata: {"index":6}\n\n');
    } else {
      res.writeHead(503, { 'content-type': 'text/plain', ...(streams === 4 && { 'retry-after': '9' }) });
      res.end('down');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const { jobs, waits } = impatient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await expect(jobs.wait('any')).rejects.toMatchObject({ status: 503, code: 'unexpected-answer' });
  expect(waits).toEqual([500, ...A_MINUTE.with(2, 9_000)]);
  expect(known).toEqual([undefined, undefined, ...Array<string>(8).fill('7')]);
});
