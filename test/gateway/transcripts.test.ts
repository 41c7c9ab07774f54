/** The words of a recording beside its translation, and the language that they are in. */
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { TranslationWarning } from '../../src/translate/request.js';
import { post, startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import { babble } from '../support/offline-audio.js';
import { eventually } from '../support/pool.js';
import { wavAtRate } from '../support/wav.js';

const SENTENCE = 'I live in a small house with my family.';
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function keep<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  opened.push(started);
  return started;
}

interface Answer {
  readonly text: string;
  readonly source: string | null;
  readonly transcript?: string;
  readonly detectedSource?: { language: string; confidence: number };
  readonly warnings?: TranslationWarning[];
  readonly usage: { inputTokens: number; outputTokens: number; totalTokens: number; inputAudioMs: number };
}

async function send(
  { url }: Pick<Running, 'url'>,
  fields: Record<string, string>,
  init: RequestInit = {},
  path = '/api/realtime/translate',
  recording?: Buffer,
): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const wav = recording ?? (await readFile('samples/family.wav'));
  form.append('file', new Blob([Uint8Array.from(wav)]), 'family.wav');
  return fetch(url + path, { method: 'POST', body: form, ...init });
}

const bodyOf = async (response: Response): Promise<Answer> => (await response.json()) as Answer;

/** Upstream's responses that transcribe have the task in their metadata. */
const isTranscript = ({ metadata }: { metadata: Readonly<Record<string, string>> }): boolean =>
  metadata.task === 'transcribe';

describe('a recording before the offline engine', () => {
  it('is answered with its words, which are counted, and with their language where no source was given', async () => {
    const running = await keep(startGateway());
    const plain = await bodyOf(await send(running, { target: 'es' }));
    expect(plain).not.toHaveProperty('transcript');
    expect(plain).not.toHaveProperty('detectedSource');

    const answer = await bodyOf(await send(running, { target: 'es', transcript: 'true' }));
    expect(answer.text).toBe(plain.text);
    expect(answer.transcript).toBe(SENTENCE);
    expect(answer).not.toHaveProperty('warnings');
    expect(answer.source).toBeNull();
    expect(answer.detectedSource?.language).toBe('en');
    expect(answer.usage.outputTokens).toBeGreaterThan(plain.usage.outputTokens);
    expect(answer.usage.totalTokens).toBe(answer.usage.inputTokens + answer.usage.outputTokens);
    expect(answer.usage.inputAudioMs).toBe(plain.usage.inputAudioMs);

    const given = await bodyOf(await send(running, { source: 'en', target: 'es', transcript: 'true' }));
    expect(given.transcript).toBe(SENTENCE);
    expect(given).not.toHaveProperty('detectedSource');
  });

  it('has them in the last event of a stream, and in headers beside a WAV', async () => {
    const running = await keep(startGateway());
    const fields = { target: 'es', transcript: 'true' };
    const stream = await (await send(running, { ...fields, stream: 'true' })).text();
    const done = /event: translation.done\ndata: (.*)/.exec(stream)?.[1] ?? '';
    expect(JSON.parse(done)).toMatchObject({ transcript: SENTENCE, detectedSource: { language: 'en' } });

    const wav = await send(running, fields, { headers: { Accept: 'audio/wav' } });
    expect(decodeURIComponent(wav.headers.get('X-Translation-Transcript') ?? '')).toBe(SENTENCE);
    expect(wav.headers.get('X-Detected-Source')).toMatch(/^en; confidence=(1|0\.\d+)$/);
    await wav.arrayBuffer();
  });
});

describe('a text', () => {
  it('is answered with its language where none was given', async () => {
    const running = await keep(startGateway());
    const ask = async (body: object) => bodyOf(await post(`${running.url}/api/realtime/translate`, body));
    const question = { text: 'Buenos días, mi amigo.', target: 'en' };
    for (const body of [question, { ...question, source: 'auto' }]) {
      const { source, detectedSource } = await ask(body);
      expect([source, detectedSource?.language]).toEqual([null, 'es']);
    }
    expect(await ask({ ...question, source: 'es' })).not.toHaveProperty('detectedSource');
    expect(await ask({ text: '12 345', target: 'es' })).not.toHaveProperty('detectedSource');
  });

  it.each([
    ['JSON', true],
    ['JSON as text', 'true'],
  ])('with a transcript is refused, because its words are known (%s)', async (_form, transcript) => {
    const running = await keep(startBeforeScript());
    const response = await post(`${running.url}/api/realtime/translate`, {
      text: 'hi',
      target: 'es',
      transcript,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/transcript', detail: expect.stringContaining('is for recordings') }],
    });
    const without = { text: 'hi', target: 'es', transcript: false };
    expect((await post(`${running.url}/api/realtime/translate`, without)).status).toBe(200);
  });
});

describe('the words of a recording', () => {
  it('are asked for beside the translation, on the same samples, by a prompt that wants them as they are', async () => {
    const running = await keep(startBeforeScript());
    await (await send(running, { source: 'en', target: 'es', transcript: 'true' })).json();
    const [translation, words] = [...running.script.asked].sort(
      (a, b) => Number(isTranscript(a)) - Number(isTranscript(b)),
    );
    expect(running.script.asked).toHaveLength(2);
    expect(words?.metadata).toMatchObject({ task: 'transcribe', source_language: 'en' });
    expect(words?.metadata).not.toHaveProperty('target_language');
    expect(words?.items[0]?.parts[0]).toMatchObject({
      text: expect.stringMatching(/in English\..*Never translate/s),
    });
    expect(words?.items.at(-1)?.parts).toEqual(translation?.items.at(-1)?.parts);
  });

  it('that fail are a warning: the translation comes all the same', async () => {
    const running = await keep(startBeforeScript());
    running.script.requests.when(isTranscript, requestFault.fail('server_error'));
    const answer = await bodyOf(await send(running, { target: 'es', transcript: 'true' }));
    expect(answer.text).not.toBe('');
    expect(answer).not.toHaveProperty('transcript');
    expect(answer.warnings).toEqual([
      { code: 'transcript-failed', detail: expect.stringMatching(/^Segment 0: upstream-unavailable: .+/) },
    ]);
    const wav = await send(
      running,
      { target: 'es', transcript: 'true' },
      { headers: { Accept: 'audio/wav' } },
    );
    expect(wav.headers.get('X-Translation-Warnings')).toBe('transcript-failed');
    await wav.arrayBuffer();
  });

  it('are not waited for where the translation fails', async () => {
    const running = await keep(startBeforeScript());
    running.script.requests.when(isTranscript, requestFault.hang());
    running.script.requests.when((asked) => !isTranscript(asked), requestFault.fail('server_error'));
    const response = await send(running, { target: 'es', transcript: 'true' });
    expect(response.status).toBe(502);
    await response.json();
    await eventually(() => running.gateway.stats().pool.running === 0);
  });

  it('are cancelled upstream when the client leaves', async () => {
    const running = await keep(startBeforeScript());
    let ended = 0;
    running.script.answer = () => new Promise<string>(() => undefined);
    const leave = new AbortController();
    const asking = send(running, { target: 'es', transcript: 'true' }, { signal: leave.signal });
    await running.script.until(() => running.script.answering === 2);
    leave.abort();
    await expect(asking).rejects.toThrow();
    await eventually(() => running.gateway.stats().pool.running === 0);
    const cancels = (): number =>
      running.script.sockets.flatMap(({ events }) => events).filter(({ type }) => type === 'response.cancel')
        .length;
    await eventually(() => (ended = cancels()) === 2);
    expect(ended).toBe(2);
  });

  it('cost what the translation costs', async () => {
    const running = await keep(startBeforeScript({ RATE_LIMIT_PER_MINUTE: '100' }));
    const recording = wavAtRate(babble(20_000), 24_000);
    const left = async (fields: Record<string, string>): Promise<number> => {
      const response = await send(running, { target: 'es', ...fields }, {}, undefined, recording);
      await response.json();
      return Number(/r=(\d+)/.exec(response.headers.get('RateLimit') ?? '')?.[1]);
    };
    // Each costs 1, and 1 more for each 10 s that are translated or transcribed.
    expect([await left({}), await left({ transcript: 'false' }), await left({ transcript: 'true' })]).toEqual(
      [97, 94, 89],
    );
  });

  it('are not asked for by the client of the original project, whatever it sends', async () => {
    const running = await keep(startBeforeScript());
    const path = '/api/RealTime/AudioTranslate';
    const response = await send(running, { prompt: 'Translate.', transcript: 'true' }, {}, path);
    expect(response.status).toBe(200);
    expect(running.script.requestCount).toBe(1);
  });
});
