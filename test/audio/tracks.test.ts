/** Files of several audio tracks, some of a codec that nobody here knows: the first that can be decoded is heard. */
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { levelAt, record, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, spare: 1, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

/** Tracks of 1700 Hz, then 440 Hz, then 2600 Hz. */
async function threeTracks(name: string, codec: string): Promise<Buffer> {
  const inputs = [1700, 440, 2600].flatMap((hz) => toneInput({ hz, rate: 48_000 }));
  const maps = [0, 1, 2].flatMap((input) => ['-map', `${input}`]);
  return await readFile(await record(files.path(name), inputs, ...maps, '-c:a', codec));
}

/** Gives the first `count` tracks a codec that there is not. */
function unknown(recording: Buffer, id: string, invented: string, count: number): Buffer {
  const changed = Buffer.from(recording);
  let at = -1;
  for (let track = 0; track < count; track += 1) {
    at = changed.indexOf(id, at + 1, 'latin1');
    changed.write(invented, at, 'latin1');
    // In MP4 a box behind the name says the codec once more.
    const esds = changed.indexOf('esds', at, 'latin1');
    if (id === 'mp4a') changed.write('free', esds, 'latin1');
  }
  return changed;
}

const CONTAINERS: [string, string, string, string][] = [
  ['m4a', 'aac', 'mp4a', 'apac'],
  ['mp4', 'aac', 'mp4a', 'ac-4'],
  ['mov', 'pcm_s16be', 'twos', 'zzzz'],
  ['mka', 'libvorbis', 'A_VORBIS', 'A_NOBODY'],
  ['webm', 'libopus', 'A_OPUS', 'A_WHAT'],
];

describe.each(CONTAINERS)('%s', (extension, codec, id, invented) => {
  it.each([
    [0, 1700],
    [1, 440],
    [2, 2600],
  ])('is heard from the first track of a known codec, after %i of an unknown one', async (count, hz) => {
    const path = await files.write(
      `tracks.${extension}`,
      unknown(await threeTracks(`known.${extension}`, codec), id, invented, count),
    );
    const { pcm, durationMs } = await normalizer.normalize(path);
    expect(Math.abs(durationMs - 2000)).toBeLessThanOrEqual(70);
    expect(Math.abs(levelAt(pcm, hz) + 6)).toBeLessThan(1);
  });

  it('is refused in words of our own where no track is of a known codec', async () => {
    const path = await files.write(
      `none.${extension}`,
      unknown(await threeTracks(`known.${extension}`, codec), id, invented, 3),
    );
    await expect(normalizer.normalize(path)).rejects.toMatchObject({
      code: 'undecodable-audio',
      message: expect.not.stringMatching(/decoder|stream|#0|codec/i),
    });
  });
});
