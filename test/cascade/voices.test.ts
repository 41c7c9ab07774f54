/** Speech synthesis over HTTP, in front of an imitation of each server. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { loudnessDb } from '../../src/audio/loudness.js';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import { readSpokenWav } from '../../src/offline/engine/http/spoken-answer.js';
import type { Responder } from '../../src/offline/server/responder.js';
import { ask } from '../support/engine.js';
import { wavAtRate } from '../support/wav.js';
import { hum } from '../support/offline-audio.js';
import { startOllama } from '../support/parts/chat.js';
import type { PartServer } from '../support/parts/part-server.js';
import { askedSpeech, MS_PER_LETTER, startKokoro, startLyingTts, startPiper } from '../support/parts/tts.js';

const servers: PartServer[] = [];
let engine: Responder;

interface Wish {
  model?: string;
  voices?: Record<string, string>;
  pcmRate?: number;
}

async function spokenBy(
  started: Promise<PartServer>,
  { model, voices = {}, pcmRate }: Wish = {},
): Promise<PartServer> {
  const [tts, translator] = await Promise.all([started, startOllama({ pieceMs: 1 })]);
  servers.push(tts, translator);
  engine = await createSpeechEngine({
    parts: {
      stt: undefined,
      translator: { url: translator.url, apiKey: undefined, model: 'm', form: 'auto', timeoutMs: 5_000 },
      tts: {
        ...{ url: tts.url, apiKey: undefined, model, timeoutMs: 5_000, pcmRate },
        voices: new Map(Object.entries(voices)),
      },
    },
  });
  return tts;
}

afterEach(async () => {
  await engine.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const SENTENCE = 'Good morning, my friend.';
const wish = { target: 'es', output: 'audio', instructions: 'Translate to Spanish.' } as const;

describe('speech', () => {
  it.each([
    ['Kokoro, whose header has no sizes', () => startKokoro(), {}],
    ['Kokoro, as raw samples', () => startKokoro(), { pcmRate: 24_000 }],
    [
      'Piper, at 22.05 kHz and in pieces',
      () => startPiper(),
      { model: 'speaches-ai/piper-es_ES-davefx-medium' },
    ],
    ['a server in stereo at 44.1 kHz with too small a size', () => startLyingTts(), {}],
    ['a server that writes 0 for a size', () => startLyingTts(0), {}],
  ])('of %s comes whole, at its pitch and at 24 kHz', async (_name, start, options: Wish) => {
    await spokenBy(start(), options);
    const { text, pcm } = await ask(engine, SENTENCE, wish);
    expect(text).toBe(SENTENCE.toUpperCase());
    const ms = SENTENCE.length * MS_PER_LETTER;
    expect(pcm.length / 48).toBeGreaterThan(ms - 20);
    expect(pcm.length / 48).toBeLessThan(ms + 20);
    expect(loudnessDb(pcm)).toBeGreaterThan(-16);
    expect(crossings(pcm) / (pcm.length / 48_000)).toBeCloseTo(880, -1);
  });

  it('begins while the text still comes, a sentence at a time and in order', async () => {
    const tts = await spokenBy(startKokoro());
    const kinds: string[] = [];
    const text = 'This is the first sentence. Here is the second sentence. And that was all.';
    const items = [{ role: 'user', parts: [{ type: 'text', text }] }] as const;
    const request = { responseId: 'r', voice: undefined, metadata: { target_language: 'es' }, items };
    const whole = { ...request, output: 'audio', instructions: 'Translate to Spanish.' } as const;
    for await (const { type } of engine.respond(whole, new AbortController().signal)) kinds.push(type);
    expect(tts.calls.map((call) => askedSpeech(call).input)).toEqual([
      'THIS IS THE FIRST SENTENCE.',
      'HERE IS THE SECOND SENTENCE.',
      'AND THAT WAS ALL.',
    ]);
    expect(kinds.indexOf('audio')).toBeLessThan(kinds.lastIndexOf('text'));
  });

  it('is asked for whole, and as WAV', async () => {
    const tts = await spokenBy(startKokoro());
    await ask(engine, 'Hello.', wish);
    expect(tts.calls.map(askedSpeech)).toEqual([
      { model: 'tts-1', input: 'HELLO.', voice: 'alloy', response_format: 'wav', stream: false },
    ]);
  });
});

describe('the voice', () => {
  const voices = { en: 'af_heart', es: 'ef_dora' };

  it.each([
    ['that of the language, where none is asked for', undefined, 'es-MX', 'ef_dora'],
    ['that of the language, for a name of another provider', 'marin', 'en', 'af_heart'],
    ['the one that is asked for, where it is one of ours', 'af_heart', 'es', 'af_heart'],
    ['the first, for a language without one', undefined, 'fr', 'af_heart'],
  ])('is %s', async (_what, voice, target, expected) => {
    const tts = await spokenBy(startKokoro(), { voices });
    await ask(engine, 'Hello.', { ...wish, target, voice });
    expect(tts.calls.map((call) => askedSpeech(call).voice)).toEqual([expected]);
  });

  it('can be chosen of those that are set', async () => {
    await spokenBy(startKokoro(), { voices });
    expect((await engine.capabilities()).voices).toEqual(['af_heart', 'ef_dora']);
  });
});

describe('a WAV', () => {
  it('is read without what stands behind its samples', async () => {
    const pcm = hum(100, -10);
    const wav = wavAtRate(pcm, 24_000);
    const list = Buffer.from('LIST\x04\0\0\0INFO', 'latin1');
    expect((await readSpokenWav(Buffer.concat([wav, list])))?.equals(pcm)).toBe(true);
    // No chunk: more samples.
    expect((await readSpokenWav(Buffer.concat([wav, pcm])))?.length).toBe(2 * pcm.length);
  });

  it('is not what it is called: undefined', async () => {
    expect(await readSpokenWav(Buffer.from('ID3\x04 an mp3, whatever was asked for'))).toBeUndefined();
    expect(await readSpokenWav(Buffer.from('RIFF\0\0\0\0WAVE'))).toBeUndefined();
  });
});

/** How often the samples change their sign: twice for each period. */
function crossings(pcm: Buffer): number {
  let count = 0;
  for (let at = 2; at < pcm.length; at += 2)
    if (pcm.readInt16LE(at) >= 0 !== pcm.readInt16LE(at - 2) >= 0) count += 1;
  return count;
}
