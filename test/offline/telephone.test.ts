/** What is understood of speech at 8 kHz, as telephones have it: the figures of docs/hearing.md. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extendBandwidth } from '../../src/offline/engine/narrowband.js';
import { PocketSphinx } from '../../src/offline/engine/pocketsphinx.js';
import { ProgramRunner } from '../../src/offline/engine/process.js';
import { silence } from '../support/offline-audio.js';
import { speak, speakSamples } from '../support/speech.js';

const never = new AbortController().signal;
const programs = new ProgramRunner(2, undefined);
const recognizer = new PocketSphinx(programs);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'telephone-'));
});
afterAll(async () => {
  await programs.close();
  await rm(folder, { recursive: true });
});

const ffmpeg = async (...args: string[]): Promise<Buffer> => {
  const options = { encoding: 'buffer', maxBuffer: 2 ** 26 } as const;
  return (await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...args], options)).stdout;
};

/** PCM16 mono 24 kHz of a recording that went through a telephone. */
async function overTelephone(recording: string, codec: string): Promise<Buffer> {
  const path = join(folder, `${codec}.wav`);
  await ffmpeg('-i', recording, '-ar', '8000', '-ac', '1', '-c:a', codec, path);
  return await ffmpeg('-i', path, '-ar', '24000', '-f', 's16le', '-');
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z']+/g) ?? [];

/** The fewest words to change, to add and to leave out so that one becomes the other. */
function wrongWords(said: string, understood: string): number {
  const heard = wordsOf(understood);
  let row = Array.from({ length: heard.length + 1 }, (_, at) => at);
  wordsOf(said).forEach((word, line) => {
    const next = [line + 1];
    heard.forEach((other, at) => {
      const changed = (row[at] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(changed, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    });
    row = next;
  });
  return row.at(-1) ?? 0;
}

const SAMPLES = [
  ['animals.wav', 'animals.txt'],
  ['family.wav', 'family.txt'],
  ['garden.ogg', 'garden.txt'],
] as const;

describe('speech at 8 kHz', () => {
  // Without the upper band 22 are wrong, or all of them. The margin is for other versions of ffmpeg.
  const atMost = 13;
  it.each(['pcm_s16le', 'pcm_mulaw', 'pcm_alaw', 'libgsm_ms'])(
    `as %s, of the samples ${atMost} words in 23 are wrong at most`,
    async (codec) => {
      let wrong = 0;
      for (const [recording, text] of SAMPLES) {
        const pcm = await overTelephone(join('samples', recording), codec);
        const said = await readFile(join('samples', text), 'utf8');
        wrong += wrongWords(said, await recognizer.transcribe(pcm, never));
      }
      expect(wrong).toBeLessThanOrEqual(atMost);
    },
  );

  it.each(['We have two dogs and three cats.', 'The children are playing in the garden.'])(
    'of a man is understood: «%s»',
    async (sentence) => {
      const path = join(folder, 'man.wav');
      await writeFile(path, await speak(sentence, 'rms'));
      const pcm = await overTelephone(path, 'pcm_s16le');
      expect(await recognizer.transcribe(pcm, never)).toBe(sentence);
    },
  );
});

describe('wideband speech', () => {
  it('is left as it is, byte for byte', async () => {
    const pcm = await speakSamples('The red house has a big garden.');
    expect(extendBandwidth(pcm)).toBe(pcm);
  });

  it('is still silent when it was', () => {
    expect(extendBandwidth(silence(500)).equals(silence(500))).toBe(true);
    expect(extendBandwidth(Buffer.alloc(3))).toHaveLength(2);
  });
});
