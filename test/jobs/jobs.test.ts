/** Jobs over HTTP, on one node in front of a scripted upstream. */
import { readdir } from 'node:fs/promises';
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import { MULTIPART, RawClient } from '../support/http.js';
import { requestFault } from '../support/offline.js';
import { parseWithMediaCaptions, parseWithPlussub } from '../support/subtitles/parsers.js';
import { JobClient, recordingOf, type SentEvent } from '../support/jobs/client.js';

const COUNT = 6;

let service: Awaited<ReturnType<typeof startBeforeScript>> | undefined;
let recording: Buffer;

beforeAll(async () => {
  recording = await recordingOf(COUNT);
}, 60_000);
afterEach(async () => {
  await service?.close();
  service = undefined;
});

async function start(
  env: Record<string, string> = {},
  scripted: Parameters<typeof startBeforeScript>[1] = {},
): Promise<{ client: JobClient; script: NonNullable<typeof service>['script'] }> {
  service = await startBeforeScript(env, scripted);
  return { client: new JobClient(service.url), script: service.script };
}

async function all(events: AsyncIterable<SentEvent>): Promise<SentEvent[]> {
  const seen: SentEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

it('answers an upload at once, and translates it in the background', async () => {
  const { client, script } = await start();
  const response = await client.post(recording, { format: 'srt' });
  expect(response.status).toBe(202);
  const { jobId, ...job } = (await response.json()) as Awaited<ReturnType<JobClient['get']>>;
  expect(response.headers.get('location')).toBe(`/api/realtime/jobs/${jobId}`);
  expect(job).toMatchObject({ state: 'queued', source: 'en', targets: ['es'], segments: 0, results: [] });

  const done = await client.completed(jobId);
  expect(done).toMatchObject({ state: 'completed', segments: COUNT, failedSegments: 0 });
  expect(done.processedMs).toBe(done.durationMs);
  expect(script.requestCount).toBe(COUNT);
  const [{ href } = { href: '' }] = done.results;
  const srt = await (await client.ask(href)).text();
  const cues = await parseWithMediaCaptions(srt, 'srt');
  expect(cues).toHaveLength(COUNT);
  expect(parseWithPlussub(srt, 'srt')).toEqual(cues);
  expect(cues[2]?.lines[0]).toMatch(/^\d+ ms of audio$/);
}, 60_000);

it('gives the result in every format, with corrections that stand in all of them', async () => {
  const { client } = await start();
  const { jobId } = await client.create(recording, { target: 'es,fr', transcript: 'true' });
  await client.completed(jobId);
  const correct = (index: number, body: object) =>
    client.ask(`/api/realtime/jobs/${jobId}/segments/${index}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const corrected = await correct(1, { text: 'Corregido.' });
  expect(corrected.status).toBe(200);
  expect(await corrected.json()).toMatchObject({ index: 1, text: 'Corregido.', target: 'es' });
  expect((await correct(2, { text: 'Corrigé.', target: 'fr' })).status).toBe(200);
  expect((await correct(COUNT, { text: 'x' })).status).toBe(404);
  expect((await correct(1, { text: 'x', target: 'de' })).status).toBe(404);
  expect((await correct(1, { word: 'x' })).status).toBe(400);
  expect((await correct(1, {})).status).toBe(400);

  expect((await client.result(jobId, '?format=text')).split('\n')[1]).toBe('Corregido.');
  expect((await client.result(jobId, '?format=text&target=fr')).split('\n')[2]).toBe('Corrigé.');
  expect(await client.result(jobId, '?format=vtt')).toMatch(/^WEBVTT\n\nNOTE lang: es\n[^]*Corregido\./);
  const verbose = JSON.parse(await client.result(jobId, '?format=verbose_json')) as Record<string, unknown>;
  expect(verbose).toMatchObject({ task: 'translate', language: 'es', source: 'en' });
  const segments = verbose.segments as Record<string, unknown>[];
  expect(segments[1]).toMatchObject({
    index: 1,
    text: 'Corregido.',
    source: expect.stringMatching(/^\d+ ms/),
  });
  expect(segments).toHaveLength(COUNT);
  const both = await client.result(jobId, '?format=srt&subtitles=both&target=fr');
  expect((await parseWithMediaCaptions(both, 'srt'))[2]?.lines).toHaveLength(2);
  const unknown = await client.ask(`/api/realtime/jobs/${jobId}/result?target=de`);
  expect(unknown.status).toBe(404);
  expect((await client.ask(`/api/realtime/jobs/${jobId}/result?format=doc`)).status).toBe(400);
  const seen = await all(client.events(jobId));
  expect(seen.filter(({ event }) => event === 'translation.segment')).toHaveLength(2 * COUNT);
  expect(seen[2]?.data).toMatchObject({ text: 'Corregido.', target: 'es' });
}, 60_000);

it.each([false, true])(
  'gives in every format what a translation gives; words missing: %s',
  async (isDeaf) => {
    const { client, script } = await start();
    if (isDeaf)
      script.requests.when(
        ({ metadata }) => metadata.task === 'transcribe',
        requestFault.incomplete('content_filter'),
      );
    const fields = { source: 'en', target: 'es', subtitles: 'both' };
    const { jobId } = await client.create(recording, fields);
    await client.completed(jobId);
    const translated = async (format: string): Promise<string> => {
      const body = new FormData();
      for (const [name, value] of Object.entries({ ...fields, format })) body.append(name, value);
      body.append('file', new Blob([new Uint8Array(recording)]), 'recording.wav');
      return await (await client.ask('/api/realtime/translate', { method: 'POST', body })).text();
    };
    for (const format of ['text', 'srt', 'vtt'])
      expect(await client.result(jobId, `?format=${format}`)).toBe(await translated(format));
    const job = JSON.parse(await client.result(jobId, '?format=verbose_json')) as Record<string, unknown>;
    const whole = JSON.parse(await translated('verbose_json')) as Record<string, unknown>;
    expect(String(whole.text).split('\n')).toHaveLength(COUNT);
    expect('transcript' in job).toBe(!isDeaf);
    // A job tells of no warnings by an empty list.
    expect({ ...whole, jobId, warnings: whole.warnings ?? [] }).toMatchObject(job);
    expect('transcript' in whole).toBe(!isDeaf);
  },
  60_000,
);

it('has a file of subtitles for each of several targets, and one translation has none', async () => {
  const { client } = await start();
  const fields = { target: 'es,fr', format: 'srt' };
  const { jobId } = await client.create(recording, fields);
  const { results } = await client.completed(jobId);
  expect(results.map(({ target, format }) => [target, format])).toEqual([
    ['es', 'srt'],
    ['fr', 'srt'],
  ]);
  expect(new Set(results.map(({ href }) => href)).size).toBe(2);
  for (const { href } of results)
    expect(await parseWithMediaCaptions(await (await client.ask(href)).text(), 'srt')).toHaveLength(COUNT);

  const translate = (headers: Record<string, string>, extra: Record<string, string>): Promise<Response> => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ target: 'es,fr', ...extra })) body.append(name, value);
    body.append('file', new Blob([new Uint8Array(recording)]), 'recording.wav');
    return client.ask('/api/realtime/translate', { method: 'POST', headers, body });
  };
  const preferred = await translate({ prefer: 'respond-async' }, { format: 'vtt' });
  expect(preferred.status).toBe(202);
  expect(await preferred.json()).toMatchObject({ targets: ['es', 'fr'] });
  for (const refused of [
    await translate({}, { format: 'vtt' }),
    await translate({ accept: 'text/vtt' }, {}),
  ]) {
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ errors: [{ pointer: '/target' }] });
  }
}, 60_000);

it('streams what is known and what comes, resumes after an id, and closes at the end', async () => {
  const { client, script } = await start();
  const last = requestFault.held();
  script.requests.when(({ number }) => number === COUNT, last);
  const { jobId } = await client.create(recording);
  await client.until(jobId, ({ segments }) => segments >= 2);
  const early = await client.ask(`/api/realtime/jobs/${jobId}/result?format=text`);
  expect(early.status).toBe(409);
  expect(await early.json()).toMatchObject({ code: 'job-not-finished', retryable: true });
  expect((await client.result(jobId, '?format=text&partial=true')).split('\n').length).toBeGreaterThan(2);

  last.release();
  const events = await all(client.events(jobId));
  const segments = events.filter(({ event }) => event === 'translation.segment');
  expect(segments.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(segments.map(({ data }) => data.index)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(events.at(-1)).toMatchObject({ event: 'translation.done', data: { jobId, state: 'completed' } });
  const progress = events.filter(({ event }) => event === 'translation.progress').at(-1);
  expect(progress?.data.processedMs).toBe(progress?.data.totalMs);
  const later = await all(client.events(jobId, '4'));
  expect(later.flatMap(({ id }) => id ?? [])).toEqual(['5', '6']);
}, 60_000);

it('is nobody else’s: other keys get 404 for everything, and lists of their own', async () => {
  service = await startBeforeScript({ API_KEYS: 'mine-of-this-test,other-of-this-test' });
  const mine = new JobClient(service.url, 'mine-of-this-test');
  const other = new JobClient(service.url, 'other-of-this-test');
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.unshift((await mine.create(recording)).jobId);
  const page = async (query: string) =>
    (await (await mine.ask(`/api/realtime/jobs${query}`)).json()) as {
      jobs: { jobId: string }[];
      nextCursor: string | null;
    };
  const first = await page('?limit=2');
  const second = await page(`?limit=2&cursor=${first.nextCursor ?? ''}`);
  expect([...first.jobs, ...second.jobs].map(({ jobId }) => jobId)).toEqual(ids);
  expect(second.nextCursor).toBeNull();
  expect(await (await other.ask('/api/realtime/jobs')).json()).toEqual({ jobs: [], nextCursor: null });
  const path = `/api/realtime/jobs/${ids[0] ?? ''}`;
  const json = { headers: { 'content-type': 'application/json' }, body: '{"text":"x"}' };
  for (const [method, end, init] of [
    ['GET', '', {}],
    ['GET', '/events', {}],
    ['GET', '/result', {}],
    ['PATCH', '/segments/0', json],
    ['POST', '/resume', {}],
    ['DELETE', '', {}],
  ] as const) {
    const response = await other.ask(path + end, { method, ...init });
    expect([method, end, response.status]).toEqual([method, end, 404]);
    expect(await response.json()).toMatchObject({ code: 'job-not-found' });
  }
  await mine.completed(ids[0] ?? '');
}, 60_000);

it('is gone with everything of it once it is deleted, also while it runs', async () => {
  const { client, script } = await start();
  script.requests.when(() => true, requestFault.hang());
  const { jobId } = await client.create(recording);
  await script.until(() => script.answering > 0);
  const following = all(client.events(jobId));
  const response = await client.ask(`/api/realtime/jobs/${jobId}`, { method: 'DELETE' });
  expect(response.status).toBe(204);
  await script.until(() => script.answering === 0);
  expect((await following).at(-1)).toMatchObject({ event: 'error', data: { code: 'job-not-found' } });
  expect((await client.ask(`/api/realtime/jobs/${jobId}`, { method: 'DELETE' })).status).toBe(404);
  expect(await folders()).toEqual([]);
}, 60_000);

it('refuses one more than a key may have, and keeps none longer than its time', async () => {
  const { client } = await start({ JOBS_MAX_PER_KEY: '1', JOB_TTL_MS: '4000' });
  const { jobId } = await client.create(recording);
  const refused = await client.post(recording);
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: 'job-limit' });
  await client.completed(jobId);
  let status = 200;
  while (status === 200) ({ status } = await client.ask(`/api/realtime/jobs/${jobId}`));
  expect(status).toBe(404);
  expect((await client.post(recording)).status).toBe(202);
}, 60_000);

it('refuses one too many before any of the recording is sent, and tells how many there may be', async () => {
  const { client } = await start({ JOBS_MAX_PER_KEY: '1' });
  await client.create(recording);
  const { limits } = (await (await client.ask('/api/capabilities')).json()) as {
    limits: { maxJobs: number };
  };
  expect(limits.maxJobs).toBe(1);
  for (const line of ['POST /api/realtime/jobs', 'POST /api/realtime/translate'])
    for (const expected of ['', 'Expect: 100-continue\r\n']) {
      const raw = new RawClient(Number(new URL(service?.url ?? '').port));
      raw.write(
        `${line} HTTP/1.1\r\nHost: a\r\nPrefer: respond-async\r\nContent-Type: ${MULTIPART}\r\n` +
          `${expected}Content-Length: 1900000000\r\n\r\n`,
      );
      await raw.sees(/\r\n\r\n.*"code":"job-limit"/);
      expect(raw.received).toMatch(/^HTTP\/1.1 429 /);
      raw.leave();
    }
}, 60_000);

it('ends at once where upstream refuses everybody, and is resumed without what is finished', async () => {
  const { client, script } = await start({ JOBS_CONCURRENCY: '1' });
  script.requests.when(({ number }) => number > 3, requestFault.requestError('invalid_api_key'));
  const { jobId } = await client.create(recording);
  const failed = await client.completed(jobId);
  expect(failed).toMatchObject({ state: 'failed', problem: { code: 'upstream-rejected' } });
  expect((await all(client.events(jobId))).at(-1)).toMatchObject({ event: 'error', data: { status: 502 } });
  const finished = failed.segments;
  script.requests.clear();
  const before = script.requestCount;
  const resumed = await client.ask(`/api/realtime/jobs/${jobId}/resume`, { method: 'POST' });
  expect(resumed.status).toBe(202);
  expect(await client.completed(jobId)).toMatchObject({
    state: 'completed',
    segments: COUNT,
    failedSegments: 0,
  });
  expect(script.requestCount - before).toBe(COUNT - finished);
}, 60_000);

it('keeps what a failed segment leaves, and asks for that alone when it is resumed', async () => {
  const { client, script } = await start();
  const hasLength = ({ number }: { number: number }) => number === 2 || number > COUNT;
  script.requests.when(hasLength, requestFault.incomplete('content_filter'));
  const { jobId } = await client.create(recording);
  const partly = await client.completed(jobId);
  expect(partly).toMatchObject({ state: 'completed', segments: COUNT, failedSegments: 1 });
  script.requests.clear();
  const before = script.requestCount;
  await client.ask(`/api/realtime/jobs/${jobId}/resume`, { method: 'POST' });
  expect(await client.until(jobId, ({ failedSegments }) => failedSegments === 0)).toMatchObject({
    segments: COUNT,
  });
  await client.completed(jobId);
  expect(script.requestCount - before).toBe(1);
}, 60_000);

it('says what is wrong with a form, and stores nothing of it', async () => {
  const { client } = await start();
  const wrong = await client.post(recording, { target: 'es,english', format: 'doc', speed: '2' });
  expect(wrong.status).toBe(400);
  const { errors } = (await wrong.json()) as { errors: { pointer: string }[] };
  expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/format', '/speed', '/target']);
  const none = await client.ask('/api/realtime/jobs', { method: 'POST' });
  expect(none.status).toBe(400);
  const { jobId } = await client.create(Buffer.from('This is no recording at all, only a sentence.'));
  expect(await client.completed(jobId)).toMatchObject({ problem: { code: 'unsupported-media-type' } });
  expect(await folders()).toEqual([jobId]);
}, 60_000);

it('waits where the points of the minute are spent', async () => {
  const { client, script } = await start({ RATE_LIMIT_PER_MINUTE: '4' });
  await client.create(await recordingOf(40));
  // Most of a point is left for the last segment that begins; after it nothing begins for the rest of the minute.
  await script.until(() => script.requestCount > 6);
  let asked = 0;
  while (script.requestCount > asked) {
    asked = script.requestCount;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
  expect(asked).toBeLessThan(24);
  const text = await client.ask('/api/realtime/translate', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"Hello"}',
  });
  expect(text.status).toBe(429);
  const { detail } = (await text.json()) as { detail: string };
  expect(detail).toMatch(/points of this minute/);
}, 60_000);

it('counts as one running translation of its key', async () => {
  const { client, script } = await start({ MAX_CONCURRENT_PER_KEY: '1' });
  script.requests.when(() => true, requestFault.hang());
  const { jobId } = await client.create(recording);
  await script.until(() => script.answering > 0);
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"Hello"}' };
  const refused = await client.ask('/api/realtime/translate', init);
  expect(await refused.json()).toMatchObject({ status: 429, detail: expect.stringMatching(/at a time/) });
  await client.ask(`/api/realtime/jobs/${jobId}`, { method: 'DELETE' });
  script.requests.clear();
  expect((await client.ask('/api/realtime/translate', init)).status).toBe(200);
}, 60_000);

async function folders(): Promise<string[]> {
  return await readdir(service?.jobsDir ?? '');
}

it('is made of a translation where the client prefers that, and of a text never', async () => {
  const { client } = await start({ JOBS_MAX_PER_KEY: '1' });
  const prefer = { prefer: 'wait=10, respond-async' };
  const ask = (fields: Record<string, string>, file?: Buffer): Promise<Response> => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ target: 'es', ...fields })) body.append(name, value);
    if (file !== undefined) body.append('file', new Blob([new Uint8Array(file)]), 'recording.wav');
    return client.ask('/api/realtime/translate', { method: 'POST', headers: prefer, body });
  };
  const accepted = await ask({ format: 'vtt' }, recording);
  expect(accepted.status).toBe(202);
  expect(accepted.headers.get('preference-applied')).toBe('respond-async');
  const location = accepted.headers.get('location') ?? '';
  const { jobId } = (await accepted.json()) as { jobId: string };
  expect(location).toBe(`/api/realtime/jobs/${jobId}`);
  const [result] = (await client.completed(jobId)).results;
  expect(result?.format).toBe('vtt');
  const text = await ask({ text: 'Hello' });
  expect(text.status).toBe(200);
  expect(text.headers.get('preference-applied')).toBeNull();
  expect(await text.json()).toMatchObject({ text: 'Hello' });
  // There is no place for a second job, of whatever size.
  for (const sound of [Buffer.from('Small.'), recording, Buffer.alloc(2_000_000)]) {
    const refused = await ask({}, sound);
    expect(await refused.json()).toMatchObject({ status: 429, code: 'job-limit' });
  }
  expect(await folders()).toEqual([jobId]);
}, 60_000);
