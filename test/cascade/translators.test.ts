/** Translation over HTTP, in front of an imitation of each server and of each model. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import type { Responder } from '../../src/offline/server/responder.js';
import type { FormName } from '../../src/providers/cascade.js';
import { ask, textItem } from '../support/engine.js';
import {
  lastChat,
  startLlamaCpp,
  startOllama,
  startOpenRouter,
  startSloppyChat,
  startThinker,
  startVllm,
  startWholeChat,
} from '../support/parts/chat.js';
import { hunyuan, tower, translateGemma } from '../support/parts/mt-models.js';
import type { PartServer } from '../support/parts/part-server.js';
import { startDeepl, startLibreTranslate } from '../support/parts/services.js';

let server: PartServer;
let engine: Responder;

async function translatedBy(
  started: Promise<PartServer>,
  settings: { model?: string; apiKey?: string; form?: FormName | 'auto' } = {},
): Promise<void> {
  server = await started;
  const { model, apiKey, form = 'auto' } = settings;
  const translator = { url: server.url, apiKey, model, form, timeoutMs: 5_000 };
  engine = await createSpeechEngine({ parts: { stt: undefined, translator, tts: undefined } });
}

afterEach(async () => {
  await engine.close();
  await server.close();
});

const PROMPT = textItem('Translate everything the user says to Spanish.', 'system');
const TEXT = 'Good morning, my friend.\nSee {text} and <think> you.';

describe('a chat model', () => {
  it.each([
    ['Ollama', () => startOllama()],
    ['vLLM', () => startVllm()],
    ['llama.cpp', () => startLlamaCpp()],
    ['OpenRouter', () => startOpenRouter()],
    ['a server with CR LF and without an end', () => startSloppyChat()],
    ['a server that does not stream', () => startWholeChat()],
    ['a model that thinks in `reasoning`', () => startThinker('reasoning')],
    ['a model that thinks in `reasoning_content`', () => startThinker('reasoning_content')],
    ['a model that thinks in its text', () => startThinker('content')],
  ])('on %s translates the text and nothing else', async (_name, start) => {
    await translatedBy(start(), { model: 'some-model' });
    const answer = await ask(engine, [PROMPT, textItem(TEXT)], { target: 'es' });
    expect(answer.text).toBe(TEXT.toUpperCase());
    const { messages, ...others } = lastChat(server);
    expect(others).toEqual({
      model: 'some-model',
      temperature: 0,
      max_tokens: 2_048 + TEXT.length,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(messages[0]?.content).toContain('Translate everything the user says to Spanish.');
  });

  it('passes words on as they come', async () => {
    await translatedBy(startOllama());
    const { deltas } = await ask(engine, [PROMPT, textItem('Good morning.')], { target: 'es' });
    expect(deltas).toEqual(['GOO', 'D M', 'ORN', 'ING', '.']);
  });

  it('draws other markers for each request', async () => {
    await translatedBy(startOllama());
    const markers = new Set<string>();
    for (let count = 0; count < 3; count += 1) {
      await ask(engine, [PROMPT, textItem('Hello.')], { target: 'es' });
      markers.add(lastChat(server).messages[1]?.content.split('\n')[0] ?? '');
    }
    expect(markers.size).toBe(3);
  });

  it('that echoes the markers is understood', async () => {
    await translatedBy(startOllama({ model: ({ messages }) => messages[1]?.content ?? '' }));
    expect((await ask(engine, [PROMPT, textItem('Hola.')], { target: 'es' })).text).toBe('Hola.');
  });

  it('gets the context apart from the text', async () => {
    await translatedBy(startOllama());
    const context = textItem(
      'Context that helps to understand what follows; it is not to be translated:\nA bank is a bench.',
      'system',
    );
    await ask(engine, [PROMPT, context, textItem('The bank.')], { target: 'es' });
    const [system, user] = lastChat(server).messages;
    expect(system?.content).toContain('do not translate it:\nA bank is a bench.');
    expect(user?.content).not.toContain('bench');
  });

  it('answers where the prompt asks for no translation, with the turns before', async () => {
    await translatedBy(
      startOllama({ model: ({ messages }) => messages.map(({ content }) => content).join('|') }),
    );
    const items = [textItem('My name is Ana.'), textItem('Hello, Ana.', 'assistant'), textItem('Who am I?')];
    const { text } = await ask(engine, items, { instructions: 'You are a helpful assistant.' });
    expect(text).toBe('You are a helpful assistant.|My name is Ana.|Hello, Ana.|Who am I?');
  });

  it('names its model among the parts, and any language', async () => {
    await translatedBy(startOllama(), { model: 'gemma3:4b' });
    expect(await engine.capabilities()).toMatchObject({
      languages: 'any',
      speechSources: ['en'],
      parts: {
        stt: { kind: 'built-in' },
        translator: { kind: 'http', model: 'gemma3:4b' },
        tts: { kind: 'built-in' },
      },
    });
  });
});

describe('a translation model', () => {
  it('TranslateGemma is asked as it was trained, without a system message', async () => {
    await translatedBy(startVllm({ model: translateGemma }), { model: 'google/translategemma-4b-it' });
    const { text } = await ask(engine, [PROMPT, textItem('Good morning.')], {
      source: 'en',
      target: 'pt-BR',
    });
    expect(text).toBe('pt-BR: GOOD MORNING.');
    await expect(ask(engine, [PROMPT, textItem('Good morning.')], { target: 'es' })).rejects.toMatchObject({
      code: 'unsupported_language',
      message: expect.stringContaining('`source`'),
    });
  });

  it.each([
    ['en', 'es', 'Spanish: HELLO.'],
    ['en', 'zh', '中文: HELLO.'],
    ['zh-Hant', 'en', '英语: HELLO.'],
    [undefined, 'fr', 'French: HELLO.'],
  ])(
    'Hunyuan-MT from %s to %s is asked in the language of its training',
    async (source, target, expected) => {
      await translatedBy(startLlamaCpp({ model: hunyuan }), { model: 'Hunyuan-MT-7B-Q4_K_M.gguf' });
      const wish = { target, ...(source !== undefined && { source }) };
      expect((await ask(engine, [PROMPT, textItem('Hello.')], wish)).text).toBe(expected);
    },
  );

  it.each([
    ['HY-MT1.5-7B', '西班牙语: THE BANK. (A bench.)'],
    ['HY-MT1.5-1.8B', 'Spanish: THE BANK.'],
  ])('%s gets the context that it can use', async (model, expected) => {
    await translatedBy(startOllama({ model: hunyuan }), { model });
    const context = textItem(
      'Context that helps to understand what follows; it is not to be translated:\nA bench.',
      'system',
    );
    const { text } = await ask(engine, [PROMPT, context, textItem('The bank.')], { target: 'es' });
    expect(text).toBe(expected);
  });

  it.each([
    ['a server that knows stop strings', (stop: boolean) => startOllama({ model: tower, ...(stop && {}) })],
    [
      'a server that ignores them',
      () =>
        startSloppyChat({
          model: (chat) => tower({ ...chat, stop: [] }),
          pieces: (text) => text.match(/[\s\S]/gu) ?? [],
        }),
    ],
  ])('Tower on %s ends with its translation', async (_what, start) => {
    await translatedBy(start(true), { model: 'TowerInstruct-7B-v0.2' });
    const { text } = await ask(engine, [PROMPT, textItem('Hello.')], { source: 'en', target: 'es' });
    expect(text).toBe('HELLO.');
  });
});

describe('LibreTranslate', () => {
  it('takes the key in the body, and tells the language that it detected', async () => {
    await translatedBy(startLibreTranslate('libre-key'), { apiKey: 'libre-key', form: 'libretranslate' });
    const events: unknown[] = [];
    const request = { responseId: 'r', output: 'text', voice: undefined, instructions: '' } as const;
    const items = [PROMPT, textItem('Guten Morgen.')];
    const metadata = { target_language: 'zh-TW' };
    for await (const event of engine.respond({ ...request, metadata, items }, new AbortController().signal))
      events.push(event);
    expect(events).toEqual([
      { type: 'text', delta: 'zh-Hant: GUTEN MORGEN.' },
      { type: 'detected', language: 'de' },
    ]);
    expect(JSON.parse(server.calls[0]?.body.toString() ?? '')).toEqual({
      q: 'Guten Morgen.',
      source: 'auto',
      target: 'zh-Hant',
      format: 'text',
      api_key: 'libre-key',
    });
    expect(server.calls[0]?.headers.authorization).toBeUndefined();
  });

  it('offers the languages that it lists, and refuses others before it is asked', async () => {
    await translatedBy(startLibreTranslate(), { form: 'libretranslate' });
    await engine.checks?.();
    const { languages, speechSources } = await engine.capabilities();
    expect(languages).toContainEqual({ source: 'en', targets: ['es', 'de', 'pt-BR', 'zh-Hans', 'zh-Hant'] });
    expect(speechSources).toEqual(['en']);
    await expect(ask(engine, 'Hello.', { source: 'en', target: 'ja' })).rejects.toMatchObject({
      code: 'unsupported_language',
    });
    expect(server.calls).toEqual([]);
  });
});

describe('DeepL', () => {
  it.each([
    ['en', 'EN-US'],
    ['en-AU', 'EN-GB'],
    ['pt', 'PT-BR'],
    ['pt-PT', 'PT-PT'],
    ['es-MX', 'ES'],
    ['zh-Hant', 'ZH-HANT'],
  ])('gets its own code for %s, and its own header for the key', async (target, code) => {
    await translatedBy(startDeepl('deepl-key'), { apiKey: 'deepl-key' });
    const { text } = await ask(engine, [PROMPT, textItem('Hallo.')], { source: 'de-AT', target });
    expect(text).toBe(`${code}: HALLO.`);
    expect(JSON.parse(server.calls[0]?.body.toString() ?? '')).toMatchObject({ source_lang: 'DE' });
  });

  it('must be told the target', async () => {
    await translatedBy(startDeepl('deepl-key'), { apiKey: 'deepl-key' });
    await expect(ask(engine, [textItem('Hallo.')])).rejects.toMatchObject({ code: 'unsupported_language' });
  });
});
