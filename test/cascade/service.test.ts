/** The whole service in front of parts over HTTP: text, recordings, streams, spoken replies, calls, and what it says of itself. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import { startOfflineServer } from '../../src/offline/server/server.js';
import { post, type Running } from '../support/gateway.js';
import { babble, silence } from '../support/offline-audio.js';
import { at, BareClient } from '../support/offline-client.js';
import { startCascade } from '../support/parts/cascade.js';
import { lastChat, startOllama } from '../support/parts/chat.js';
import { PartServer } from '../support/parts/part-server.js';
import { startLocalAiStt, startSpeachesStt } from '../support/parts/stt.js';
import { startLibreTranslate } from '../support/parts/services.js';
import { askedSpeech, startKokoro } from '../support/parts/tts.js';
import { converse } from '../support/relay.js';

const WHISPER = 'Systran/faster-whisper-small';
const SPEECH = Buffer.concat([silence(300), babble(1_200), silence(300)]);
let stt: PartServer;
let translator: PartServer;
let tts: PartServer;
let running: Running;

beforeAll(async () => {
  stt = await startSpeachesStt(() => 'We have two dogs. And three cats.');
  translator = await startOllama({ pieceMs: 2 });
  tts = await startKokoro();
  running = await startCascade(
    { stt, translator, tts },
    { STT_MODEL: WHISPER, TRANSLATOR_MODEL: 'gemma3:4b', TTS_VOICES: 'en=af_heart,es=ef_dora' },
  );
});
afterAll(() => running.close());

function upload(fields: Record<string, string>, { url } = running): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([encodeWav(SPEECH)]), 'speech.wav');
  return fetch(`${url}/api/realtime/translate`, { method: 'POST', body: form });
}

describe('a translation', () => {
  it('of a text, with the model that is named', async () => {
    const answer = await post(`${running.url}/api/realtime/translate`, {
      text: 'Good morning.',
      target: 'es',
    });
    expect(await answer.json()).toMatchObject({ text: 'GOOD MORNING.', target: 'es', model: 'gemma3:4b' });
    expect(lastChat(translator).messages[0]?.content).toContain('You are an interpreter.');
  });

  it('of a recording', async () => {
    const answer = await upload({ source: 'en', target: 'es' });
    expect(await answer.json()).toMatchObject({ text: 'WE HAVE TWO DOGS. AND THREE CATS.', source: 'en' });
  });

  it('of a silent recording is empty, and asks nobody', async () => {
    const before = [stt.calls.length, translator.calls.length];
    const form = new FormData();
    form.append('target', 'es');
    form.append('file', new Blob([encodeWav(silence(1_000))]), 'silence.wav');
    const answer = await fetch(`${running.url}/api/realtime/translate`, { method: 'POST', body: form });
    expect(await answer.json()).toMatchObject({ text: '' });
    expect([stt.calls.length, translator.calls.length]).toEqual(before);
  });

  it('as a stream, word by word, with a spoken reply between', async () => {
    const wish = { text: 'One sentence is here. Another sentence is there.', target: 'es', output: 'audio' };
    const answer = await post(`${running.url}/api/realtime/translate`, { ...wish, stream: true });
    const events = [...(await answer.text()).matchAll(/event: (\S+)/g)].map(([, name]) => name);
    expect(events[0]).toBe('translation.started');
    expect(events.at(-1)).toBe('translation.done');
    expect(events.filter((name) => name === 'translation.text.delta').length).toBeGreaterThan(5);
    const firstSound = events.indexOf('translation.audio.delta');
    expect(firstSound).toBeGreaterThan(0);
    expect(firstSound).toBeLessThan(events.lastIndexOf('translation.text.delta'));
    expect(tts.calls.slice(-2).map((call) => askedSpeech(call))).toMatchObject([
      { input: 'ONE SENTENCE IS HERE.', voice: 'ef_dora' },
      { input: 'ANOTHER SENTENCE IS THERE.', voice: 'ef_dora' },
    ]);
  });

  it('as a WAV', async () => {
    const answer = await post(
      `${running.url}/api/realtime/translate`,
      { text: 'Good morning.', target: 'es' },
      { headers: { accept: 'audio/wav' } },
    );
    expect(answer.headers.get('content-type')).toBe('audio/wav');
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(20_000);
  });

  it('with its context, which is not translated', async () => {
    await post(`${running.url}/api/realtime/translate`, {
      text: 'The bank.',
      target: 'es',
      context: 'A bench.',
    });
    expect(lastChat(translator).messages[0]?.content).toContain('do not translate it:\nA bench.');
  });

  it('many at a time, and each gets its own', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `Question number ${index}.`);
    const answers = await Promise.all(
      texts.map(async (text) => {
        const answer = await post(`${running.url}/api/realtime/translate`, { text, target: 'es' });
        return ((await answer.json()) as { text: string }).text;
      }),
    );
    expect(answers).toEqual(texts.map((text) => text.toUpperCase()));
  });

  it('that its client cancels in the middle ends the call of the translator', async () => {
    const abort = new AbortController();
    const body = { text: 'A text of many words. '.repeat(200), target: 'es', stream: true };
    const answer = await post(`${running.url}/api/realtime/translate`, body, { signal: abort.signal });
    const reader = answer.body?.getReader();
    let seen = '';
    while (!seen.includes('text.delta')) seen += Buffer.from((await reader?.read())?.value ?? '').toString();
    abort.abort();
    expect(await translator.calls.at(-1)?.abandoned).toBe(true);
  });
});

describe('the service', () => {
  it('says who answers', async () => {
    const health = (await (await fetch(`${running.url}/health`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ provider: 'cascade', model: 'gemma3:4b' });
    expect(await (await fetch(`${running.url}/api/capabilities`)).json()).toMatchObject({
      provider: 'cascade',
      languages: 'any',
      speechSources: 'any',
      voices: ['af_heart', 'ef_dora'],
      parts: {
        stt: { kind: 'http', model: WHISPER },
        translator: { kind: 'http', model: 'gemma3:4b' },
        tts: { kind: 'http', model: 'tts-1' },
      },
    });
  });

  it('has asked each base address once whether it is there, and is ready', async () => {
    for (let count = 0; count < 3; count += 1)
      expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    expect([stt, translator, tts].map(({ listed }) => listed.map(({ path }) => path))).toEqual([
      ['/v1/models'],
      ['/v1/models'],
      ['/v1/models'],
    ]);
  });
});

describe('readiness', () => {
  it('tolerates a server without a list, and names one that is away or refuses the key', async () => {
    const listless = await startLibreTranslate();
    const refusing = await startOllama({ key: 'right' });
    const gone = await startKokoro();
    const goneUrl = gone.url;
    await gone.close();
    const other = await startCascade(
      { stt: listless, translator: refusing },
      { TRANSLATOR_API_KEY: 'wrong', TTS_URL: goneUrl },
    );
    const answer = await fetch(`${other.url}/readyz`);
    expect(answer.status).toBe(503);
    const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean; detail: string }[] };
    expect(checks.filter(({ name }) => ['stt', 'translator', 'tts'].includes(name))).toMatchObject([
      { name: 'stt', ok: true },
      { name: 'translator', ok: false, detail: expect.stringContaining('TRANSLATOR_API_KEY') },
      { name: 'tts', ok: false },
    ]);
    await other.close();
  });
});

it('parts that are not set are the built-in ones', async () => {
  const own = await startLocalAiStt(() => 'Buenos días.', 'spanish');
  const mixed = await startCascade({ stt: own });
  const form = new FormData();
  form.append('target', 'en');
  form.append('file', new Blob([encodeWav(SPEECH)]), 'speech.wav');
  try {
    const answer = await fetch(`${mixed.url}/api/realtime/translate`, { method: 'POST', body: form });
    expect(await answer.json()).toMatchObject({ text: 'Good morning.', model: 'cascade' });
  } finally {
    await mixed.close();
  }
});

function stream(client: BareClient, pcm: Buffer): void {
  for (let byte = 0; byte < pcm.length; byte += 1_920) {
    const audio = pcm.subarray(byte, byte + 1_920).toString('base64');
    client.send({ type: 'input_audio_buffer.append', audio });
  }
}

describe('a call', () => {
  it('is transcribed, translated and spoken', async () => {
    const client = await converse(running.url, '/realtime-voice?source=en&target=es');
    const before = stt.calls.length;
    stream(client, Buffer.concat([SPEECH, silence(900)]));
    const heard = await client.next('conversation.item.input_audio_transcription.completed');
    expect(heard.transcript).toBe('We have two dogs. And three cats.');
    const done = await client.next('response.done');
    expect(at(done, 'response.status')).toBe('completed');
    expect(at(done, 'response.output.0.content.0.transcript')).toBe('WE HAVE TWO DOGS. AND THREE CATS.');
    expect(client.types()).toContain('response.output_audio.delta');
    // The transcription and the answer share one call.
    expect(stt.calls.length - before).toBe(1);
    await client.close();
  });

  it('lets the speaker break in, which ends what the translator was writing', async () => {
    const client = await converse(running.url, '/realtime-voice?source=en&target=es&interrupt=true');
    const content = [{ type: 'input_text', text: 'A long story goes on and on. '.repeat(100) }];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    const story = translator.calls.at(-1);
    stream(client, Buffer.concat([SPEECH, silence(900)]));
    const first = await client.next('response.done');
    expect(at(first, 'response.status_details.reason')).toBe('turn_detected');
    expect(await story?.abandoned).toBe(true);
    const second = await client.next('response.done', 2);
    expect(at(second, 'response.output.0.content.0.transcript')).toBe('WE HAVE TWO DOGS. AND THREE CATS.');
    await client.close();
  });
});

it('the language that a recognizer detects is the detected source of the answer', async () => {
  const own = await startLocalAiStt(() => 'La maison est petite.', 'french');
  const service = await startCascade({ stt: own }, {});
  try {
    const answer = await upload({ target: 'en' }, service);
    expect(await answer.json()).toMatchObject({
      text: 'The house is small.',
      source: null,
      detectedSource: { language: 'fr', confidence: 1 },
    });
  } finally {
    await service.close();
  }
});

it('the language that a recognizer detects goes before that of the words, in segments too', async () => {
  const own = await startCascade({
    stt: await startLocalAiStt(() => 'We have two dogs.', 'german'),
    translator: await startOllama({ pieceMs: 2 }),
  });
  try {
    for (const fields of [{}, { transcript: 'true' }, { format: 'verbose_json' }]) {
      const answer = await upload({ target: 'es', ...fields }, own);
      expect(await answer.json()).toMatchObject({ detectedSource: { language: 'de', confidence: 1 } });
    }
  } finally {
    await own.close();
  }
});

it('the language that a recognizer detects comes back in the metadata of the response', async () => {
  const own = await startLocalAiStt(() => 'Guten Tag.', 'german');
  const part = { apiKey: undefined, timeoutMs: 5_000, model: undefined };
  const engine = await createSpeechEngine({
    parts: {
      stt: { ...part, url: own.url },
      translator: { ...part, url: translator.url, form: 'auto' },
      tts: undefined,
    },
  });
  const server = await startOfflineServer({ dialect: 'ga', responder: engine });
  const client = await BareClient.open(server.url);
  try {
    const item = {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_audio', audio: SPEECH.toString('base64') }],
    };
    const metadata = { request_id: 'r1', target_language: 'es' };
    const response = { conversation: 'none', output_modalities: ['text'], metadata, input: [item] };
    client.send({ type: 'response.create', response });
    const done = await client.next('response.done');
    expect(at(done, 'response.metadata')).toEqual({ ...metadata, detected_language: 'de' });
    expect(at(done, 'response.output.0.content.0.text')).toBe('GUTEN TAG.');
  } finally {
    await client.close();
    await server.close();
    await engine.close();
    await own.close();
  }
});

it('the openai client talks to the parts behind the offline server alone', async () => {
  const part = { apiKey: undefined, timeoutMs: 5_000 };
  const engine = await createSpeechEngine({
    parts: {
      stt: { ...part, url: stt.url, model: WHISPER },
      translator: { ...part, url: translator.url, model: 'm', form: 'auto' },
      tts: { ...part, url: tts.url, model: undefined, voices: new Map(), pcmRate: undefined },
    },
  });
  const server = await startOfflineServer({ dialect: 'ga', responder: engine });
  const openai = new OpenAI({ apiKey: 'any', baseURL: `http://127.0.0.1:${server.port}/v1` });
  const createConnection = () => connect(server.port, '127.0.0.1');
  const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { createConnection } }, openai);
  let text = '';
  realtime.on('response.output_audio_transcript.delta', ({ delta }) => (text += delta));
  const done = new Promise((resolve, reject) => {
    realtime.on('error', reject);
    realtime.on('response.done', ({ response }) => {
      resolve(response.status);
    });
  });
  realtime.on('session.created', () => {
    // Any name of a voice is passed on to a synthesizer whose voices are not known.
    const audio = { input: { turn_detection: null }, output: { voice: 'ef_dora' } };
    realtime.send({
      type: 'session.update',
      session: { type: 'realtime', instructions: 'Translate to Spanish.', audio },
    });
    realtime.send({ type: 'input_audio_buffer.append', audio: SPEECH.toString('base64') });
    realtime.send({ type: 'input_audio_buffer.commit' });
    realtime.send({ type: 'response.create' });
  });
  expect(await done).toBe('completed');
  expect(text).toBe('WE HAVE TWO DOGS. AND THREE CATS.');
  expect(tts.calls.map(askedSpeech).at(-1)).toMatchObject({ voice: 'ef_dora' });
  realtime.close();
  await server.close();
  await engine.close();
});
