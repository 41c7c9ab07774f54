/** How often the language of a short sentence is detected: the figures of decision 0020, held. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { LanguageDetector } from '../../src/translate/language-detector.js';
import { startCpuClock } from '../support/cpu-time.js';

/** Sentences of one to nine words, by their language. */
const SENTENCES = JSON.parse(
  readFileSync(new URL('../fixtures/sentences.json', import.meta.url), 'utf8'),
) as Record<string, string[]>;

interface Trial {
  readonly expected: string;
  readonly detected: string | undefined;
  readonly confidence: number;
}

function detectorOf(sources: readonly string[] | 'any'): LanguageDetector {
  const refuse = (error: unknown): never => {
    throw error;
  };
  return new LanguageDetector(() => Promise.resolve(sources), refuse);
}

async function trials(sources: readonly string[] | 'any', tags = Object.keys(SENTENCES)): Promise<Trial[]> {
  const detector = detectorOf(sources);
  const found: Trial[] = [];
  for (const tag of tags)
    for (const sentence of SENTENCES[tag] ?? []) {
      const result = await detector.detect(sentence);
      const { language, confidence = 0 } = result ?? {};
      found.push({ expected: tag.replace(/-.*/, ''), detected: language, confidence });
    }
  return found;
}

const isRight = ({ expected, detected }: Trial): boolean => expected === detected;

describe('the language of a short sentence', () => {
  it('is right in 96 of 100, over 25 languages', async () => {
    const all = await trials('any');
    expect(all).toHaveLength(200);
    expect(all.filter(isRight).length).toBeGreaterThanOrEqual(192);
    for (const { confidence } of all) {
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }
  });

  it('is right in 97 of 100 among the languages of the offline engine, whatever their region', async () => {
    const five = await trials(['en', 'es-ES', 'fr', 'pt-BR', 'ca'], ['en', 'es', 'fr', 'pt', 'ca']);
    expect(five).toHaveLength(40);
    expect(five.filter(isRight).length).toBeGreaterThanOrEqual(39);
  });

  it('is told with more confidence where it is right', async () => {
    const all = await trials('any');
    const mean = (some: readonly Trial[]): number =>
      some.reduce((sum, { confidence }) => sum + confidence, 0) / some.length;
    expect(mean(all.filter(isRight))).toBeGreaterThan(mean(all.filter((trial) => !isRight(trial))));
  });
});

describe('a detector', () => {
  it.each(['12 345', '…', '', '🙂'])('does not guess what %j is', async (text) => {
    const detector = detectorOf('any');
    expect(await detector.detect(text)).toBeUndefined();
  });

  it('names no language that cannot be translated', async () => {
    const detector = detectorOf(['en', 'es']);
    expect(await detector.detect('배고파요.')).toBeUndefined();
    expect((await detector.detect('Bonjour mon ami.'))?.language).not.toBe('fr');
  });

  it('reads the beginning of a long text only', async () => {
    const detector = detectorOf('any');
    const text = 'The weather is beautiful today and we are going to the beach. '.repeat(320);
    await detector.detect(text);
    const workedMs = startCpuClock();
    for (let nth = 0; nth < 100; nth += 1) await detector.detect(text);
    expect(workedMs() / 100).toBeLessThan(2);
  });

  it('answers at once when the languages are known', async () => {
    const detector = detectorOf('any');
    await detector.detect('The weather is beautiful today.');
    expect(detector.detect('Bonjour mon ami, comment vas-tu ?')).toMatchObject({ language: 'fr' });
  });

  it('detects nothing while the languages are not known, says why, and asks again', async () => {
    const failures: unknown[] = [];
    const answers = [() => Promise.reject(new Error('starting')), () => Promise.resolve(['en', 'fr'])];
    const detector = new LanguageDetector(
      () => answers.shift()?.() ?? Promise.resolve('any'),
      (error) => failures.push(error),
    );
    expect(await detector.detect('Bonjour mon ami, comment vas-tu ?')).toBeUndefined();
    expect(failures).toEqual([new Error('starting')]);
    expect(await detector.detect('Bonjour mon ami, comment vas-tu ?')).toMatchObject({ language: 'fr' });
  });
});
