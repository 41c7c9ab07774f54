/** Speech recognition over HTTP, in front of an imitation of each server. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import type { Responder } from '../../src/offline/server/responder.js';
import { babble, hum, silence } from '../support/offline-audio.js';
import type { PartServer } from '../support/parts/part-server.js';
import {
  lastFields,
  startJsonOnlyStt,
  startLocalAiStt,
  startOldWhisperCpp,
  startSpeachesStt,
  startVllmStt,
  startWhisperCpp,
} from '../support/parts/stt.js';

const never = new AbortController().signal;
const SPEECH = Buffer.concat([silence(1_000), babble(1_500), silence(1_000)]);
let server: PartServer;
let engine: Responder;

async function heardBy(
  started: Promise<PartServer>,
  settings: { model?: string; apiKey?: string } = {},
): Promise<void> {
  server = await started;
  const stt = { url: server.url, apiKey: settings.apiKey, model: settings.model, timeoutMs: 5_000 };
  engine = await createSpeechEngine({ parts: { stt, translator: undefined, tts: undefined } });
}

afterEach(async () => {
  await engine.close();
  await server.close();
});

describe('speech is recognised', () => {
  it('by whisper.cpp, which is told `auto` where no language is named, and writes lines', async () => {
    await heardBy(startWhisperCpp(() => 'One sentence. Another one.'));
    expect(await engine.transcribe(SPEECH, undefined, never)).toEqual({
      text: 'One sentence. Another one. [auto]',
    });
    expect(lastFields(server)).toEqual({
      model: 'whisper-1',
      language: 'auto',
      response_format: 'json',
      temperature: '0',
    });
    expect(await engine.transcribe(Buffer.from(SPEECH), 'de-AT', never)).toEqual({
      text: 'One sentence. Another one. [de]',
    });
    expect(server.listed).toEqual([]);
  });

  it('by speaches, and no language is sent where none is named', async () => {
    await heardBy(startSpeachesStt(), { model: 'Systran/faster-whisper-small' });
    const { text } = await engine.transcribe(SPEECH, undefined, never);
    expect(text).toMatch(/^Heard (?:1\.[89]|2\.[0-3]) seconds\.$/);
    expect(lastFields(server)).not.toHaveProperty('language');
  });

  it('by LocalAI, whose detected language is passed on, and whose repetition of ours is not', async () => {
    await heardBy(startLocalAiStt(() => 'Guten Tag.'));
    expect(await engine.transcribe(SPEECH, undefined, never)).toEqual({ text: 'Guten Tag.', language: 'de' });
    expect(await engine.transcribe(Buffer.from(SPEECH), 'en', never)).toEqual({ text: 'Guten Tag.' });
  });

  it('by Voxtral on vLLM, which refuses other formats than plain JSON', async () => {
    await heardBy(
      startVllmStt(() => 'Hello.'),
      { model: 'mistralai/Voxtral-Mini-3B-2507' },
    );
    expect(await engine.transcribe(SPEECH, undefined, never)).toEqual({ text: 'Hello.' });
  });

  it('by a server of OpenAI’s, with its key', async () => {
    await heardBy(
      startJsonOnlyStt(() => 'Hello.'),
      { model: 'gpt-4o-transcribe', apiKey: 'sk-stt' },
    );
    expect(await engine.transcribe(SPEECH, 'en', never)).toEqual({ text: 'Hello.' });
  });
});

describe('silence', () => {
  it.each([
    ['nothing at all', Buffer.alloc(0)],
    ['digital silence', silence(3_000)],
    ['faint hum', hum(3_000, -62)],
    ['a click', Buffer.concat([silence(500), babble(20), silence(500)])],
  ])('is never sent: %s', async (_what, pcm) => {
    await heardBy(startWhisperCpp());
    expect(await engine.transcribe(pcm, 'en', never)).toEqual({ text: '' });
    expect(server.calls).toEqual([]);
  });

  it('around speech and in long pauses is cut, and no speech with it', async () => {
    await heardBy(startWhisperCpp((ms) => `${ms}`));
    const pcm = Buffer.concat([
      silence(5_000),
      babble(1_000),
      silence(20_000),
      babble(1_000),
      silence(5_000),
    ]);
    const { text } = await engine.transcribe(pcm, 'en', never);
    expect(Number(text)).toBeGreaterThan(2_000);
    expect(Number(text)).toBeLessThan(5_000);
    const short = Buffer.concat([babble(1_000), silence(1_000), babble(1_000)]);
    expect(Number((await engine.transcribe(short, 'en', never)).text)).toBeGreaterThanOrEqual(2_900);
  });

  it('does not hide a faint voice', async () => {
    await heardBy(startWhisperCpp(() => 'I whisper.'));
    const faint = Buffer.alloc(SPEECH.length);
    for (let at = 0; at < SPEECH.length; at += 2)
      faint.writeInt16LE(Math.round(SPEECH.readInt16LE(at) / 60), at);
    expect((await engine.transcribe(faint, 'en', never)).text).toBe('I whisper.');
  });
});

it('an answer without a text is a refusal that names the part, as old servers answer 200 with an error', async () => {
  await heardBy(startOldWhisperCpp());
  await expect(engine.transcribe(SPEECH, 'en', never)).rejects.toMatchObject({
    code: 'stt_rejected',
    message: expect.stringContaining('STT_URL'),
  });
});

it('a caller that leaves ends the call', async () => {
  await heardBy(startWhisperCpp());
  server.faults.push('hang');
  const abort = new AbortController();
  const words = engine.transcribe(SPEECH, 'en', abort.signal);
  words.catch(() => undefined);
  while (server.calls.length === 0) await new Promise(setImmediate);
  abort.abort(new Error('gone'));
  await expect(words).rejects.toThrow('gone');
  expect(await server.calls[0]?.abandoned).toBe(true);
});
