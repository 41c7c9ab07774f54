/** The processes of resident resamplers: their number, their failures and their end. */
import { describe, expect, it, jest } from '@jest/globals';
import { noise } from '../support/audio/noise.js';
import { children, isAlive, until } from '../support/audio/processes.js';
import { data, format, riff, workshop } from '../support/audio/recordings.js';
import { Residents } from '../support/audio/residents.js';

const files = workshop();
const residents = new Residents(files);

/** A script that stands in for a resident resampler, and is ffmpeg for everything else. */
function instead(resident: string): string {
  return `#!/bin/sh
echo $$ "$@" > ${residents.notes.path}
case "$*" in
*probesize*) ${resident} ;;
*) exec ffmpeg "$@" ;;
esac
`;
}

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
    const normalizer = await residents.normalizer(instead(script));
    const path = await files.write('ok.wav', riff([format({ rate: 16_000 }), data(noise(32_000))]));
    await residents.expectSameAsAlone(normalizer, path);
    expect(residents.lines()).toHaveLength(1);
    expect(residents.notes.lines()).toHaveLength(2);
    expect(normalizer.outcomes).toEqual(
      new Map([
        ['resampler-lost', 1],
        ['decoded', 1],
      ]),
    );
    // The next one does not wait for another that may fail the same way.
    await residents.expectSameAsAlone(normalizer, path);
    expect(residents.lines()).toHaveLength(1);
    // What the script started ends once nothing writes to it.
    await until(async () => (await children()).length === 0);
    await normalizer.close();
  });

  it('in the middle of a long one, which starts again', async () => {
    const normalizer = await residents.normalizer(instead('ffmpeg "$@" | head -c 2000000'));
    const path = await files.write('long.wav', riff([format({ rate: 16_000 }), data(noise(6_400_000))]));
    await residents.expectSameAsAlone(normalizer, path);
    expect(residents.notes.lines()).toHaveLength(2);
    await normalizer.close();
  });

  it('and one that died while it waited is replaced', async () => {
    const normalizer = await residents.normalizer();
    const path = await files.write('ok.wav', riff([format({ rate: 16_000 }), data(noise(32_000))]));
    await normalizer.normalize(path);
    process.kill(Number(residents.lines()[0]?.split(' ')[0]), 'SIGKILL');
    await until(async () => (await children()).length === 0);
    await residents.expectSameAsAlone(normalizer, path);
    expect(residents.lines()).toHaveLength(2);
    expect(residents.notes.lines()).toHaveLength(2);
    await normalizer.close();
  });
});

describe('resident resamplers', () => {
  const wav = (seconds: number, rate = 16_000): Promise<string> =>
    files.write(`${seconds}-${rate}.wav`, riff([format({ rate }), data(noise(2 * seconds * rate))]));

  it('are as many at work as are allowed, and one for each format waits', async () => {
    const normalizer = await residents.normalizer();
    const paths = await Promise.all([wav(1, 16_000), wav(1, 48_000), wav(1, 8000)]);
    const all = Array.from({ length: 30 }, (_, index) => normalizer.normalize(paths[index % 3] ?? ''));
    await until(() => {
      expect(normalizer.stats.running).toBeLessThanOrEqual(2);
      return normalizer.stats.running === 0 && normalizer.stats.waiting === 0;
    });
    await Promise.all(all);
    expect(residents.lines().length).toBeLessThan(15);
    expect(residents.notes.lines()).toHaveLength(residents.lines().length);
    // One that gives way takes a moment to exit.
    await until(async () => (await children()).length <= 4);
    await normalizer.close();
  });

  it('let a short recording pass a long one', async () => {
    const normalizer = await residents.normalizer(undefined, { concurrency: 1 });
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
    const normalizer = await residents.normalizer(instead('exec sleep 600'));
    const stop = new AbortController();
    const cancelled = normalizer.normalize(await wav(1), stop.signal);
    await until(() => residents.lines().length === 1);
    const pid = Number(residents.lines()[0]?.split(' ')[0]);
    const reason = new Error('the client went away');
    stop.abort(reason);
    await expect(cancelled).rejects.toBe(reason);
    expect(isAlive(pid)).toBe(false);
    expect(normalizer.stats).toEqual({ running: 0, waiting: 0 });
    await normalizer.close();
  });

  it('are killed when the service stops by force', async () => {
    const normalizer = await residents.normalizer(instead('exec sleep 600'));
    const path = await wav(1);
    const pending = Promise.allSettled([normalizer.normalize(path), normalizer.normalize(path)]);
    await until(() => residents.lines().length === 2);
    const error = new Error('stopped');
    await normalizer.destroy(error);
    expect(await children()).toEqual([]);
    expect((await pending).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('finish what they have when the service stops, and are gone after that', async () => {
    const normalizer = await residents.normalizer();
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
      const normalizer = await residents.normalizer();
      await normalizer.normalize(await wav(1));
      jest.advanceTimersByTime(299_000);
      const pid = Number(residents.lines()[0]?.split(' ')[0]);
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
