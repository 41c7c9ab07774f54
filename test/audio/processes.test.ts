/** ffmpeg processes: one for each upload, never more at a time than allowed, and none left behind. */
import { getEventListeners } from 'node:events';
import { chmod, readdir, readlink } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/errors.js';
import { chooseBinary } from '../../src/audio/ffmpeg/ffmpeg.js';
import { AudioNormalizer, type NormalizerOptions } from '../../src/audio/normalize.js';
import {
  accompaniedFfmpeg,
  accountedFfmpeg,
  children,
  countedFfmpeg,
  isAlive,
  Notes,
  realTimeFfmpeg,
  until,
} from '../support/audio/processes.js';
import { data, format, record, riff, sine, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
let notes: Notes;

/** The lines that the wrappers wrote: one for each process started. */
const starts = (): string[] => notes.lines();

async function firstPid(): Promise<number> {
  await until(() => starts().length > 0);
  return Number(starts()[0]);
}

async function normalizerWith(
  wrapper: (log: string) => string,
  options: Partial<NormalizerOptions> = {},
): Promise<AudioNormalizer> {
  const ffmpegPath = await files.write(`ffmpeg-${wrapper.name}`, wrapper(notes.path));
  return new AudioNormalizer({ ffmpegPath, concurrency: 2, timeoutMs: 20_000, maxSeconds: 240, ...options });
}

const flac = (seconds: number): Promise<string> =>
  record(files.path(`${seconds}.flac`), toneInput({ seconds }));
const wav = (seconds: number): Promise<string> =>
  files.write(`${seconds}.wav`, riff([format({ rate: 16_000 }), data(sine({ seconds, rate: 16_000 }))]));

/** What this process holds open of the files of this test. */
async function openFiles(): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(files.path('')) && link !== notes.path);
}

function count(kind: string): number {
  return process.getActiveResourcesInfo().filter((name) => name === kind).length;
}

beforeAll(async () => {
  notes = await Notes.open(files.path('notes'));
});
afterAll(() => {
  notes.close();
});
beforeEach(() => {
  notes.clear();
});
afterEach(async () => {
  // Whatever the test did, nothing of it is left.
  expect(await children()).toEqual([]);
  expect(count('ProcessWrap')).toBe(0);
  await until(async () => (await openFiles()).length === 0, 1000);
});

describe('ffmpeg', () => {
  it('is started exactly once for an upload, the first one included', async () => {
    const normalizer = await normalizerWith(countedFfmpeg);
    for (const path of [await flac(1), await wav(1)]) await normalizer.normalize(path);
    expect(starts()).toHaveLength(2);
  });

  it('is told the format, and may open nothing else', async () => {
    const normalizer = await normalizerWith(countedFfmpeg);
    for (const path of [await flac(1), await wav(1)]) await normalizer.normalize(path);
    const [forFile, forSamples] = starts();
    expect(forFile).toContain('-f flac -format_whitelist flac -protocol_whitelist file -i file:/dev/fd/0 ');
    expect(forSamples).toContain(
      '-f s16le -ar 16000 -ac 1 -format_whitelist s16le -protocol_whitelist pipe -i pipe:0 ',
    );
  });

  it('never runs more often than allowed, and every upload gets its turn', async () => {
    const normalizer = await normalizerWith(accountedFfmpeg, { concurrency: 2 });
    const recordings = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        files.write(
          `${index}.wav`,
          riff([format({ rate: 16_000 }), data(sine({ hz: 500 + 10 * index, seconds: 0.3, rate: 16_000 }))]),
        ),
      ),
    );
    const alone = new AudioNormalizer({ concurrency: 1, timeoutMs: 20_000, maxSeconds: 60 });
    const expected = [];
    for (const path of recordings) expected.push((await alone.normalize(path)).pcm);

    const all = Promise.all(recordings.map((path) => normalizer.normalize(path)));
    await until(() => normalizer.stats.running + normalizer.stats.waiting === 20);
    expect(normalizer.stats).toEqual({ running: 2, waiting: 18 });
    const heard = await all;

    let running = 0;
    const counts = starts().map((line) => (running += line === '+' ? 1 : -1));
    expect(counts).toHaveLength(40);
    expect([Math.max(...counts), running]).toEqual([2, 0]);
    expect(heard.map(({ pcm }) => pcm)).toEqual(expected);
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });
  });

  it('leaves no timer behind, whatever the outcome', async () => {
    const normalizer = await normalizerWith(countedFfmpeg, { maxSeconds: 2 });
    const outcomes = [
      await flac(1),
      await wav(1),
      await flac(3),
      await files.write('broken', 'fLaC nothing of the sort'),
    ];
    const before = count('Timeout');
    for (const path of outcomes) {
      await Promise.allSettled([normalizer.normalize(path)]);
      // The runner has timers of its own, which come and go; one of ours would stay for the time limit of ffmpeg.
      await until(() => count('Timeout') <= before);
    }
    expect(starts()).toHaveLength(4);
  });

  it('is each normaliser its own', async () => {
    const counted = await normalizerWith(countedFfmpeg);
    const missing = new AudioNormalizer({
      ffmpegPath: '/nonexistent',
      concurrency: 1,
      timeoutMs: 1000,
      maxSeconds: 9,
    });
    const path = await flac(1);
    const [found, lost] = await Promise.allSettled([counted.normalize(path), missing.normalize(path)]);
    expect(found.status).toBe('fulfilled');
    expect(lost.status).toBe('rejected');
    expect(starts()).toHaveLength(1);
  });

  it('is never asked for a place by our own WAV', async () => {
    const normalizer = await normalizerWith(realTimeFfmpeg, { concurrency: 1 });
    const stop = new AbortController();
    const busy = normalizer.normalize(await flac(30), stop.signal);
    await firstPid();
    await normalizer.normalize(await files.write('ours.wav', riff([format(), data(sine())])));
    stop.abort(new Error('enough'));
    await expect(busy).rejects.toThrow('enough');
  });
});

describe('an abort', () => {
  it.each([
    ['a file', flac],
    ['samples', wav],
  ])('kills the process that decodes %s, and rejects with its reason', async (_kind, make) => {
    const normalizer = await normalizerWith(realTimeFfmpeg);
    const stop = new AbortController();
    const aborted = normalizer.normalize(await make(30), stop.signal);
    const pid = await firstPid();
    expect(isAlive(pid)).toBe(true);
    const reason = new Error('the client went away');
    stop.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(isAlive(pid)).toBe(false);
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('takes one that waits out of the line, and starts nothing for it', async () => {
    const normalizer = await normalizerWith(realTimeFfmpeg, { concurrency: 1 });
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
    const path = await flac(30);
    const first = normalizer.normalize(path, stopFirst.signal);
    await firstPid();
    const second = normalizer.normalize(path, stopSecond.signal);
    await until(() => normalizer.stats.waiting === 1);
    stopSecond.abort(new Error('second'));
    await expect(second).rejects.toThrow('second');
    expect(normalizer.stats).toEqual({ running: 1, waiting: 0 });
    stopFirst.abort(new Error('first'));
    await expect(first).rejects.toThrow('first');
    expect(starts()).toHaveLength(1);
  });

  it('before the start rejects at once', async () => {
    const normalizer = await normalizerWith(countedFfmpeg);
    const reason = new Error('never mind');
    await expect(normalizer.normalize(await flac(1), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(starts()).toEqual([]);
  });

  it('is not held up by a process that a wrapper left behind with the pipes', async () => {
    const normalizer = await normalizerWith(accompaniedFfmpeg);
    const stop = new AbortController();
    const aborted = normalizer.normalize(await flac(30), stop.signal);
    const leftBehind = await firstPid();
    stop.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(isAlive(leftBehind)).toBe(true);
    process.kill(leftBehind);
  });

  it('leaves no listener on a signal that outlives the work', async () => {
    const normalizer = await normalizerWith(countedFfmpeg);
    const { signal } = new AbortController();
    for (const path of [await flac(1), await wav(1), await files.write('x', 'no audio')]) {
      await Promise.allSettled([normalizer.normalize(path, signal)]);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('the time limit', () => {
  it('kills the process and says so', async () => {
    const normalizer = await normalizerWith(realTimeFfmpeg, { timeoutMs: 300 });
    const slow = normalizer.normalize(await flac(30));
    const pid = await firstPid();
    await expect(slow).rejects.toMatchObject({ code: 'undecodable-audio', status: 422 });
    await expect(slow).rejects.toThrow('longer than 0.3 s');
    expect(isAlive(pid)).toBe(false);
  });

  it('does not count the time in the line', async () => {
    // Each takes a second and what it takes to start ffmpeg, all three together more than the limit.
    const normalizer = await normalizerWith(realTimeFfmpeg, { concurrency: 1, timeoutMs: 2_900 });
    const path = await flac(1);
    const all = Promise.all([1, 2, 3].map(() => normalizer.normalize(path)));
    expect((await all).map(({ durationMs }) => durationMs)).toEqual([1000, 1000, 1000]);
  });

  it('ends a process at work on more than is taken, without waiting for its end', async () => {
    const normalizer = await normalizerWith(countedFfmpeg, { maxSeconds: 1 });
    await expect(normalizer.normalize(await flac(200))).rejects.toMatchObject({ code: 'audio-too-long' });
    expect(isAlive(await firstPid())).toBe(false);
  });
});

describe('closing', () => {
  it('lets what there is finish, and takes nothing more', async () => {
    const normalizer = await normalizerWith(realTimeFfmpeg, { concurrency: 1 });
    const path = await flac(1);
    const both = [normalizer.normalize(path), normalizer.normalize(path)];
    await until(() => normalizer.stats.waiting === 1);
    await Promise.all([normalizer.close(), normalizer.close()]);
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });
    for (const each of await Promise.all(both)) expect(each.durationMs).toBe(1000);
    await expect(normalizer.normalize(path)).rejects.toMatchObject({ code: 'draining', status: 503 });
  });

  it('by force kills what runs and refuses what waits', async () => {
    const normalizer = await normalizerWith(realTimeFfmpeg, { concurrency: 2 });
    const path = await flac(30);
    const all = Promise.allSettled([1, 2, 3, 4].map(() => normalizer.normalize(path)));
    await until(() => starts().length === 2 && normalizer.stats.waiting === 2);
    const error = new GatewayError('draining', 'The service is shutting down.');
    await normalizer.destroy(error);
    expect(await children()).toEqual([]);
    expect(await all).toEqual([1, 2, 3, 4].map(() => ({ status: 'rejected', reason: error })));
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });
    expect(starts()).toHaveLength(2);
    await normalizer.destroy();
  });
});

describe('without ffmpeg', () => {
  it.each([
    ['is not there', () => files.path('nonexistent')],
    ['is a folder', () => files.path('')],
    ['may not be executed', () => notes.path],
  ])('the check says what to do, and only our own WAV is taken: when it %s', async (_why, path) => {
    const normalizer = new AudioNormalizer({
      ffmpegPath: path(),
      concurrency: 1,
      timeoutMs: 1000,
      maxSeconds: 9,
    });
    expect(await normalizer.check()).toEqual({ ok: false, detail: expect.stringContaining('FFMPEG_PATH') });
    for (const recording of [await flac(1), await wav(1)]) {
      const refused = normalizer.normalize(recording);
      await expect(refused).rejects.toMatchObject({ code: 'unsupported-media-type', status: 415 });
      await expect(refused).rejects.toThrow('ffmpeg is missing on the server');
    }
    const ours = await files.write('ours.wav', riff([format(), data(sine())]));
    expect((await normalizer.normalize(ours)).durationMs).toBe(1000);
  });

  it('a system that refuses a process is told as our fault, not as the end of the service', async () => {
    const normalizer = new AudioNormalizer({
      ffmpegPath: 'ff\0mpeg',
      concurrency: 1,
      timeoutMs: 1000,
      maxSeconds: 9,
    });
    for (const recording of [await flac(1), await wav(1)]) {
      await expect(normalizer.normalize(recording)).rejects.toMatchObject({ code: 'internal', status: 500 });
    }
  });
});

describe('the check', () => {
  it('names the version, and does not ask again while ffmpeg is known to be there', async () => {
    const normalizer = await normalizerWith(countedFfmpeg);
    const checks = await Promise.all([normalizer.check(), normalizer.check(), normalizer.check()]);
    for (const check of [...checks, await normalizer.check()]) {
      expect(check).toEqual({ ok: true, detail: expect.stringMatching(/^ffmpeg version \S+$/) });
    }
    expect(starts()).toHaveLength(1);
  });

  it('notices at the next upload that ffmpeg has gone, and then that it is back', async () => {
    const path = await flac(1);
    const binary = await files.write('ffmpeg-coming', countedFfmpeg(notes.path));
    const normalizer = new AudioNormalizer({
      ffmpegPath: binary,
      concurrency: 1,
      timeoutMs: 5000,
      maxSeconds: 9,
    });
    expect((await normalizer.check()).ok).toBe(true);
    await chmod(binary, 0o644);
    await expect(normalizer.normalize(path)).rejects.toMatchObject({ code: 'unsupported-media-type' });
    expect((await normalizer.check()).ok).toBe(false);
    await chmod(binary, 0o755);
    expect((await normalizer.check()).ok).toBe(true);
    expect((await normalizer.normalize(path)).durationMs).toBe(1000);
  });
});

describe('the binary', () => {
  it('is the configured one, whether it exists or not', () => {
    expect(chooseBinary('/nonexistent/ffmpeg', process.execPath)).toBe('/nonexistent/ffmpeg');
  });

  it('is else the bundled one, if it was really installed', () => {
    expect(chooseBinary(undefined, process.execPath)).toBe(process.execPath);
    expect(chooseBinary(undefined, '/nonexistent/ffmpeg-static/ffmpeg')).toBe('ffmpeg');
  });

  it('is else the one on PATH', () => {
    expect(chooseBinary(undefined, undefined)).toBe('ffmpeg');
    expect(chooseBinary(undefined, null)).toBe('ffmpeg');
  });
});
