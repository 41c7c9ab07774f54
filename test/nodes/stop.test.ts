/** The process and its signals: whatever it is doing, it ends as it should, and leaves nothing running and nothing on disk. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { post } from '../support/gateway.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { eventually } from '../support/programs.js';
import { startRedis } from '../support/redis.js';
import { ServiceProcess } from '../support/service.js';

const CLEAN = { code: 0, signal: null };
/** An end that waits for nobody takes moments; one that waits would take the whole grace. */
const GRACE_MS = 60_000;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(env: Record<string, string> = {}): Promise<{ service: ServiceProcess } & Scripted> {
  const upstream = await startScripted();
  opened.push(upstream);
  const service = await ServiceProcess.prepare({
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url },
    ...{ SHUTDOWN_GRACE_MS: String(GRACE_MS) },
    ...env,
  });
  opened.push(service);
  service.spawn();
  await service.ready();
  return { service, ...upstream };
}

async function translating(
  url: string,
  script: Scripted['script'],
  body: object,
): Promise<Promise<Response>[]> {
  const answer = post(`${url}/api/realtime/translate`, body);
  await script.until(() => script.answering === 1);
  return [answer];
}

/** Resolves once the service has taken the request: one that is still on its way to a port that closes is cut. */
async function underWay(url: string, body: object): Promise<{ response: Promise<IncomingMessage> }> {
  const headers = { 'content-type': 'application/json', expect: '100-continue' };
  const asking = request(url, { method: 'POST', headers });
  const response = once(asking, 'response').then(([message]) => (message as IncomingMessage).resume());
  asking.end(JSON.stringify(body));
  await once(asking, 'continue');
  return { response };
}

/** Processes that descend from this one, with the start time that tells them from later ones of the same id. */
async function descendants(root: number): Promise<string[]> {
  const parents = new Map<number, { parent: number; id: string }>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat !== '' && fields[0] !== 'Z')
      parents.set(Number(pid), { parent: Number(fields[1]), id: `${pid} since ${fields[19] ?? ''}` });
  }
  const found = new Set([root]);
  for (let grown = 0; grown !== found.size;) {
    grown = found.size;
    for (const [pid, { parent }] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return [...found].flatMap((pid) => parents.get(pid)?.id ?? []);
}

async function untilDead(ids: readonly string[]): Promise<void> {
  const alive = async (): Promise<string[]> => {
    const all = await descendants(1);
    return ids.filter((id) => all.includes(id));
  };
  await eventually(alive, (left) => left.length === 0);
}

describe('a first signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets what runs end, takes nothing more, and ends with 0',
    async (name) => {
      const { service, script } = await start();
      script.requests.next(requestFault.slow({ firstMs: 1_000, betweenMs: 10 }));
      const [answer] = await translating(service.url, script, { text: 'Hello' });
      service.signal(name);
      await eventually(
        async () => (await fetch(`${service.url}/readyz`)).status,
        (status) => status === 503,
      );
      const refused = await post(`${service.url}/api/realtime/translate`, { text: 'Hello' });
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ code: 'draining' });
      expect(refused.headers.get('connection')).toBe('close');
      expect(await (await answer)?.json()).toMatchObject({ text: 'Hello' });
      expect(await service.ended()).toEqual(CLEAN);
      await script.until(() => script.open.length === 0);
    },
  );

  it('during the start, before anything listens, is a clean stop as well', async () => {
    const service = await ServiceProcess.prepare({ LOG_LEVEL: 'info' });
    opened.push(service);
    service.spawn();
    await eventually(
      () => service.log.length,
      (lines) => lines > 0,
      30_000,
    );
    expect(service.log.some(({ msg }) => msg === 'listening')).toBe(false);
    expect(await service.stop()).toEqual(CLEAN);
    expect(service.complaints).toBe('');
  });

  it('ends in time where Redis is away and upstream cannot be reached', async () => {
    const redis = await startRedis();
    opened.push({ close: () => redis.stop() });
    const { service, script, server } = await start({ REDIS_URL: redis.url });
    redis.freeze();
    await server.destroy();
    await script.until(() => script.open.length === 0);
    const answer = await underWay(`${service.url}/api/realtime/translate`, { text: 'Hello' });
    expect(await service.stop()).toEqual(CLEAN);
    expect((await answer.response).statusCode).toBe(503);
    redis.thaw();
  });

  it('ends what takes too long: an upload, a stalled reader, a translation, and nothing is left', async () => {
    const { service, script } = await start({ SHUTDOWN_GRACE_MS: '500' });
    const translate = `${service.url}/api/realtime/translate`;
    script.requests.next(requestFault.hang({ after: 1 }));
    const hanging = post(translate, { text: 'Hello' });
    const uploading = request(translate, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 10_000_000 },
    });
    const cut = new Promise<string>((resolve) => {
      uploading
        .on('error', () => {
          resolve('cut');
        })
        .on('response', () => {
          resolve('answered');
        });
    });
    uploading.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n');
    uploading.write(encodeWav(Buffer.alloc(200_000)));
    await eventually(
      () => service.uploads(),
      (files) => files.length === 1,
    );
    script.answer = ({ items }) => (JSON.stringify(items).includes('much') ? 'word '.repeat(400_000) : 'x y');
    const stalled = connect(service.port, '127.0.0.1').on('error', () => undefined);
    const body = JSON.stringify({ text: 'Say much', stream: true });
    stalled.write(
      `POST /api/realtime/translate HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await script.until(() => script.answering === 2, 20_000);
    stalled.pause();

    expect(await service.stop()).toEqual(CLEAN);
    expect(await (await hanging).json()).toMatchObject({ code: 'draining', retryable: true });
    expect(await cut).toMatch(/cut|answered/);
    expect(await service.uploads()).toEqual([]);
    stalled.destroy();
  });
});

describe('a second signal', () => {
  it('ends the process at once, with 1', async () => {
    const { service, script } = await start();
    script.requests.next(requestFault.hang({ after: 0 }));
    const [answer] = await translating(service.url, script, { text: 'Hello' });
    const ended = answer?.then(
      () => 'answered',
      () => 'cut',
    );
    service.signal('SIGTERM');
    await eventually(
      () => service.log.map(({ msg }) => msg),
      (lines) => lines.includes('stopping'),
    );
    const from = performance.now();
    expect(await service.stop('SIGINT')).toEqual({ code: 1, signal: null });
    expect(performance.now() - from).toBeLessThan(GRACE_MS / 4);
    expect(await ended).toBe('cut');
  });
});

describe('the programs that the offline engine and ffmpeg run', () => {
  it.each([
    ['a clean stop', ['SIGTERM'], CLEAN],
    ['a second signal', ['SIGTERM', 'SIGINT'], { code: 1, signal: null }],
    ['a kill', ['SIGKILL'], { code: null, signal: 'SIGKILL' }],
  ] as const)('are gone after %s', async (_how, signals, exit) => {
    const service = await ServiceProcess.start({ REALTIME_PROVIDER: 'offline' });
    opened.push(service);
    const translate = `${service.url}/api/realtime/translate`;
    await post(translate, { text: 'Good morning.', source: 'en', target: 'es' });
    const ids = await descendants(service.pid);
    expect(ids.length).toBeGreaterThan(0);
    const busy = Array.from({ length: 6 }, (_, n) =>
      post(translate, { text: `Good morning, my ${n} friends.`, target: 'es', output: 'audio' }).catch(
        () => undefined,
      ),
    );
    for (const signal of signals) service.signal(signal);
    expect(await service.ended()).toEqual(exit);
    await Promise.all(busy);
    await untilDead(ids);
  });
});
