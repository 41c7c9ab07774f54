/** The configuration of nginx in the docs: what it lets through, what it says by itself, and that compose uses it. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { post } from '../support/gateway.js';
import { JobClient } from '../support/jobs/client.js';
import { requestFault } from '../support/offline.js';
import { startCluster, type Cluster } from '../support/nodes/cluster.js';

const MB = 1_048_576;

let cluster: Cluster;

describe('through nginx', () => {
  afterEach(() => cluster.close());

  it('come ids, long headers, sizes and errors as they are, and its own errors read like ours', async () => {
    cluster = await startCluster({ MAX_UPLOAD_MB: '50' });
    const { a, b, nginx } = cluster;
    const url = `${nginx.url}/api/realtime/translate`;
    const named = await post(url, { text: 'Hello' }, { headers: { 'x-request-id': 'mine-1' } });
    expect(named.headers.get('x-request-id')).toBe('mine-1');
    const renamed = await post(url, { text: 'Hello' }, { headers: { 'x-request-id': 'not "good"' } });
    expect(renamed.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);

    const text = 'ü'.repeat(1_300);
    const wav = await post(url, { text }, { headers: { accept: 'audio/wav' } });
    expect(decodeURIComponent(wav.headers.get('x-translation-text') ?? '')).toBe(text);
    await wav.arrayBuffer();

    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(51 * MB)]), 'large.wav');
    const tooLarge = await fetch(url, { method: 'POST', body: form });
    expect(await tooLarge.json()).toMatchObject({ code: 'payload-too-large', status: 413 });
    expect(tooLarge.headers.get('x-content-type-options')).toBe('nosniff');
    const ofNginx = await fetch(url, { method: 'POST', body: new Uint8Array(65 * MB) });
    expect(ofNginx.headers.get('content-type')).toBe('application/problem+json');
    expect(await ofNginx.json()).toMatchObject({ code: 'payload-too-large', status: 413 });
    expect((await fetch(`${nginx.url}/metrics`)).status).toBe(404);

    await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')]);
    const nobody = await post(url, { text: 'Hello' }, { headers: { 'x-request-id': 'mine-2' } });
    expect(nobody.status).toBe(502);
    expect(nobody.headers.get('content-type')).toBe('application/problem+json');
    expect(await nobody.json()).toMatchObject({
      ...{ code: 'upstream-unavailable', retryable: true, requestId: 'mine-2' },
    });
  }, 120_000);

  it('comes the first word of a stream before its end, and a refusal by every node as it was told', async () => {
    cluster = await startCluster({ POOL_MAX_SOCKETS: '1', POOL_MAX_PER_SOCKET: '1', POOL_MAX_WAITING: '0' });
    const { upstream, nginx } = cluster;
    upstream.script.answer = () => 'one two three';
    upstream.script.requests.when(({ number }) => number <= 2, requestFault.hang({ after: 1 }));
    const url = `${nginx.url}/api/realtime/translate`;
    const streams = [await firstWord(url), await firstWord(url)];
    const refused = await post(url, { text: 'Hello' });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'pool-saturated' });
    // nginx tells the node that the reader has gone, and the node tells upstream.
    await Promise.all(streams.map((reader) => reader.cancel()));
    await upstream.script.until(() => upstream.script.answering === 0);
  }, 120_000);

  it('comes a recording of any size as a job, and the events of it', async () => {
    cluster = await startCluster();
    // Larger than anything else may be, and without a word in it.
    const silence = encodeWav(Buffer.alloc(70 * MB));
    const client = new JobClient(cluster.nginx.url);
    // Each node has a folder of its own here: only the one that has the job knows it.
    const { jobId } = await client.create(silence);
    const known = await Promise.all(
      [cluster.a, cluster.b].map(({ url }) => new JobClient(url).ask(`/api/realtime/jobs/${jobId}`)),
    );
    expect(known.map(({ status }) => status).sort()).toEqual([200, 404]);
    await (known[0]?.status === 200 ? cluster.b : cluster.a).stop('SIGKILL');
    const events: string[] = [];
    for await (const { event } of client.events(jobId)) events.push(event);
    expect(events.at(-1)).toBe('translation.done');
    expect(await client.get(jobId)).toMatchObject({ state: 'completed', segments: 0 });
  }, 120_000);

  it('comes a recording of any size to be translated where it becomes a job, and nowhere else', async () => {
    cluster = await startCluster();
    const form = new FormData();
    form.append('target', 'es');
    form.append('file', new Blob([new Uint8Array(encodeWav(Buffer.alloc(70 * MB)))]), 'silence.wav');
    const translate = (
      headers: Record<string, string>,
      path = '/api/realtime/translate',
    ): Promise<Response> => fetch(`${cluster.nginx.url}${path}`, { method: 'POST', headers, body: form });
    for (const path of ['/api/realtime/translate', '/API/realtime/Translate/']) {
      const accepted = await translate({ prefer: 'wait=10, respond-async' }, path);
      expect(accepted.status).toBe(202);
      expect(accepted.headers.get('preference-applied')).toBe('respond-async');
      expect(accepted.headers.get('location')).toMatch(/^\/api\/realtime\/jobs\/[0-9a-f]{32}$/);
    }
    // By nginx, which would not wait for more of it.
    for (const headers of [{}, { prefer: 'respond-async-not' }]) {
      const refused = await translate(headers);
      expect(await refused.json()).toMatchObject({
        status: 413,
        detail: expect.stringMatching(/api.realtime.jobs/),
      });
    }
    const unknown = await fetch(`${cluster.nginx.url}/api/realtime/translate/as-job`);
    expect(await unknown.json()).toMatchObject({ status: 404, code: 'not-found' });
    const elsewhere = await translate({ prefer: 'respond-async' }, '/api/realtime/sessions');
    expect(elsewhere.status).toBe(413);
    const text = await fetch(`${cluster.nginx.url}/api/realtime/translate`, {
      ...{ method: 'POST', body: new Uint8Array(65 * MB) },
      headers: { prefer: 'respond-async', 'content-type': 'application/json' },
    });
    expect(text.status).toBe(413);
  }, 120_000);
});

async function firstWord(url: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await post(url, { text: 'Hello', stream: true });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let seen = '';
  while (!seen.includes('translation.text.delta'))
    seen += Buffer.from((await reader.read()).value ?? []).toString();
  return reader;
}

describe('compose.nodes.yaml', () => {
  it('mounts the configuration that was tried here, and has the nodes that it names', () => {
    const compose = readFileSync(new URL('../../compose.nodes.yaml', import.meta.url), 'utf8');
    const config = readFileSync(new URL('../../docs/nginx.conf', import.meta.url), 'utf8');
    expect(compose).toContain('./docs/nginx.conf:/etc/nginx/nginx.conf:ro');
    const named = [...config.matchAll(/^ +server (node-\w+):8000/gm)].map(([, name]) => name);
    const there = [...compose.matchAll(/^ {2}(node-\w+):$/gm)].map(([, name]) => name);
    expect(named).toEqual(there);
    expect(there).toHaveLength(2);
  });

  it('gives both nodes one folder of jobs, which the image has for them', () => {
    const compose = readFileSync(new URL('../../compose.nodes.yaml', import.meta.url), 'utf8');
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const [, folder = ''] = /^ +JOBS_DIR: (\w+)$/m.exec(compose) ?? [];
    expect(compose).toMatch(new RegExp(`^ {4}- jobs:/app/${folder}$`, 'm'));
    expect(dockerfile).toMatch(new RegExp(`^RUN install -d -o node -g node .*\\b${folder}\\b`, 'm'));
  });
});
