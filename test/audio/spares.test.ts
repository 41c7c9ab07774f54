/** Processes that wait, started ahead: they answer for the next recording of the kind, and are never more than allowed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { children, countedFfmpeg, isAlive, Notes, until } from './processes.js';
import { data, format, record, riff, sine, toneInput, workshop } from './recordings.js';

const files = workshop();
let notes: Notes;
let normalizer: AudioNormalizer;

const wav = (rate: number): Promise<string> =>
  files.write(`${rate}.wav`, riff([format({ rate }), data(sine({ rate }))]));

async function normalizerWith(spare: number): Promise<AudioNormalizer> {
  const ffmpegPath = await files.write('ffmpeg-counted', countedFfmpeg(notes.path));
  return new AudioNormalizer({ ffmpegPath, concurrency: 2, spare, timeoutMs: 20_000, maxSeconds: 240 });
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
    await started(notes.lines().length);
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
    const owner = fork(fileURLToPath(new URL('spare-owner.ts', import.meta.url)), [await wav(16_000)], {
      execArgv: ['--import', 'tsx'],
    });
    const [waiting] = (await Promise.race([once(owner, 'message'), once(owner, 'exit')])) as [number];
    expect(isAlive(waiting)).toBe(true);
    const gone = once(owner, 'exit');
    owner.kill('SIGKILL');
    await gone;
    await until(() => !isAlive(waiting));
  });
});
