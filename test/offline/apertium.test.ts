/** Text to text through Apertium's real pipelines. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Apertium } from '../../src/offline/engine/apertium.js';
import { readPairs, type LanguagePair } from '../../src/offline/engine/apertium-modes.js';
import { eventually, pipelinesOf, programsIn, untilGone } from '../support/programs.js';

const MODES = '/usr/share/apertium/modes';
/** A signal for each call: of many that listen to one Node warns as of a leak. */
const never = (): AbortSignal => new AbortController().signal;
let pairs: LanguagePair[] = [];
let apertium = new Apertium({ pairs });

beforeAll(async () => {
  pairs = await readPairs(MODES);
  apertium = new Apertium({ pairs });
});
afterAll(() => apertium.close());

function pair(source: string, target: string): LanguagePair {
  const found = pairs.find((each) => each.source === source && each.target === target);
  if (found === undefined) throw new Error(`${source}-${target} is not installed`);
  return found;
}

async function translate(text: string, source: string, target: string): Promise<string> {
  return all(apertium.translate(text, source, target, never()));
}

describe('what is installed', () => {
  it('is told in BCP 47, with the regions that Apertium knows', () => {
    const names = pairs.map(({ source, target }) => `${source}-${target}`);
    expect(names).toEqual(
      expect.arrayContaining(['en-es', 'es-en', 'en-ca', 'ca-en', 'es-pt', 'pt-es', 'fr-es', 'es-fr']),
    );
    expect(names).toEqual(expect.arrayContaining(['es-pt-BR', 'es-en-US', 'en-ca-valencia']));
    for (const { target } of pairs) expect(Intl.getCanonicalLocales(target)).toEqual([target]);
  });
});

describe('translation', () => {
  it.each([
    ['I live in a small house with my family.', 'Vivo en una casa pequeña con mi familia.', ['en', 'es']],
    ['La casa roja es grande.', 'The red house is big.', ['es', 'en']],
    ['The red house has a garden.', 'La casa vermella té un jardí.', ['en', 'ca']],
    ['El gos és gran.', 'The dog is big.', ['ca', 'en']],
    ['La casa roja es grande.', 'A casa vermelha é grande.', ['es', 'pt']],
    ['A casa vermelha é grande.', 'La casa roja es grande.', ['pt', 'es']],
    ['La maison rouge est grande.', 'La casa roja es grande.', ['fr', 'es']],
    ['La casa roja es grande.', 'La maison rouge est grande.', ['es', 'fr']],
    ['The red house is big.', 'A casa vermelha é grande.', ['en', 'es', 'pt']],
    ['I take the bus.', 'Tomo o ônibus.', ['en', 'es', 'pt-BR']],
  ])('of %j is %j', async (text, expected, way) => {
    expect(await translate(text, way[0] ?? '', way.at(-1) ?? '')).toBe(expected);
  });

  it('keeps lines, paragraphs, indents and the case of what it does not know', async () => {
    expect(await translate('  Good morning.\r\n\r\n\tThe house!\nXyzzy kubernetes\n', 'en', 'es')).toBe(
      '  Buenos días.\r\n\r\n\tLa casa!\nXyzzy kubernetes\n',
    );
  });

  it.each([
    '[ ] { } ^ $ \\ / @ < >',
    '{{1}} ^2$ <3> 4/5 \\6 [7](8)',
    '2 * 3 ~ 4 # 5',
    '\0 \x07 \x1b[31m \0\0',
    '--7 -x @9',
    '😀 🇪🇸 火车 ٣',
    '[#1] [#2].[]',
    '',
    ' \n ',
  ])('brings %j through unharmed', async (text) => {
    expect(await translate(text, 'en', 'es')).toBe(text);
  });

  it('leaves addresses alone', async () => {
    expect(
      await translate('The house: https://a.example/the/red/house?x=[1], the@house.example.', 'en', 'es'),
    ).toBe('La casa: https://a.example/the/red/house?x=[1], the@house.example.');
  });

  it('gives for a text of 20 000 characters what the command gives for the whole of it', async () => {
    const licence = await readFile('/usr/share/common-licenses/GPL-3', 'utf8');
    const from = licence.indexOf('The GNU General Public License is a free');
    const text = licence.slice(from, from + 20_000);
    const answer = await translate(text, 'en', 'es');
    const whole = await wholeByCommand(text, 'eng-spa');
    expect(answer.match(/\n/g)).toHaveLength(text.match(/\n/g)?.length ?? 0);
    // List items begin anew for us, so that the case of their first word differs; and so do blanks where words fell away.
    expect(answer.replace(/\s+/g, '').toLowerCase()).toBe(whole.replace(/\s+/g, '').toLowerCase());
  });

  it.each(['x', '😀', 'to ', "don't ", '^', '[', '(', '. ', '~', '\n', 'a@'])(
    'of 20 000 characters of %j ends',
    async (part) => {
      const text = part.repeat(20_000 / part.length);
      expect((await translate(text, 'en', 'es')).length).toBeGreaterThan(0);
    },
  );

  it('tells the first sentence of a long text before the last is done', async () => {
    const sentences = Array.from({ length: 400 }, (_, index) => `I have ${index} red houses.`);
    const answers = apertium.translate(sentences.join(' '), 'en', 'es', never());
    expect((await answers.next()).value).toBe('Tengo 0 casas rojas. ');
    await answers.return();
    expect(await translate('Good morning', 'en', 'es')).toBe('Buenos días');
  });

  it('of twenty texts at a time mixes nothing up', async () => {
    const texts = Array.from(
      { length: 20 },
      (_, index) => `I have ${index} red houses. I see ${index} dogs.`,
    );
    const answers = await Promise.all(texts.map((text) => translate(text, 'en', 'es')));
    expect(answers).toEqual(texts.map((_, index) => `Tengo ${index} casas rojas. Veo ${index} perros.`));
  });

  it('ends at once when it is aborted', async () => {
    const abort = new AbortController();
    const answers = apertium.translate('I see a dog. '.repeat(1_000), 'en', 'es', abort.signal);
    await answers.next();
    abort.abort(new Error('enough'));
    await expect(answers.next()).rejects.toThrow('enough');
  });
});

describe('the language of a text', () => {
  const languages = ['en', 'es', 'fr', 'pt', 'ca'];

  async function detect(text: string): Promise<string | undefined> {
    return apertium.detect(text, languages, never());
  }

  it.each([
    ['Hello', 'en'],
    ['Can you help me find the nearest pharmacy?', 'en'],
    ['Buenos días', 'es'],
    ['¿Cuánto cuesta?', 'es'],
    ['Bonjour', 'fr'],
    ['Où est la gare ?', 'fr'],
    ['Olá', 'pt'],
    ['Onde fica a estação de trem?', 'pt'],
    ['Bon dia', 'ca'],
    ['Si us plau obriu la porta', 'ca'],
    ['hotel', 'en'],
  ])('%j is known by its words', async (text, language) => {
    expect(await detect(text)).toBe(language);
  });

  it.each([
    'Guten Morgen, wie geht es Ihnen?',
    'Где находится вокзал?',
    '火车站在哪里？',
    'Gdzie jest dworzec?',
    '',
    '123',
  ])('%j is in none of them', async (text) => {
    expect(await detect(text)).toBeUndefined();
  });
});

it('gives names their capitals', async () => {
  const text = "I met john on monday and he doesn't speak english.";
  const restored = "I met John on Monday and he doesn't speak English.";
  for (const target of ['ca', 'es']) {
    const own = new Apertium({ pairs: [pair('en', target)] });
    expect(await own.capitalizeNames(text, 'en', never())).toBe(restored);
    await own.close();
  }
});

describe('pipelines', () => {
  it('that die are replaced, and what was on its way in them is done again', async () => {
    const own = new Apertium({ pairs });
    try {
      const answers = own.translate('I see a dog. '.repeat(300), 'en', 'es', never());
      const before = await pipelinesOf();
      let text = (await answers.next()).value ?? '';
      const [pipeline] = (await pipelinesOf()).filter((each) => !before.includes(each));
      process.kill(-(pipeline ?? 0), 'SIGKILL');
      for await (const sentence of answers) text += sentence;
      expect(text).toBe('Veo un perro. '.repeat(300));
    } finally {
      await own.close();
    }
  });

  it('whose shell alone was killed are replaced as well', async () => {
    const own = new Apertium({ pairs });
    try {
      const before = await pipelinesOf();
      await own.translate('Good morning', 'en', 'es', never()).next();
      const [pipeline] = (await pipelinesOf()).filter((each) => !before.includes(each));
      if (pipeline === undefined) throw new Error('no pipeline');
      process.kill(pipeline, 'SIGKILL');
      await untilGone([pipeline]);
      const answers = own.translate('Good morning', 'en', 'es', never());
      expect((await answers.next()).value).toBe('Buenos días');
    } finally {
      await own.close();
    }
  });

  it('are at most six, and the longest unused one makes room', async () => {
    const own = new Apertium({ pairs });
    try {
      const before = await pipelinesOf();
      for (const each of pairs) {
        await own.translate('no', each.source, each.target, never()).next();
      }
      expect(pairs.length).toBeGreaterThan(6);
      const added = await eventually(
        async () => (await pipelinesOf()).filter((each) => !before.includes(each)),
        (pipelines) => pipelines.length <= 6,
      );
      expect(added).toHaveLength(6);
    } finally {
      await own.close();
    }
  });

  it('are gone after close, and nothing starts any more', async () => {
    const own = new Apertium({ pairs });
    const before = await pipelinesOf();
    const answers = own.translate('I see a dog. '.repeat(500), 'en', 'pt', never());
    await answers.next();
    const started = (await pipelinesOf()).filter((each) => !before.includes(each));
    expect(await programsIn(started)).toContain('lt-proc');
    await own.close();
    await expect(all(answers)).rejects.toThrow('closed');
    await untilGone(started);
  });
});

async function all(answers: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const answer of answers) text += answer;
  return text;
}

/** As Debian's own command does it, unknown words unmarked; its input must be a pipe, which Node's is not. */
async function wholeByCommand(text: string, mode: string): Promise<string> {
  const run = promisify(execFile)('sh', ['-c', `export LC_ALL=C.UTF-8; cat | apertium -u ${mode}`], {
    maxBuffer: 10_000_000,
  });
  run.child.stdin?.end(text);
  return (await run).stdout;
}
