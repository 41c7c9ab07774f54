/** Text to speech by the real Flite and eSpeak NG, heard by the real recogniser. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { loudnessDb } from '../../src/audio/loudness.js';
import { PocketSphinx } from '../../src/offline/engine/pocketsphinx.js';
import { resample } from '../../src/audio/resample.js';
import { ProgramRunner } from '../../src/offline/engine/process.js';
import { FliteEspeak, VOICES } from '../../src/offline/engine/flite-espeak.js';
import { pipelinesOf, untilGone } from '../support/programs.js';

const never = new AbortController().signal;
const programs = new ProgramRunner(2, undefined);
const voice = new FliteEspeak(programs, {
  flite: true,
  espeak: new Set(['en', 'es', 'fr', 'pt', 'pt-br', 'ca']),
});

afterAll(() => programs.close());

async function speak(text: string, language: string, name?: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const pcm of voice.speak(text, language, name, never)) chunks.push(pcm);
  return Buffer.concat(chunks);
}

const seconds = (pcm: Buffer): number => pcm.length / 48_000;

describe('speech', () => {
  it.each([
    ['en', 'I live in a small house with my family.'],
    ['es', 'Vivo en una casa pequeña con mi familia.'],
    ['fr', "J'habite dans une petite maison avec ma famille."],
    ['pt-BR', 'Moro em uma casa pequena com minha família.'],
    ['ca', 'Visc en una casa petita amb la meva família.'],
  ])('in %s is audible and as long as the sentence takes', async (language, sentence) => {
    const pcm = await speak(sentence, language);
    expect(loudnessDb(pcm)).toBeGreaterThan(-35);
    expect(seconds(pcm)).toBeGreaterThan(1.5);
    expect(seconds(pcm)).toBeLessThan(6);
  });

  it.each(['slt', 'rms', 'marin', 'cedar'])(
    'in English by %s is understood by a recogniser',
    async (name) => {
      const sentence = 'I would like a cup of coffee and a glass of water.';
      const pcm = await speak(sentence, 'en-US', name);
      expect(await new PocketSphinx(programs).transcribe(pcm, never)).toBe(sentence);
    },
  );

  it('comes sentence by sentence', async () => {
    const sentences = voice.speak('We have two dogs. I need a doctor. Good night.', 'en', undefined, never);
    const first = (await sentences.next()).value ?? Buffer.alloc(0);
    expect(seconds(first)).toBeGreaterThan(0.5);
    expect(seconds(first)).toBeLessThan(3);
    await sentences.return();
  });

  it('of a known name is that of a woman or a man; of any other the first', async () => {
    const [first, woman, man, unknown] = await Promise.all(
      [undefined, 'shimmer', 'verse', 'nobody'].map((name) => speak('Buenos días.', 'es', name)),
    );
    expect(woman?.equals(first ?? Buffer.alloc(0))).toBe(true);
    expect(unknown?.equals(first ?? Buffer.alloc(0))).toBe(true);
    expect(man?.equals(first ?? Buffer.alloc(0))).toBe(false);
    expect(VOICES).toEqual(expect.arrayContaining(['alloy', 'marin', 'cedar', 'slt', 'rms']));
  });

  it.each(['', ' \n', '...', '— !', '\0'])('of %j is none, for there is nothing to say', async (text) => {
    expect(await speak(text, 'en')).toHaveLength(0);
    expect(await speak(text, 'es')).toHaveLength(0);
  });

  it.each([
    '-o file',
    '@file',
    '<b>yes</b> & [[no]]',
    'a\0b\x07',
    '"; touch x; echo "',
    '$(touch x)',
    '火车 7',
  ])('of %j is what it says, whatever it looks like', async (text) => {
    expect(seconds(await speak(text, 'en'))).toBeGreaterThan(0.1);
    expect(seconds(await speak(text, 'es'))).toBeGreaterThan(0.1);
  });

  it('ends with all its programs when it is aborted', async () => {
    const abort = new AbortController();
    const before = await pipelinesOf();
    const sentences = voice.speak('I need a doctor. '.repeat(100), 'en', undefined, abort.signal);
    await sentences.next();
    // On to the next, and the next: how far it comes until it is told to end depends on the machine.
    const rest = (async () => {
      while ((await sentences.next()).done !== true);
    })();
    const started = (await pipelinesOf()).filter((each) => !before.includes(each));
    abort.abort(new Error('enough'));
    await expect(rest).rejects.toThrow('enough');
    await untilGone(started);
  });
});

it('speaks the languages that are installed, a region by its language', () => {
  expect(['en-GB', 'es-MX', 'pt-BR', 'pt-PT', 'de'].map((tag) => voice.speaks(tag))).toEqual([
    ...[true, true, true, true, false],
  ]);
  const silent = new FliteEspeak(programs, { flite: false, espeak: new Set() });
  expect(silent.speaks('en')).toBe(false);
});

describe('resampling', () => {
  const tone = (hz: number, rate: number, count: number): Buffer => {
    const pcm = Buffer.alloc(count * 2);
    for (let at = 0; at < count; at += 1) {
      pcm.writeInt16LE(Math.round(20_000 * Math.sin((2 * Math.PI * hz * at) / rate)), at * 2);
    }
    return pcm;
  };

  it.each([
    [16_000, 24_000],
    [22_050, 24_000],
    [48_000, 24_000],
  ])('from %d to %d Hz keeps a tone and its length', (from, to) => {
    const output = resample(tone(1_000, from, from), from, to);
    const expected = tone(1_000, to, to);
    expect(output).toHaveLength(expected.length);
    // The edges aside, where the filter looks into the void.
    for (let at = 400; at < output.length - 400; at += 2) {
      expect(Math.abs(output.readInt16LE(at) - expected.readInt16LE(at))).toBeLessThan(20);
    }
  });

  it('lets nothing through that the lower rate cannot carry', () => {
    const output = resample(tone(13_500, 48_000, 48_000), 48_000, 24_000);
    expect(loudnessDb(output.subarray(800, -800))).toBeLessThan(-70);
  });

  it('does not wrap around at full scale, and takes nothing, or half a sample', () => {
    const loud = Buffer.alloc(4_000);
    for (let at = 0; at < loud.length; at += 2) loud.writeInt16LE(at % 400 < 200 ? 32_767 : -32_768, at);
    const output = resample(loud, 16_000, 24_000);
    for (let at = 930; at < 1_170; at += 2) expect(output.readInt16LE(at)).toBeLessThan(-20_000);
    for (let at = 630; at < 870; at += 2) expect(output.readInt16LE(at)).toBeGreaterThan(20_000);
    expect(resample(Buffer.alloc(0), 16_000, 24_000)).toHaveLength(0);
    expect(resample(Buffer.alloc(1), 16_000, 24_000)).toHaveLength(0);
  });
});
