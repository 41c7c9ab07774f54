/** Processes that wait, started ahead: they answer for the next recording of the kind, and are never more than allowed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import {
  children,
  countedFfmpeg,
  isAlive,
  Notes,
  realTimeFfmpeg,
  until,
} from '../support/audio/processes.js';
import {
  data,
  format,
  LIST,
  record,
  riff,
  sine,
  toneInput,
  workshop,
  type Chunk,
} from '../support/audio/recordings.js';

const files = workshop();
const LIMITS = { timeoutMs: 20_000, maxSeconds: 240 };
const speech = sine({ rate: 16_000 });
const LARGE = { id: 'pict', body: Buffer.alloc(70_000) };
let notes: Notes;
let normalizer: AudioNormalizer;

const wav = (rate: number): Promise<string> =>
  files.write(`${rate}.wav`, riff([format({ rate }), data(sine({ rate }))]));

async function normalizerWith(spare: number): Promise<AudioNormalizer> {
  const ffmpegPath = await files.write('ffmpeg-counted', countedFfmpeg(notes.path));
  return new AudioNormalizer({ ...LIMITS, ffmpegPath, concurrency: 2, spare });
}

const started = (count: number): Promise<void> => until(() => notes.lines().length === count, 20_000);
const pidOf = (line: string | undefined): number => Number(line?.split(' ')[0]);

beforeAll(async () => {
  notes = await Notes.open(files.path('notes'));
});
afterAll(() => {
  notes.close();
});
beforeEach(async () => {
  notes.clear();
  normalizer = await normalizerWith(1);
});
afterEach(async () => {
  await normalizer.close();
  expect(await children()).toEqual([]);
});

describe('a spare process', () => {
  it('is started after the first recording, and decodes the next of its kind', async () => {
    const path = await wav(16_000);
    const first = await normalizer.normalize(path);
    await started(2);
    const waiting = pidOf(notes.lines()[1]);
    expect(await children()).toEqual([waiting]);
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });

    const second = await normalizer.normalize(path);
    expect(second.pcm.equals(first.pcm)).toBe(true);
    expect(isAlive(waiting)).toBe(false);
    // One process for each recording, and one that waits.
    await started(3);
  });

  it('is not fed what it was not started for, and gives way to one for that', async () => {
    await normalizer.normalize(await wav(16_000));
    await started(2);
    const forSlow = pidOf(notes.lines()[1]);
    expect((await normalizer.normalize(await wav(48_000))).durationMs).toBe(1000);
    await started(4);
    await until(() => !isAlive(forSlow));
    expect(notes.lines()[3]).toContain('-ar 48000');
  });

  it('waits for compressed recordings as well', async () => {
    const path = await record(files.path('speech.webm'), toneInput({ seconds: 1 }));
    const first = await normalizer.normalize(path);
    await started(2);
    const second = await normalizer.normalize(path);
    expect(second.pcm.equals(first.pcm)).toBe(true);
    await started(3);
  });

  it.each<[string, Chunk[]]>([
    ['and nothing after them', [LIST, format({ rate: 16_000 }), data(speech)]],
    ['and chunks after them', [format({ rate: 16_000 }), data(speech), LIST]],
    ['in two chunks', [format({ rate: 16_000 }), data(speech), LIST, data(speech)]],
    ['that end with half of one', [format({ rate: 16_000 }), data(speech.subarray(1), { padded: false })]],
    ['behind a picture', [format({ rate: 16_000 }), { id: 'pict', body: speech }, data(speech)]],
    ['behind more than is stepped over', [format({ rate: 16_000 }), LARGE, data(speech)]],
  ])('is told the same samples as one that reads the file by itself: samples %s', async (_how, chunks) => {
    const path = await files.write('shape.wav', riff(chunks));
    const read = await normalizer.normalize(path);
    await started(2);
    const fed = await normalizer.normalize(path);
    await started(3);
    expect(fed.pcm.equals(read.pcm)).toBe(true);
    const sounds = chunks.filter(({ id }) => id === 'data').length;
    expect(read.durationMs).toBe(sounds * 1000);
  });

  it('is not started while recordings wait for their turn, when the processors are full', async () => {
    const ffmpegPath = await files.write('ffmpeg-slow', realTimeFfmpeg(notes.path));
    const narrow = new AudioNormalizer({ ...LIMITS, ffmpegPath, concurrency: 1, spare: 1 });
    const path = await wav(16_000);
    const first = narrow.normalize(path);
    await started(1);
    const others = [narrow.normalize(path), narrow.normalize(path)];
    await first;
    await started(2);
    expect(await children()).toEqual([pidOf(notes.lines()[1])]);
    expect(narrow.stats).toEqual({ running: 1, waiting: 1 });
    await Promise.all(others);
    await started(4);
    await narrow.close();
  });

  it('that died meanwhile is not used', async () => {
    const path = await wav(16_000);
    await normalizer.normalize(path);
    await started(2);
    process.kill(pidOf(notes.lines()[1]), 'SIGKILL');
    await until(async () => (await children()).length === 0);
    expect((await normalizer.normalize(path)).durationMs).toBe(1000);
  });

  it('is one of no more than were asked for, after any number of recordings at once', async () => {
    const path = await wav(16_000);
    const all = await Promise.all(Array.from({ length: 6 }, () => normalizer.normalize(path)));
    expect(all.map(({ durationMs }) => durationMs)).toEqual(all.map(() => 1000));
    await until(async () => (await children()).length === 1);
  });

  it('is gone when the normaliser is closed, and none is started after that', async () => {
    const path = await wav(16_000);
    await normalizer.normalize(path);
    await started(2);
    await normalizer.close();
    expect(await children()).toEqual([]);
  });

  it('does not outlive a service that is killed', async () => {
    const owner = fork(
      fileURLToPath(new URL('../support/audio/warm-process-owner.ts', import.meta.url)),
      [await wav(16_000)],
      {
        execArgv: ['--import', 'tsx'],
      },
    );
    const [waiting] = (await Promise.race([once(owner, 'message'), once(owner, 'exit')])) as [number];
    expect(isAlive(waiting)).toBe(true);
    const gone = once(owner, 'exit');
    owner.kill('SIGKILL');
    await gone;
    await until(() => !isAlive(waiting));
  });
});
