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
import { record, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
const LIMITS = { timeoutMs: 20_000, maxSeconds: 240 };
let notes: Notes;
let normalizer: AudioNormalizer;

/** Formats that only a process of their own decodes, and can read from a pipe. */
const sound = (extension: 'au' | 'webm'): Promise<string> =>
  record(files.path(`speech.${extension}`), toneInput({ seconds: 1, rate: 8_000 }), ...CODECS[extension]);
const CODECS = { au: ['-c:a', 'pcm_mulaw'], webm: [] };

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
    const path = await sound('au');
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
    await normalizer.normalize(await sound('au'));
    await started(2);
    const forSlow = pidOf(notes.lines()[1]);
    expect((await normalizer.normalize(await sound('webm'))).durationMs).toBeGreaterThan(900);
    await started(4);
    await until(() => !isAlive(forSlow));
    expect(notes.lines()[3]).toContain('-f matroska');
  });

  it('is not started while recordings wait for their turn, when the processors are full', async () => {
    const ffmpegPath = await files.write('ffmpeg-slow', realTimeFfmpeg(notes.path));
    const narrow = new AudioNormalizer({ ...LIMITS, ffmpegPath, concurrency: 1, spare: 1 });
    const path = await sound('au');
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
    const path = await sound('au');
    await normalizer.normalize(path);
    await started(2);
    process.kill(pidOf(notes.lines()[1]), 'SIGKILL');
    await until(async () => (await children()).length === 0);
    expect((await normalizer.normalize(path)).durationMs).toBe(1000);
  });

  it('is one of no more than were asked for, after any number of recordings at once', async () => {
    const path = await sound('au');
    const all = await Promise.all(Array.from({ length: 6 }, () => normalizer.normalize(path)));
    expect(all.map(({ durationMs }) => durationMs)).toEqual(all.map(() => 1000));
    await until(async () => (await children()).length === 1);
  });

  it('is gone when the normaliser is closed, and none is started after that', async () => {
    const path = await sound('au');
    await normalizer.normalize(path);
    await started(2);
    await normalizer.close();
    expect(await children()).toEqual([]);
  });

  it('does not outlive a service that is killed', async () => {
    const owner = fork(
      fileURLToPath(new URL('../support/audio/warm-process-owner.ts', import.meta.url)),
      [await sound('au')],
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
