/** Whatever a part does, the client gets an error that names the part, and nothing hangs or is left behind. */
import { afterEach, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { post, type Running } from '../support/gateway.js';
import { babble, silence } from '../support/offline-audio.js';
import { startCascade } from '../support/parts/cascade.js';
import { startOllama, startOpenRouter, startVllm } from '../support/parts/chat.js';
import { PartServer, type PartFault } from '../support/parts/part-server.js';
import { startJsonOnlyStt, startWhisperCpp } from '../support/parts/stt.js';
import { startKokoro } from '../support/parts/tts.js';

interface ProblemBody {
  status: number;
  code: string;
  part?: string;
  retryable: boolean;
  detail: string;
  partial?: string;
}

const SPEECH = encodeWav(Buffer.concat([silence(300), babble(1_000), silence(300)]));
const TEXT = { text: 'Good morning.', target: 'es' };
const FAST = { STT_TIMEOUT_MS: '400', TRANSLATOR_TIMEOUT_MS: '400', TTS_TIMEOUT_MS: '400' };
let running: Running;

afterEach(() => running.close());

type PartName = 'stt' | 'translator' | 'tts';
const asked: Readonly<Record<PartName, () => Promise<Response>>> = {
  stt: () => {
    const form = new FormData();
    form.append('target', 'es');
    form.append('file', new Blob([SPEECH]), 'speech.wav');
    return fetch(`${running.url}/api/realtime/translate`, { method: 'POST', body: form });
  },
  translator: () => post(`${running.url}/api/realtime/translate`, TEXT),
  tts: () => post(`${running.url}/api/realtime/translate`, { ...TEXT, output: 'audio' }),
};

async function startAll(env: Record<string, string> = {}) {
  const servers = { stt: await startWhisperCpp(), translator: await startOllama(), tts: await startKokoro() };
  running = await startCascade(servers, env);
  return servers;
}

async function problemOf(answer: Response): Promise<ProblemBody & { retryAfter: string | null }> {
  const body = (await answer.json()) as ProblemBody;
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(body.status).toBe(answer.status);
  return { ...body, retryAfter: answer.headers.get('retry-after') };
}

const MOVED: PartFault = { status: 307, headers: { Location: 'http://127.0.0.1:1/' } };

describe.each(['stt', 'translator'] as const)('where the %s fails', (part) => {
  it.each<[string, PartFault[], number, string, boolean]>([
    ['refuses the key', [{ status: 401, body: 'no sk-secret' }], 502, 'upstream-rejected', false],
    ['knows no such model', [{ status: 404 }], 502, 'upstream-rejected', false],
    ['refuses the request', [{ status: 400, body: '{"error":"x"}' }], 502, 'upstream-rejected', false],
    ['redirects', [MOVED], 502, 'upstream-rejected', false],
    ['answers with a page', [{ status: 200, body: '<html>' }], 502, 'upstream-rejected', false],
    ['has a fault', [{ status: 500 }], 502, 'upstream-unavailable', true],
    ['is down twice', [{ status: 503 }, { status: 503 }], 502, 'upstream-unavailable', true],
    ['cuts the line twice', ['drop', 'drop'], 502, 'upstream-unavailable', true],
    ['is at its limit twice', [{ status: 429 }, { status: 429 }], 503, 'upstream-rate-limited', true],
    ['has used up its quota', [{ status: 456 }], 503, 'upstream-rate-limited', true],
    ['never answers', ['hang'], 504, 'upstream-timeout', true],
  ])('because it %s, the client is told', async (_what, faults, status, code, retryable) => {
    const servers = await startAll(faults.includes('hang') ? FAST : {});
    servers[part].faults.push(...faults);
    const problem = await problemOf(await asked[part]());
    expect(problem).toMatchObject({ status, code, part, retryable });
    expect(problem.detail).not.toMatch(/secret|127\.0\.0\.1/);
    expect(servers[part].calls).toHaveLength(faults.length);
    // The next one works.
    expect((await asked[part]()).status).toBe(200);
  });

  it.each<[string, PartFault]>([
    ['a lost connection', 'drop'],
    ['503', { status: 503 }],
    ['429 with a short wait', { status: 429, headers: { 'Retry-After': '0' } }],
  ])('once by %s, it is asked again', async (_what, fault) => {
    const servers = await startAll();
    servers[part].faults.push(fault);
    expect((await asked[part]()).status).toBe(200);
    expect(servers[part].calls).toHaveLength(2);
  });

  it('and wants a longer wait than its deadline, the wait is passed on', async () => {
    const servers = await startAll(FAST);
    servers[part].faults.push({ status: 429, headers: { 'Retry-After': '7' } });
    const problem = await problemOf(await asked[part]());
    expect(problem).toMatchObject({ code: 'upstream-rate-limited', part, retryAfter: '7' });
    expect(servers[part].calls).toHaveLength(1);
  });

  it('because nothing listens there, the client is told', async () => {
    const servers = await startAll();
    await servers[part].close();
    expect(await problemOf(await asked[part]())).toMatchObject({ code: 'upstream-unavailable', part });
  });
});

describe('a voice that fails after the text', () => {
  it.each<[string, PartFault[], boolean]>([
    ['refuses', [{ status: 400 }], true],
    ['is down', [{ status: 500 }], true],
    ['sends no WAV', [{ status: 200, body: 'ID3' }], true],
    ['never answers', ['hang'], true],
  ])('because it %s leaves the text', async (_what, faults, retryable) => {
    const { tts } = await startAll(FAST);
    tts.faults.push(...faults);
    expect(await problemOf(await asked.tts())).toMatchObject({
      ...{ status: 502, code: 'translation-incomplete', part: 'tts', retryable },
      partial: 'GOOD MORNING.',
    });
  });
});

describe('a translator that fails in the middle', () => {
  async function incomplete(translator: PartServer, env = {}): Promise<ProblemBody> {
    running = await startCascade({ translator }, env);
    const answer = await post(`${running.url}/api/realtime/translate`, {
      ...TEXT,
      text: 'Good morning to you.',
    });
    return await problemOf(answer);
  }

  it('by a lost connection is incomplete, with what had come', async () => {
    expect(await incomplete(await startOllama({ breakAfter: 3 }))).toMatchObject({
      ...{ code: 'translation-incomplete', part: 'translator', retryable: true },
      partial: expect.stringMatching(/^GOOD MO/),
    });
  });

  it('by an error inside its stream is incomplete', async () => {
    expect(await incomplete(await startOpenRouter({ failsInside: true }))).toMatchObject({
      ...{ code: 'translation-incomplete', part: 'translator' },
      partial: 'GOOD MORNING TO YOU.',
    });
  });

  it('by its deadline is too late, with what had come', async () => {
    const slow = await startOllama({ pieceMs: 1_000 });
    expect(await incomplete(slow, { TRANSLATOR_TIMEOUT_MS: '3000' })).toMatchObject({
      ...{ status: 504, code: 'upstream-timeout', part: 'translator' },
      partial: expect.stringMatching(/^GOO/),
    });
  });

  it('by never ending is cut, and is not to be tried again', async () => {
    const endless = await startVllm({
      model: () => 'na '.repeat(10_000),
      pieces: (text) => text.match(/.{1,500}/g) ?? [],
    });
    expect(await incomplete(endless)).toMatchObject({
      ...{ code: 'translation-incomplete', part: 'translator', retryable: false },
    });
  });

  it('by a refusal of its template is rejected', async () => {
    const problem = await incomplete(
      await startVllm({ model: () => ({ refusal: 'Conversation roles must alternate' }) }),
    );
    expect(problem).toMatchObject({ code: 'upstream-rejected', part: 'translator' });
    expect(problem.detail).not.toContain('alternate');
  });

  it('by saying nothing is incomplete', async () => {
    expect(await incomplete(await startOllama({ model: () => '' }))).toMatchObject({
      ...{ code: 'translation-incomplete', part: 'translator' },
    });
  });
});

it('in a stream the error is an event that names the part', async () => {
  running = await startCascade({ translator: await startOllama({ breakAfter: 2 }) });
  const answer = await post(`${running.url}/api/realtime/translate`, { ...TEXT, stream: true });
  const events = await answer.text();
  const [, data = ''] = /event: error\ndata: (.*)\n/.exec(events) ?? [];
  expect(JSON.parse(data)).toMatchObject({ code: 'translation-incomplete', part: 'translator' });
});

it('no key is ever logged or told', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const keys = { STT_API_KEY: 'stt-secret', TRANSLATOR_API_KEY: 'mt-secret', TTS_API_KEY: 'tts-secret' };
  const servers = {
    stt: await startJsonOnlyStt(undefined, 'another'),
    translator: await startOllama({ key: 'another' }),
    tts: await startKokoro(),
  };
  running = await startCascade(servers, keys, logger);
  const answers = [await (await asked.stt()).text(), await (await asked.translator()).text()];
  expect(answers.join()).toContain('"part":"stt"');
  expect(lines.join('')).toContain('refused the key');
  expect(lines.join('') + answers.join('')).not.toContain('secret');
});

it('a client that leaves ends the call of every part', async () => {
  const { translator } = await startAll();
  translator.faults.push('hang');
  const abort = new AbortController();
  const answer = post(`${running.url}/api/realtime/translate`, TEXT, { signal: abort.signal });
  answer.catch(() => undefined);
  while (translator.calls.length === 0) await new Promise(setImmediate);
  abort.abort();
  expect(await translator.calls[0]?.abandoned).toBe(true);
});
