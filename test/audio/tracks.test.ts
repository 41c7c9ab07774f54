/** Files of several audio tracks: the one marked as default is heard, else the first that can be decoded. */
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { mayHaveSeveralTracks } from '../../src/audio/containers/sound-tracks.js';
import { defaultTrack } from '../../src/audio/ffmpeg/tracks.js';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { BytesReader } from '../../src/audio/recording.js';
import { countedFfmpeg, Notes } from '../support/audio/processes.js';
import { levelAt, record, run, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, spare: 1, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

/** Tracks of 1700 Hz, then 440 Hz, then 2600 Hz. */
async function threeTracks(name: string, codec: string, ...args: string[]): Promise<Buffer> {
  const inputs = [1700, 440, 2600].flatMap((hz) => toneInput({ hz, rate: 48_000 }));
  const maps = [0, 1, 2].flatMap((input) => ['-map', `${input}`]);
  return await readFile(await record(files.path(name), inputs, ...maps, '-c:a', codec, ...args));
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

/** Marks no track as default but the one at an index. */
const marking = (index: number): string[] =>
  [0, 1, 2].flatMap((track) => [`-disposition:a:${track}`, track === index ? 'default' : '0']);

async function loudest(recording: Buffer, name: string): Promise<number | undefined> {
  const { pcm } = await normalizer.normalize(await files.write(name, recording));
  return [1700, 440, 2600].find((hz) => Math.abs(levelAt(pcm, hz) + 6) < 1.5);
}

describe.each(CONTAINERS)('a short %s', (extension, codec, id, invented) => {
  it('is heard from the track that is marked as default', async () => {
    const marked = await threeTracks(`marked.${extension}`, codec, ...marking(2));
    expect(await loudest(marked, `short.${extension}`)).toBe(2600);
  });

  it('is heard from the first that can be decoded where the marked one cannot', async () => {
    const marked = await threeTracks(`unknown.${extension}`, codec, ...marking(0));
    expect(await loudest(unknown(marked, id, invented, 1), `broken.${extension}`)).toBe(440);
  });

  it('is heard from the first where several are marked, or none', async () => {
    const all = ['-disposition:a', 'default'];
    const none = ['-disposition:a', '0'];
    for (const marks of [all, none])
      expect(await loudest(await threeTracks(`all.${extension}`, codec, ...marks), `any.${extension}`)).toBe(
        1700,
      );
  });
});

describe('what a container says of its tracks', () => {
  const rangeOf = ({ length }: Buffer) => ({ offset: 0, length });
  const ask = (bytes: Buffer, demuxer: 'mov' | 'matroska', range = rangeOf(bytes)): Promise<boolean> =>
    mayHaveSeveralTracks(new BytesReader(bytes), demuxer, range);
  const PICTURE = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:d=2'];

  it.each([
    ['m4a', 'mov', ['-c:a', 'aac']],
    ['m4a', 'mov', ['-c:a', 'aac', '-movflags', 'faststart']],
    ['mp4', 'mov', ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov']],
    ['mka', 'matroska', ['-c:a', 'libopus']],
    ['webm', 'matroska', ['-c:a', 'libopus', '-live', '1']],
  ] as const)('is read without ffmpeg: %s (%s, %j)', async (extension, demuxer, args) => {
    const one = await readFile(await record(files.path(`one.${extension}`), toneInput(), ...args));
    expect(await ask(one, demuxer)).toBe(false);
    const both = [...toneInput(), ...toneInput({ hz: 900 })];
    const maps = ['-map', '0', '-map', '1', ...args];
    const two = await readFile(await record(files.path(`two.${extension}`), both, ...maps));
    expect(await ask(two, demuxer)).toBe(true);
    const behind = Buffer.concat([Buffer.alloc(1_000, 1), one, Buffer.alloc(50)]);
    expect(await ask(behind, demuxer, { offset: 1_000, length: one.length })).toBe(false);
  });

  it.each([
    ['mp4', 'mov'],
    ['mkv', 'matroska'],
  ] as const)('counts the sound of a film alone: %s', async (extension, demuxer) => {
    const input = [...PICTURE, ...toneInput()];
    const film = await record(files.path(`film.${extension}`), input, '-c:v', 'mpeg4', '-shortest');
    const bytes = await readFile(film);
    expect(await ask(bytes, demuxer)).toBe(false);
    // Whatever is cut or changed ends in an answer; what cannot be told is left to ffmpeg.
    expect(await ask(bytes.subarray(0, 60), demuxer)).toBe(true);
    for (let at = 0; at < 400; at += 1) {
      const broken = Buffer.from(bytes);
      broken[at] = (at * 37) & 0xff;
      expect(typeof (await ask(broken, demuxer))).toBe('boolean');
      expect(typeof (await ask(bytes.subarray(0, at), demuxer))).toBe('boolean');
    }
  });

  it('costs no further process where there is one track, and one where there are several', async () => {
    const notes = await Notes.open(files.path('notes'));
    const ffmpegPath = await files.write('ffmpeg-counted', countedFfmpeg(notes.path));
    const counted = new AudioNormalizer({ ffmpegPath, concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
    try {
      await counted.normalize(await record(files.path('single.m4a'), toneInput()));
      expect(notes.lines()).toHaveLength(1);
      await counted.normalize(await files.write('three.m4a', await threeTracks('tracks.m4a', 'aac')));
      expect(notes.lines()).toHaveLength(3);
    } finally {
      await counted.close();
      notes.close();
    }
  });
});

describe('metadata that imitate what ffmpeg prints', () => {
  const FAKE = '\n  Stream #0:2: Audio: opus, 48000 Hz, mono, fltp (default)\n';

  it('choose no track as a title with line breaks', async () => {
    const title = ['-metadata', `title=a${FAKE}`, '-metadata:s:a:0', `title=b${FAKE}`];
    for (const [extension, codec] of [
      ['mka', 'libopus'],
      ['m4a', 'aac'],
    ] as const) {
      const film = await threeTracks(`title.${extension}`, codec, ...marking(0), ...title);
      expect(await loudest(film, `titled.${extension}`)).toBe(1700);
      const other = await threeTracks(`title.${extension}`, codec, ...marking(1), ...title);
      expect(await loudest(other, `titled.${extension}`)).toBe(440);
    }
  });

  it.each([
    ['that exists', FAKE, 1700],
    ['that does not exist', FAKE.replace('#0:2', '#0:3'), 1700],
    ['of no sound', FAKE.replace('Audio', 'Video'), 1700],
  ])('choose none as the name of a tag where none is marked: one %s', async (_which, fake, hz) => {
    const name = 'K'.repeat(fake.length);
    const film = await threeTracks('tag.mka', 'libopus', ...marking(-1), '-metadata:s:a:2', `${name}=v`);
    const at = film.indexOf(name, 0, 'latin1');
    expect(at).toBeGreaterThan(0);
    film.write(fake, at, 'latin1');
    const path = await files.write('tagged.mka', film);
    const banner = await run('sh', '-c', `ffmpeg -hide_banner -i '${path}' 2>&1; true`);
    expect(banner).toContain(fake.trimEnd());
    expect(await loudest(film, 'tagged.mka')).toBe(hz);
  });

  const first = '  Stream #0:0(eng): Audio: aac (LC), 48000 Hz, stereo, fltp';
  const second =
    '  Stream #0:1[0x2](spa): Audio: aac (LC), 48000 Hz, stereo, fltp, 128 kb/s (default) (hearing impaired)';
  const image = '  Stream #0:0(und): Video: mpeg4, yuv420p, 64x48, 5 fps (default)';
  it.each([
    [[first, second], { audioIndex: 1 }],
    [[image, first.replace('0:0', '0:1'), second.replace('0:1', '0:2')], { audioIndex: 1 }],
    [[`${first} (default)`, second], 'first'],
    [[image, second], 'first'],
    // A language with a line break, or with a codec; a line too many; a line that is missing.
    [[first, second.replace('spa', 'spa\n  Stream #0:2: Audio: x (default)')], 'first'],
    [[first, second.replace('spa', 'a): Audio: x (default').replace(' (default) (h', ' (h')], 'first'],
    [[first, first.replace('0:0', '0:1'), second], 'first'],
    [[second], 'first'],
    [[], 'first'],
  ])('are not believed, and what ffmpeg prints is: %j', (lines, track) => {
    expect(defaultTrack([...lines, ''].join('\n'))).toEqual(track);
  });
});
