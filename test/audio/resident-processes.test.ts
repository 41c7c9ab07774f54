/** The processes of resident resamplers: their number, their failures and their end. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AudioNormalizer, type NormalizerOptions } from '../../src/audio/normalize.js';
import { noise } from '../support/audio/noise.js';
import { children, countedFfmpeg, isAlive, Notes, until } from '../support/audio/processes.js';
import { data, format, riff, workshop } from '../support/audio/recordings.js';

const files = workshop();
const LIMITS = { concurrency: 2, timeoutMs: 20_000, maxSeconds: 240 };
let notes: Notes;
/** A process for each recording. */
const plain = new AudioNormalizer(LIMITS);

/** The lines of processes that are resident, and of all. */
const residents = (): string[] => notes.lines().filter((line) => line.includes('-probesize 32'));

async function withResidents(
  script: string = countedFfmpeg(notes.path),
  options: Partial<NormalizerOptions> = {},
): Promise<AudioNormalizer> {
  const ffmpegPath = await files.write('ffmpeg-resident', script);
  return new AudioNormalizer({ ...LIMITS, ffmpegPath, spare: 2, ...options });
}

/** A script that stands in for a resident resampler, and is ffmpeg for everything else. */
function instead(resident: string): string {
  return `#!/bin/sh
echo $$ "$@" > ${notes.path}
case "$*" in
*probesize*) ${resident} ;;
*) exec ffmpeg "$@" ;;
esac
`;
}

async function expectSameAsAlone(normalizer: AudioNormalizer, path: string): Promise<void> {
  const [alone, resampled] = [await plain.normalize(path), await normalizer.normalize(path)];
  expect(resampled.durationMs).toBe(alone.durationMs);
  expect(resampled.pcm.equals(alone.pcm)).toBe(true);
}

beforeAll(async () => {
  notes = await Notes.open(files.path('notes'));
});
afterAll(async () => {
  await plain.close();
  notes.close();
});
beforeEach(() => {
  notes.clear();
});
afterEach(async () => {
  expect(await children()).toEqual([]);
});

describe('a resident resampler that fails is killed, and the recording decoded by a process of its own', () => {
  it.each([
    ['exits before it has answered', 'ffmpeg "$@" | head -c 30000'],
    ['cannot be started', 'exit 126'],
    ['answers a sample too few', 'ffmpeg "$@" | { head -c 40000; head -c 2 >/dev/null; cat; }'],
    ['answers a sample too many', 'ffmpeg "$@" | { head -c 40000; printf 12; cat; }'],
    ['answers too few in what it writes first', 'ffmpeg "$@" | { head -c 2 >/dev/null; cat; }'],
    ['never stops answering', 'exec cat /dev/zero'],
    ['answers nothing but silence', 'ffmpeg "$@" | tr "\\001-\\377" "\\000"'],
    ['does not answer', 'exec sleep 600'],
  ])('when it %s', async (_how, script) => {
    const normalizer = await withResidents(instead(script));
    const path = await files.write('ok.wav', riff([format({ rate: 16_000 }), data(noise(32_000))]));
    await expectSameAsAlone(normalizer, path);
    expect(residents()).toHaveLength(1);
    expect(notes.lines()).toHaveLength(2);
    expect(normalizer.outcomes).toEqual(
      new Map([
        ['resampler-lost', 1],
        ['decoded', 1],
      ]),
    );
    // The next one does not wait for another that may fail the same way.
    await expectSameAsAlone(normalizer, path);
    expect(residents()).toHaveLength(1);
    // What the script started ends once nothing writes to it.
    await until(async () => (await children()).length === 0);
    await normalizer.close();
  });

  it('in the middle of a long one, which starts again', async () => {
    const normalizer = await withResidents(instead('ffmpeg "$@" | head -c 2000000'));
    const path = await files.write('long.wav', riff([format({ rate: 16_000 }), data(noise(6_400_000))]));
    await expectSameAsAlone(normalizer, path);
    expect(notes.lines()).toHaveLength(2);
    await normalizer.close();
  });

  it('and one that died while it waited is replaced', async () => {
    const normalizer = await withResidents();
    const path = await files.write('ok.wav', riff([format({ rate: 16_000 }), data(noise(32_000))]));
    await normalizer.normalize(path);
    process.kill(Number(residents()[0]?.split(' ')[0]), 'SIGKILL');
    await until(async () => (await children()).length === 0);
    await expectSameAsAlone(normalizer, path);
    expect(residents()).toHaveLength(2);
    expect(notes.lines()).toHaveLength(2);
    await normalizer.close();
  });
});

describe('resident resamplers', () => {
  const wav = (seconds: number, rate = 16_000): Promise<string> =>
    files.write(`${seconds}-${rate}.wav`, riff([format({ rate }), data(noise(2 * seconds * rate))]));

  it('are as many at work as are allowed, and one for each format waits', async () => {
    const normalizer = await withResidents();
    const paths = await Promise.all([wav(1, 16_000), wav(1, 48_000), wav(1, 8000)]);
    const all = Array.from({ length: 30 }, (_, index) => normalizer.normalize(paths[index % 3] ?? ''));
    await until(() => {
      expect(normalizer.stats.running).toBeLessThanOrEqual(2);
      return normalizer.stats.running === 0 && normalizer.stats.waiting === 0;
    });
    await Promise.all(all);
    expect(residents().length).toBeLessThan(15);
    expect(notes.lines()).toHaveLength(residents().length);
    // One that gives way takes a moment to exit.
    await until(async () => (await children()).length <= 4);
    await normalizer.close();
  });

  it('let a short recording pass a long one', async () => {
    const normalizer = await withResidents(undefined, { concurrency: 1 });
    const [long, short] = [await wav(60, 48_000), await wav(1, 48_000)];
    const order: string[] = [];
    const both = [normalizer.normalize(long).then(() => order.push('long'))];
    await until(() => normalizer.stats.running === 1);
    both.push(normalizer.normalize(short).then(() => order.push('short')));
    await Promise.all(both);
    expect(order).toEqual(['short', 'long']);
    await normalizer.close();
  });

  it('are killed when their recording is cancelled', async () => {
    const normalizer = await withResidents(instead('exec sleep 600'));
    const stop = new AbortController();
    const cancelled = normalizer.normalize(await wav(1), stop.signal);
    await until(() => residents().length === 1);
    const pid = Number(residents()[0]?.split(' ')[0]);
    const reason = new Error('the client went away');
    stop.abort(reason);
    await expect(cancelled).rejects.toBe(reason);
    expect(isAlive(pid)).toBe(false);
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });
    await normalizer.close();
  });

  it('are killed when the service stops by force', async () => {
    const normalizer = await withResidents(instead('exec sleep 600'));
    const path = await wav(1);
    const pending = Promise.allSettled([normalizer.normalize(path), normalizer.normalize(path)]);
    await until(() => residents().length === 2);
    const error = new Error('stopped');
    await normalizer.destroy(error);
    expect(await children()).toEqual([]);
    expect((await pending).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('finish what they have when the service stops, and are gone after that', async () => {
    const normalizer = await withResidents();
    const path = await wav(60);
    const pending = [normalizer.normalize(path), normalizer.normalize(path), normalizer.normalize(path)];
    await until(() => normalizer.stats.running > 0);
    await normalizer.close();
    expect(await children()).toEqual([]);
    for (const { durationMs } of await Promise.all(pending)) expect(durationMs).toBe(60_000);
  });

  it('end after five minutes without a recording', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'queueMicrotask'] });
    try {
      const normalizer = await withResidents();
      await normalizer.normalize(await wav(1));
      jest.advanceTimersByTime(299_000);
      const pid = Number(residents()[0]?.split(' ')[0]);
      expect(isAlive(pid)).toBe(true);
      jest.advanceTimersByTime(2_000);
      jest.useRealTimers();
      await until(() => !isAlive(pid));
      await normalizer.close();
    } finally {
      jest.useRealTimers();
    }
  });
});
