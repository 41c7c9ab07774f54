/** Every answer that the document has can really happen, is as it is described, and no other was met on the way. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { encodeWav } from '../../../src/audio/wav/wav.js';
import { ERROR_CODES } from '../../../src/errors.js';
import { post, startBeforeScript } from '../../support/gateway.js';
import { requestFault } from '../../support/offline.js';
import { BareClient } from '../../support/offline-client.js';
import { eventually } from '../../support/programs.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { refusal, wsUrl } from '../../support/relay.js';
import { Document, type Seen } from '../../support/http/openapi-document.js';
import { wavAtRate } from '../../support/wav.js';
import { speakSentences } from '../../support/sentences.js';
import { recordingOf } from '../../support/jobs/client.js';
import { mountSmallDisk } from '../../support/small-disk.js';

type Running = Awaited<ReturnType<typeof startBeforeScript>>;

const KEY = { 'X-API-Key': 'key-1' };
const BASE = {
  API_KEYS: 'key-1',
  METRICS_TOKEN: 'scrape',
  RATE_LIMIT_PER_MINUTE: '100000',
  MAX_TEXT_CHARS: '100',
  MAX_UPLOAD_MB: '1',
  MAX_AUDIO_SECONDS: '1',
  RESPONSE_TIMEOUT_MS: '1000',
  CONNECT_TIMEOUT_MS: '1000',
};
const TRANSLATIONS = ['/api/realtime/translate', '/api/RealTime/AudioTranslate'];
const SESSIONS = '/api/realtime/sessions';
const SESSION = `${SESSIONS}/{connectId}`;
const JOBS = '/api/realtime/jobs';
const JOB = `${JOBS}/{jobId}`;
/** Every call about one job, as method, path and what stands for `{jobId}` behind it. */
const JOB_CALLS = [
  ['get', JOB, ''],
  ['delete', JOB, ''],
  ['get', `${JOB}/events`, '/events'],
  ['get', `${JOB}/result`, '/result'],
  ['get', `${JOB}/sound`, '/sound'],
  ['get', `${JOB}/waveform`, '/waveform'],
  ['post', `${JOB}/resume`, '/resume'],
  ['patch', `${JOB}/segments/{index}`, '/segments/0'],
] as const;
const TICKETS = '/api/realtime/tickets';
const CONVERSATIONS = ['/realtime-voice', '/text-chat'];

const seen = new Set<string>();
const faults: string[] = [];
const closers: (() => Promise<void>)[] = [];
let document: Document;
let plain: Running;
let redis: TestRedis;

async function start(env: Record<string, string> = {}): Promise<Running> {
  const running = await startBeforeScript({ ...BASE, ...env });
  closers.push(() => running.close());
  return running;
}

function meet(answer: Seen): Seen {
  let code = '-';
  if (answer.headers.get('content-type')?.includes('problem+json'))
    ({ code } = JSON.parse(answer.body) as { code: string });
  const what = `${answer.method} ${answer.path} ${answer.status} ${code}`;
  seen.add(what);
  faults.push(...document.faults(answer).map((fault) => `${what}: ${fault}`));
  return answer;
}

/** Only who may mount can have a full disk. */
let isDiskMounted = false;

type Init = RequestInit & { at?: string };

/** @param path as the document has it; `at` is what is asked for where that differs. */
async function ask(running: Running, method: string, path: string, init: Init = {}): Promise<Seen> {
  const { at = path, ...rest } = init;
  const answer = await fetch(running.url + at, {
    method: method.toUpperCase(),
    ...rest,
    headers: { ...KEY, ...(rest.headers as Record<string, string> | undefined) },
  });
  return meet({ method, path, status: answer.status, headers: answer.headers, body: await answer.text() });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

const say = (running: Running, path: string, body: object | string, headers: Record<string, string> = {}) =>
  ask(running, 'post', path, {
    headers: { ...JSON_TYPE, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

function upload(
  running: Running,
  path: string,
  bytes: Buffer,
  fields: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append('file', new Blob([new Uint8Array(bytes)]), 'a.wav');
  return ask(running, 'post', path, { body });
}

async function converse(
  running: Running,
  path: string,
  headers: Record<string, string | undefined> = KEY,
  query = '',
) {
  const { status, headers: told, body } = await refusal(running.url, path + query, headers);
  meet({
    method: 'get',
    path,
    status,
    headers: new Headers(told as Record<string, string>),
    body: JSON.stringify(body),
  });
}

/** Says something by hand, and reads the one answer. */
async function raw(running: Running, method: string, path: string, text: string): Promise<void> {
  const socket = connect({ port: Number(new URL(running.url).port), host: '127.0.0.1' });
  socket.write(text);
  let all = '';
  for await (const chunk of socket) all += String(chunk);
  const [head = '', body = ''] = all.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = new Headers(lines.map((each) => each.split(/: (.*)/s, 2) as [string, string]));
  meet({ method, path, status: Number(line.split(' ')[1]), headers, body });
}

const wav = (seconds: number): Buffer => encodeWav(Buffer.alloc(48_000 * seconds, 1));

const makeSession = async (running: Running, body: object = { target: 'es' }): Promise<string> =>
  (JSON.parse((await say(running, SESSIONS, body)).body) as { connectId: string }).connectId;

beforeAll(async () => {
  plain = await start();
  redis = await startRedis();
  document = await Document.of(plain.url);
});

afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
  await redis.stop();
});

it('what succeeds, and what is refused for itself', async () => {
  for (const path of TRANSLATIONS) {
    await say(plain, path, { text: 'Good morning' });
    await say(plain, path, '{');
    await say(plain, path, { text: 'x'.repeat(101) });
    await say(plain, path, 'text', { 'Content-Type': 'text/plain' });
    await say(plain, path, { text: 'hi', connectId: 'f'.repeat(32) });
    await say(plain, path, { text: 'hi', connectId: await makeSession(plain), source: 'fr' });
    await upload(plain, path, wav(0.5));
    await upload(plain, path, wav(2));
    await upload(plain, path, wav(0));
    await upload(plain, path, Buffer.from('Only text, and no sound at all.'));
    await upload(plain, path, Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(5_000, 7)]));
    await say(plain, path, { text: 'hi' }, { 'X-API-Key': 'wrong' });
  }
  const [path = ''] = TRANSLATIONS;
  for (const Accept of ['audio/wav', 'text/event-stream']) await say(plain, path, { text: 'hi' }, { Accept });
  for (const format of ['text', 'srt', 'vtt', 'verbose_json'])
    await upload(plain, path, wav(0.5), { format, target: 'es', transcript: 'true' });
  const { pcm } = await speakSentences(['We have two dogs.'], 5);
  const spoken = await start({ MAX_UPLOAD_MB: '1' });
  for (const format of ['json', 'verbose_json'])
    for (const stream of ['true', 'false'])
      await upload(spoken, path, encodeWav(pcm), { format, stream, target: 'es,fr', transcript: 'true' });
  plain.script.requests.next(requestFault.drop(1));
  await say(plain, path, { text: 'one two' }, { Accept: 'text/event-stream' });
}, 120_000);

it('what upstream makes of a translation', async () => {
  for (const path of TRANSLATIONS) {
    for (const fault of [
      requestFault.fail('server_error'),
      requestFault.fail('rate_limit_exceeded'),
      requestFault.fail('unsupported_language'),
      requestFault.fail('offline_engine_missing'),
      requestFault.incomplete('content_filter', { after: 1 }),
      requestFault.cancelUnasked(),
      requestFault.requestError('invalid_value'),
      requestFault.hang({ after: 1 }),
    ]) {
      plain.script.requests.next(fault);
      await say(plain, path, { text: 'one two three' });
    }
    const connectId = await makeSession(plain);
    plain.script.requests.next(requestFault.hang({ after: 1 }));
    const closed = say(plain, path, { text: 'hi', connectId });
    await plain.script.until(() => plain.script.answering === 1);
    await ask(plain, 'delete', SESSION, { at: `${SESSIONS}/${connectId}` });
    await closed;
  }
}, 120_000);

it('sessions, tickets, state and documents', async () => {
  const connectId = await makeSession(plain);
  const at = `${SESSIONS}/${connectId}`;
  await ask(plain, 'get', SESSIONS);
  await ask(plain, 'get', SESSIONS, { at: `${SESSIONS}?limit=0` });
  for (const method of ['get', 'delete']) {
    await ask(plain, method, SESSION, { at });
    await ask(plain, method, SESSION, { at: `${SESSIONS}/none` });
    await ask(plain, method, SESSION, { at: `${SESSIONS}/%E0%A4%A` });
    await ask(plain, method, SESSION, { at, headers: { 'X-API-Key': 'wrong' } });
  }
  for (const [body, headers] of [
    ['{', {}],
    [`{"prompt":"${'x'.repeat(1_100_000)}"}`, {}],
    ['text', { 'Content-Type': 'text/plain' }],
    ['{}', { 'X-API-Key': 'wrong' }],
  ] as const)
    await say(plain, SESSIONS, body, headers);
  const wrong = { headers: { 'X-API-Key': 'wrong' } };
  await ask(plain, 'get', SESSIONS, wrong);
  await ask(plain, 'post', TICKETS);
  await ask(plain, 'post', TICKETS, wrong);
  await ask(plain, 'get', '/api/capabilities');
  await ask(plain, 'get', '/api/capabilities', wrong);
  for (const path of ['/health', '/livez', '/readyz', '/docs']) await ask(plain, 'get', path);
  await ask(plain, 'get', '/metrics', { headers: { Authorization: 'Bearer scrape' } });
  await ask(plain, 'get', '/metrics');
  for (const path of ['/', '/openapi.json', '/asyncapi.json']) {
    const { headers } = await ask(plain, 'get', path);
    const same = { 'If-None-Match': headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' };
    await ask(plain, 'get', path, { headers: same });
  }
});

it('conversations', async () => {
  const full = await start({ RELAY_MAX: '1' });
  const client = new BareClient(wsUrl(full.url, '/text-chat'), [], { headers: KEY });
  await client.next('session.created');
  for (const path of CONVERSATIONS) {
    await converse(plain, path, { ...KEY, Upgrade: undefined, Connection: undefined });
    await converse(plain, path, {});
    await converse(plain, path, { ...KEY, Origin: 'https://elsewhere.example' });
    await converse(full, path);
    const opened = new BareClient(wsUrl(plain.url, path), [], { headers: KEY });
    opened.socket.once('upgrade', ({ headers }) => {
      meet({
        method: 'get',
        path,
        status: 101,
        headers: new Headers(headers as Record<string, string>),
        body: '',
      });
    });
    await opened.next('session.created');
    await opened.close();
  }
  await client.close();
});

it('limits, and what is full', async () => {
  const spent = await start({ RATE_LIMIT_PER_MINUTE: '1' });
  await ask(spent, 'get', '/api/capabilities');
  for (const path of [...TRANSLATIONS, SESSIONS, TICKETS]) await say(spent, path, {});
  for (const path of [SESSIONS, '/api/capabilities']) await ask(spent, 'get', path);
  for (const method of ['get', 'delete']) await ask(spent, method, SESSION, { at: `${SESSIONS}/none` });
  for (const path of CONVERSATIONS) await converse(spent, path);

  const crowded = await start({ SESSION_MAX: '1' });
  await makeSession(crowded);
  for (const path of [...TRANSLATIONS, SESSIONS])
    await say(crowded, path, path === SESSIONS ? {} : { text: 'hi' });

  const saturated = await start({ POOL_MAX_SOCKETS: '1', POOL_MAX_PER_SOCKET: '1', POOL_MAX_WAITING: '1' });
  saturated.script.requests.every(requestFault.hang());
  for (const path of TRANSLATIONS) {
    const taken = [1, 2].map(() => say(saturated, path, { text: 'hi' }));
    await eventually(
      () => saturated.gateway.stats(),
      ({ pool }) => pool.waiting === 1,
    );
    await say(saturated, path, { text: 'hi' });
    await Promise.all(taken);
  }
}, 60_000);

it('a service that is not ready, drains, has lost its store or its disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lost-'));
  const diskless = await start({ UPLOAD_DIR: folder });
  await rm(folder, { recursive: true });
  // A small WAV would stay in memory.
  const flac = Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(48_000, 1)]);
  for (const path of TRANSLATIONS) await upload(diskless, path, flac);

  const disk = await mountSmallDisk(1);
  isDiskMounted = disk !== undefined;
  if (disk !== undefined) {
    const full = await start({ UPLOAD_DIR: disk.folder, MAX_UPLOAD_MB: '8', MAX_AUDIO_SECONDS: '' });
    for (const path of [...TRANSLATIONS, JOBS])
      await upload(full, path, Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(4_000_000, 1)]));
    await fillDiskOfJobs(full, disk.folder);
    await full.close();
    closers.pop();
    await disk.close();
  }

  // It drains until its last client leaves.
  const draining = await start({ RESPONSE_TIMEOUT_MS: '60000' });
  draining.script.requests.next(requestFault.hang());
  const leaving = new AbortController();
  const last = post(
    draining.url + (TRANSLATIONS[0] ?? ''),
    { text: 'hi' },
    { headers: KEY, signal: leaving.signal },
  );
  await draining.script.until(() => draining.script.answering === 1);
  const closed = draining.close();
  closers.pop();
  await ask(draining, 'get', '/readyz');
  for (const path of [...TRANSLATIONS, SESSIONS, TICKETS]) await say(draining, path, {});
  for (const path of [SESSIONS, '/api/capabilities']) await ask(draining, 'get', path);
  for (const method of ['get', 'delete']) await ask(draining, method, SESSION, { at: `${SESSIONS}/none` });
  for (const path of CONVERSATIONS) await converse(draining, path);
  await callJobs(draining, '0'.repeat(32));
  leaving.abort();
  await expect(last).rejects.toThrow();
  await closed;

  const stored = await start({ REDIS_URL: redis.url });
  const connectId = await makeSession(stored);
  await redis.kill();
  for (const path of TRANSLATIONS) await say(stored, path, { text: 'hi', connectId });
  await say(stored, SESSIONS, {});
  await ask(stored, 'get', SESSIONS);
  await ask(stored, 'post', TICKETS);
  for (const method of ['get', 'delete'])
    await ask(stored, method, SESSION, { at: `${SESSIONS}/${connectId}` });
  for (const path of CONVERSATIONS) await converse(stored, path, {}, `?ticket=${'a'.repeat(32)}`);
}, 120_000);

/** A job that was ended by a full disk, and one that is corrected and one that is resumed on it. */
async function fillDiskOfJobs(full: Running, folder: string): Promise<void> {
  const make = async (recording: Buffer): Promise<string> => {
    const { jobId } = JSON.parse((await upload(full, JOBS, recording)).body) as { jobId: string };
    await ask(full, 'get', `${JOB}/events`, { at: `${JOBS}/${jobId}/events` });
    return `${JOBS}/${jobId}`;
  };
  // At 8 kHz it needs a third of what its sound needs.
  const emptied = await make(wavAtRate(Buffer.alloc(500_000, 1), 8_000));
  await ask(full, 'post', `${JOB}/resume`, { at: `${emptied}/resume` });
  const completed = await make(await recordingOf(1));
  const failed = await make(Buffer.from('Only text, and no sound at all.'));
  await writeFile(join(folder, 'filler'), Buffer.alloc(2_000_000)).catch(() => undefined);
  const body = JSON.stringify({ text: 'x'.repeat(4_000) });
  for (let more = 0; more < 2; more += 1)
    await ask(full, 'patch', `${JOB}/segments/{index}`, {
      at: `${completed}/segments/0`,
      headers: JSON_TYPE,
      body,
    });
  await ask(full, 'post', `${JOB}/resume`, { at: `${failed}/resume` });
}

/** Each call about one job, and those about all. */
async function callJobs(
  running: Running,
  jobId: string,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const [method, path, end] of JOB_CALLS) {
    const body = method === 'patch' ? { body: '{"text":"x"}' } : {};
    const init = { at: `${JOBS}/${jobId}${end}`, headers: { ...JSON_TYPE, ...headers }, ...body };
    await ask(running, method, path, init);
  }
  await ask(running, 'get', JOBS, { headers });
  await ask(running, 'post', JOBS, { headers });
}

it('jobs', async () => {
  const service = await start({ MAX_UPLOAD_MB: '', MAX_AUDIO_SECONDS: '', JOBS_MAX_PER_KEY: '2' });
  const recording = await recordingOf(2);
  const first = requestFault.held();
  service.script.requests.next(first);
  const { jobId } = JSON.parse((await upload(service, JOBS, recording)).body) as { jobId: string };
  const at = `${JOBS}/${jobId}`;
  await ask(service, 'get', `${JOB}/result`, { at: `${at}/result` });
  first.release();
  await ask(service, 'get', `${JOB}/events`, { at: `${at}/events` });
  await ask(service, 'get', `${JOB}/waveform`, { at: `${at}/waveform` });
  for (const headers of [{}, { Range: 'bytes=0-99' }])
    await ask(service, 'get', `${JOB}/sound`, { at: `${at}/sound`, headers });
  await ask(service, 'get', `${JOB}/sound`, { at: `${at}/sound?from=1` });
  for (const format of ['json', 'text', 'srt', 'vtt', 'verbose_json'])
    await ask(service, 'get', `${JOB}/result`, { at: `${at}/result?format=${format}` });
  await ask(service, 'get', `${JOB}/result`, { at: `${at}/result?target=de` });
  await ask(service, 'get', `${JOB}/result`, { at: `${at}/result?format=doc` });
  const correct = (index: string, body: string, headers: Record<string, string> = JSON_TYPE) =>
    ask(service, 'patch', `${JOB}/segments/{index}`, { at: `${at}/segments/${index}`, body, headers });
  await correct('0', '{"text":"x"}');
  await correct('99', '{"text":"x"}');
  await correct('first', '{"text":"x"}');
  await correct('0', `"${'x'.repeat(1_100_000)}"`);
  await correct('0', 'x', { 'Content-Type': 'text/plain' });
  await ask(service, 'post', JOBS, { body: 'x', headers: { 'Content-Type': 'text/plain' } });
  await ask(service, 'post', `${JOB}/resume`, { at: `${at}/resume` });
  await ask(service, 'get', JOBS);
  await ask(service, 'get', JOBS, { at: `${JOBS}?cursor=x` });
  const busy = await start({ MAX_UPLOAD_MB: '', MAX_AUDIO_SECONDS: '', JOBS_CONCURRENCY: '1' });
  busy.script.requests.every(requestFault.hang());
  await upload(busy, JOBS, recording);
  const queued = JSON.parse((await upload(busy, JOBS, recording)).body) as { jobId: string };
  await ask(busy, 'get', `${JOB}/sound`, { at: `${JOBS}/${queued.jobId}/sound` });
  await callJobs(service, '0'.repeat(32));
  await callJobs(service, '%ff');
  await callJobs(service, jobId, { 'X-API-Key': 'other' });
  await upload(service, JOBS, recording, { connectId: 'none' });
  const connectId = await makeSession(service);
  await upload(service, JOBS, recording, { connectId, target: 'fr' });
  await upload(service, JOBS, recording, { text: 'x' });
  await upload(plain, JOBS, Buffer.alloc(2_000_000));
  const broken = await upload(plain, JOBS, Buffer.from('Only text, and no sound at all.'));
  const brokenAt = `${JOBS}/${(JSON.parse(broken.body) as { jobId: string }).jobId}`;
  await ask(plain, 'get', `${JOB}/events`, { at: `${brokenAt}/events` });
  await ask(plain, 'get', `${JOB}/sound`, { at: `${brokenAt}/sound` });
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(recording)]), 'a.wav');
  await ask(service, 'post', TRANSLATIONS[0] ?? '', { body, headers: { Prefer: 'respond-async' } });
  await upload(service, JOBS, recording);
  await ask(service, 'post', TRANSLATIONS[0] ?? '', { body, headers: { Prefer: 'respond-async' } });
  await ask(service, 'get', JOB, { at });
  await ask(service, 'delete', JOB, { at });
  await rename(service.jobsDir, `${service.jobsDir}-away`);
  await callJobs(service, jobId);
  await upload(await start({ REALTIME_ISOLATION: 'inline' }), JOBS, recording);
  const limited = await start({ RATE_LIMIT_PER_MINUTE: '1' });
  await ask(limited, 'get', JOBS);
  await callJobs(limited, jobId);
}, 120_000);

it('requests that are none, and those that come too slowly', async () => {
  const { jobId } = JSON.parse((await upload(plain, JOBS, wav(0.5))).body) as { jobId: string };
  const slow = (
    [
      ...[...TRANSLATIONS, SESSIONS].map((path) => ['post', path, path, 'application/json'] as const),
      ['post', JOBS, JOBS, 'multipart/form-data; boundary=x'],
      ['patch', `${JOB}/segments/{index}`, `${JOBS}/${jobId}/segments/0`, 'application/json'],
    ] as const
  ).map(([method, path, at, type]) =>
    raw(
      plain,
      method,
      path,
      `${method.toUpperCase()} ${at} HTTP/1.1\r\nHost: a\r\nX-API-Key: key-1\r\nContent-Type: ${type}\r\nContent-Length: 50\r\n\r\n{`,
    ),
  );
  const all = Object.entries(document.paths).flatMap(([path, item]) =>
    ['get', 'post', 'patch', 'delete']
      .filter((method) => item[method])
      .flatMap((method) => {
        const line = `${method.toUpperCase()} ${path} HTTP/1.1\r\nHost: a\r\n`;
        return [`${line}bad header\r\n\r\n`, `${line}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`, line].map(
          (text) => raw(plain, method, path, text),
        );
      }),
  );
  await Promise.all([...slow, ...all]);
}, 60_000);

it('all together: nothing is described that was not met, nothing was met that is not described', () => {
  expect(faults).toEqual([]);
  const isPossible = (triple: string): boolean => isDiskMounted || !triple.endsWith(' storage-full');
  expect(document.triples().filter((triple) => isPossible(triple) && !seen.has(triple))).toEqual([]);
});

it('every code is an answer of some operation, or one of a path or method that is none', () => {
  const codes = new Set(document.triples().map((triple) => triple.split(' ')[3]));
  expect(ERROR_CODES.filter((code) => !codes.has(code))).toEqual(['method-not-allowed']);
});
