/** The speech engine as the offline server meets it: real translation, real speech. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSpeechEngine } from '../../src/offline/engine/engine.js';
import { loudnessDb } from '../../src/audio/loudness.js';
import { ResponderError } from '../../src/offline/server/errors.js';
import type { Responder } from '../../src/offline/server/responder.js';
import { ask, audioItem, textItem } from '../support/engine.js';
import { silence } from '../support/offline-audio.js';
import { eventually, pipelinesOf, programsIn, untilGone } from '../support/programs.js';
import { speakSamples } from '../support/speech.js';

const never = new AbortController().signal;
let engine: Responder;

beforeAll(async () => {
  engine = await createSpeechEngine();
});
afterAll(() => engine.close());

const refusal = (code: string, words: string): object =>
  expect.objectContaining({ code, message: expect.stringContaining(words) });

describe('a text', () => {
  it.each([
    ['I have a dog.', 'en', 'es', 'Tengo un perro.'],
    ['La casa roja es grande.', 'es', 'en', 'The red house is big.'],
    ['I have a dog.', 'en-GB', 'pt', 'Tenho um cão.'],
    ['I take the bus.', 'en', 'pt-BR', 'Tomo o ônibus.'],
    ['The red house has a garden.', 'en', 'ca', 'La casa vermella té un jardí.'],
    ['La maison rouge est grande.', 'fr', 'es-MX', 'La casa roja es grande.'],
    ['La maison rouge est grande.', 'fr', 'en', 'The red house is big.'],
  ])('%j from %s to %s is %j', async (text, source, target, expected) => {
    expect((await ask(engine, text, { source, target })).text).toBe(expected);
  });

  it.each([
    ['decomposed accents', 'El ni\u00f1o est\u00e1 en la casa. Buenos d\u00edas.', 'es', 'en'],
    ['a decomposed cedilla', 'Le gar\u00e7on est \u00e0 la maison.', 'fr', 'es'],
    ['decomposed accents behind an apostrophe', 'L\u2019home \u00e9s gran.', 'ca', 'en'],
  ])(
    'with %s is translated as with composed ones, its language named or not',
    async (_what, text, source, target) => {
      const { text: expected } = await ask(engine, text, { source, target });
      expect(expected).not.toMatch(/\p{M}/u);
      expect((await ask(engine, text.normalize('NFD'), { source, target })).text).toBe(expected);
      expect((await ask(engine, text.normalize('NFD'), { target })).text).toBe(expected);
    },
  );

  it('with decomposed accents has right words', async () => {
    const text = 'El nin\u0303o esta\u0301 en la casa. Buenos di\u0301as.';
    expect((await ask(engine, text, { source: 'es', target: 'en' })).text).toBe(
      'The boy is in the house. Good morning.',
    );
  });

  it.each([
    ['ligatures', 'The o\ufb03ce is big. I \ufb01nd the house.', 'La oficina es grande. Encuentro la casa.'],
    [
      'letters of full width',
      '\uff34\uff48\uff45 \uff52\uff45\uff44 house is big.',
      'La casa roja es grande.',
    ],
    ['a soft hyphen', 'The ho\u00aduse is red.', 'La casa es roja.'],
    ['typographic apostrophes', 'I don\u2019t have a dog.', 'No tengo un perro.'],
    ['blanks that do not break', 'I\u00a0have\u00a0a\u00a0dog.', 'Tengo\u00a0un\u00a0perro.'],
    ['decomposed Hangul', 'I have a \u1112\u1161\u11ab house.', 'Tengo un \ud55c casa.'],
    [
      'halves of surrogate pairs',
      'I have a \ud800 dog and \udfff a house.',
      'Tengo un \ufffd perro y \ufffd una casa.',
    ],
  ])('with %s is translated', async (_what, text, expected) => {
    expect((await ask(engine, text, { source: 'en', target: 'es' })).text).toBe(expected);
  });

  it.each(['Tradueix al catala\u0300.', 'Translate to Catala\u0300.'])(
    'is translated to the language that a prompt names with a decomposed accent: %s',
    async (prompt) => {
      expect((await ask(engine, 'I have a dog.', { instructions: prompt })).text).toBe('Tinc un gos.');
      const items = [textItem(prompt, 'system'), textItem('I have a dog.')];
      expect((await ask(engine, items)).text).toBe('Tinc un gos.');
      expect((await ask(engine, 'I have a dog.', { target: 'catala\u0300' })).text).toBe('Tinc un gos.');
    },
  );

  it('in a language that nobody named is recognised', async () => {
    expect((await ask(engine, 'La maison rouge est grande.', { target: 'es' })).text).toBe(
      'La casa roja es grande.',
    );
  });

  it('without any wish goes from English to Spanish, and from all else to English', async () => {
    const instructions = 'Your answer can only be a translation of what I said.';
    expect((await ask(engine, 'Good morning', { instructions })).text).toBe('Buenos días');
    expect((await ask(engine, 'Buenos días', { instructions })).text).toBe('Good morning');
    expect((await ask(engine, 'Buenos días', { instructions: 'You are a helpful assistant.' })).text).toBe(
      'Good morning',
    );
  });

  it('between two languages goes to the other one', async () => {
    const instructions = 'Interpret between English and Catalan.';
    expect((await ask(engine, 'I have a dog.', { instructions })).text).toBe('Tinc un gos.');
    expect((await ask(engine, 'El gos és gran.', { instructions })).text).toBe('The dog is big.');
  });

  it('in the target language already comes back as it is', async () => {
    expect((await ask(engine, '¡Buenos  días!\n', { target: 'es' })).text).toBe('¡Buenos  días!\n');
    expect((await ask(engine, 'x', { source: 'de', target: 'de-AT' })).text).toBe('x');
  });

  it('is the last user item alone; what stands before is context', async () => {
    const items = [
      textItem('Translate to Catalan.', 'system'),
      textItem('Translate the red house.'),
      textItem('Tradueix la casa vermella.', 'assistant'),
      textItem('I have a dog.'),
      textItem('The dog is called Rex, says the context.', 'system'),
    ];
    expect((await ask(engine, items)).text).toBe('Tinc un gos.');
  });

  it('is told word by word when short, sentence by sentence when long, the same in both', async () => {
    const short = await ask(engine, 'I have a dog. I have a house.', { source: 'en', target: 'es' });
    expect(short.deltas).toEqual(['Tengo', ' un', ' perro. ', 'Tengo', ' una', ' casa.']);
    const long = await ask(engine, 'I have a dog. I have a house. '.repeat(50), {
      source: 'en',
      target: 'es',
    });
    expect(long.deltas).toHaveLength(100);
    expect(long.text).toBe('Tengo un perro. Tengo una casa. '.repeat(50));
  });

  it('of 20 000 code points is translated to its end, blanks and all', async () => {
    const text = `${'I have a dog 😀.\n'.repeat(1_249)}I have a house.\n`;
    expect(Array.from(text)).toHaveLength(20_000);
    const { text: answer } = await ask(engine, text, { source: 'en', target: 'es' });
    expect(answer).toBe(`${'Tengo un perro 😀.\n'.repeat(1_249)}Tengo una casa.\n`);
  });

  it.each(['', ' \n\t', '\0'])('of nothing but %j is answered with nothing', async (text) => {
    expect(await ask(engine, text, { target: 'es' })).toMatchObject({ deltas: [] });
  });

  it('is not asked for when there is no user item', async () => {
    expect((await ask(engine, [textItem('Translate to Spanish', 'system')])).deltas).toEqual([]);
    expect((await ask(engine, [])).deltas).toEqual([]);
  });

  it('among twenty at a time, of all kinds, gets its own answer', async () => {
    const asked = Array.from({ length: 20 }, (_, at) => {
      if (at % 2 === 0) return { text: `I have ${at} dogs.`, target: 'es', expected: `Tengo ${at} perros.` };
      return { text: `I have ${at} dogs.`, target: 'ca', expected: `Tinc ${at} gossos.` };
    });
    const answers = await Promise.all(
      asked.map(({ text, target }) => ask(engine, text, { source: 'en', target })),
    );
    expect(answers.map(({ text }) => text)).toEqual(asked.map(({ expected }) => expected));
  });
});

describe('what cannot be done', () => {
  it.each([
    ['Good morning', { target: 'de' }, 'Spanish (es)'],
    ['Guten Morgen', { source: 'de', target: 'en' }, 'English (en), '],
    ['Good morning', { instructions: 'Translate to German.' }, 'English cannot be translated to German'],
    [
      'Guten Morgen, wie geht es Ihnen heute?',
      { target: 'en' },
      'not in a language that can be translated offline',
    ],
    ['火车站在哪里？', {}, 'not in a language that can be translated offline'],
  ])('%j with %j is refused in a sentence that says what is possible', async (text, wish, words) => {
    await expect(ask(engine, text, wish)).rejects.toEqual(refusal('unsupported_language', words));
    await expect(ask(engine, text, wish)).rejects.toBeInstanceOf(ResponderError);
  });

  it('is speech in another language than English', async () => {
    const wish = { source: 'es', target: 'en' };
    await expect(ask(engine, [audioItem(silence(500))], wish)).rejects.toEqual(
      refusal('unsupported_language', 'only speech in English'),
    );
    await expect(engine.transcribe(silence(500), 'fr', never)).rejects.toEqual(
      refusal('unsupported_language', 'not in French'),
    );
  });
});

describe('a recording', () => {
  it('is heard and translated', async () => {
    const speech = await speakSamples('I live in a small house with my family.');
    expect((await ask(engine, [audioItem(speech)], { target: 'es' })).text).toBe(
      'Vivo en una casa pequeña con mi familia.',
    );
    expect((await ask(engine, [audioItem(speech)], { target: 'en' })).text).toBe(
      'I live in a small house with my family.',
    );
  });

  it('keeps the capitals of names, without which they would not be translated', async () => {
    const speech = await speakSamples('The museum is closed on Monday.');
    const heard = await engine.transcribe(speech, 'en-US', never);
    expect(heard.text).toBe('The museum is closed on Monday.');
    expect((await ask(engine, [audioItem(speech)])).text).toBe('El museo está cerrado el lunes.');
  });

  it('of silence is answered with nothing, in words and in speech', async () => {
    expect(await ask(engine, [audioItem(silence(2_000))], { output: 'audio' })).toEqual({
      text: '',
      deltas: [],
      pcm: Buffer.alloc(0),
    });
    expect((await engine.transcribe(silence(2_000), undefined, never)).text).toBe('');
  });

  it('that has been transcribed is not recognised again', async () => {
    const speech = await speakSamples('We have two dogs and three cats.');
    const [words, answer] = await Promise.all([
      engine.transcribe(speech, undefined, never),
      ask(engine, [audioItem(speech)], { target: 'es' }),
    ]);
    expect({ words: words.text, text: answer.text }).toEqual({
      words: 'We have two dogs and three cats.',
      text: 'Tenemos dos perros y tres gatos.',
    });
    const before = await pipelinesOf();
    const again = ask(engine, [audioItem(speech)], { target: 'es' });
    expect((await pipelinesOf()).filter((each) => !before.includes(each))).toEqual([]);
    expect((await again).text).toBe('Tenemos dos perros y tres gatos.');
  });

  it('that brings its transcript is taken at its word', async () => {
    const part = { type: 'audio', audio: silence(100), transcript: 'I have a dog.' } as const;
    expect((await ask(engine, [{ role: 'user', parts: [part] }], { target: 'es' })).text).toBe(
      'Tengo un perro.',
    );
  });
});

describe('a spoken reply', () => {
  it('follows the text, is audible and about as long as the sentence takes', async () => {
    const reply = await ask(engine, 'I live in a small house with my family.', {
      target: 'es',
      output: 'audio',
    });
    expect(reply.text).toBe('Vivo en una casa pequeña con mi familia.');
    expect(loudnessDb(reply.pcm)).toBeGreaterThan(-35);
    expect(reply.pcm.length / 48_000).toBeGreaterThan(1.5);
    expect(reply.pcm.length / 48_000).toBeLessThan(6);
  });

  it('in English is understood by the engine itself', async () => {
    const sentence = 'I live in a small house with my family.';
    const reply = await ask(engine, sentence, { target: 'en', output: 'audio', voice: 'cedar' });
    expect((await engine.transcribe(reply.pcm, 'en', never)).text).toBe(reply.text);
  });

  it('in a voice of each name that is offered', async () => {
    for (const voice of (await engine.capabilities()).voices) {
      const reply = await ask(engine, 'Hello', { source: 'en', target: 'es', output: 'audio', voice });
      expect(reply.pcm.length).toBeGreaterThan(10_000);
    }
  });
});

describe('abort', () => {
  it('ends what is under way, and a request that has not begun', async () => {
    const abort = new AbortController();
    const speech = Buffer.concat(Array<Buffer>(30).fill(await speakSamples('I need a doctor.')));
    const before = await pipelinesOf();
    const answer = ask(engine, [audioItem(speech)], { target: 'es' }, abort.signal);
    answer.catch(() => undefined);
    const started = await eventually(
      async () => (await pipelinesOf()).filter((each) => !before.includes(each)),
      (pipelines) => pipelines.length > 0,
    );
    abort.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    await expect(ask(engine, 'Hello', {}, abort.signal)).rejects.toThrow('gone');
    await untilGone(started);
  });
});

describe('capabilities', () => {
  it('tell pairs, chains, speech and voices of what is installed', async () => {
    const { languages, chains, speechSources, voices, missing } = await engine.capabilities();
    expect(languages).toContainEqual({ source: 'es', targets: ['en', 'en-US', 'fr', 'pt', 'pt-BR'] });
    expect(chains).toContainEqual(['en', 'es', 'pt']);
    expect(speechSources).toEqual(['en']);
    expect(voices).toEqual(expect.arrayContaining(['alloy', 'slt', 'rms']));
    expect(missing).toEqual([]);
  });

  it('name only ways that work', async () => {
    const { languages, chains } = await engine.capabilities();
    const ways = [
      ...(languages === 'any' ? [] : languages).flatMap(({ source, targets }) =>
        targets.map((target) => [source, target]),
      ),
      ...chains,
    ];
    for (const way of ways) {
      const [source, target] = [way.at(0) ?? '', way.at(-1) ?? ''];
      expect((await ask(engine, '1', { source, target })).text).toBe('1');
    }
  });
});

it('understands the samples as their table says', async () => {
  const pcm = (await readFile('samples/animals.wav')).subarray(44);
  const { text: words } = await engine.transcribe(pcm, undefined, never);
  expect(words).toBe((await readFile('samples/animals.txt', 'utf8')).trim());
  expect((await ask(engine, [audioItem(pcm)], { target: 'es' })).text).toBe(
    'Tenemos dos perros y tres gatos.',
  );
});

it('leaves no program behind when it is closed, whatever it was doing', async () => {
  const own = await createSpeechEngine();
  const before = await pipelinesOf();
  const speech = await speakSamples('I need a doctor.');
  await ask(own, 'Hello', { target: 'pt' });
  const hearing = own.transcribe(Buffer.concat(Array<Buffer>(20).fill(speech)), undefined, never);
  const telling = ask(own, 'I have a dog. '.repeat(800), { source: 'en', target: 'es', output: 'audio' });
  hearing.catch(() => undefined);
  telling.catch(() => undefined);
  const started = await eventually(
    async () => (await pipelinesOf()).filter((each) => !before.includes(each)),
    (pipelines) => pipelines.length >= 4,
  );
  expect((await programsIn(started)).length).toBeGreaterThan(10);
  await own.close();
  await own.close();
  await expect(hearing).rejects.toThrow('closed');
  await expect(telling).rejects.toThrow('closed');
  await untilGone(started);
  expect((await pipelinesOf()).filter((each) => !before.includes(each))).toEqual([]);
});
