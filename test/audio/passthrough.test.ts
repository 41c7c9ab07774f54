/** WAV that is already PCM16 mono 24 kHz: the samples, all the samples, and nothing but the samples, without ffmpeg. */
import { describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { encodeWav } from '../../src/audio/wav/wav.js';
import {
  data,
  extensibleFormat,
  format,
  LIST,
  riff,
  run,
  sine,
  workshop,
  type Chunk,
} from '../support/audio/recordings.js';
import { wavAtRate } from '../support/wav.js';

const files = workshop();
const samples = sine({ seconds: 0.5 });

/** This ffmpeg does not exist: everything that succeeds does so without a decoder. */
const normalizer = new AudioNormalizer({
  ffmpegPath: '/nonexistent/ffmpeg',
  concurrency: 1,
  timeoutMs: 10_000,
  maxSeconds: 60,
});

async function samplesIn(bytes: Buffer): Promise<Buffer> {
  const { pcm, durationMs } = await normalizer.normalize(await files.write('recording', bytes));
  // In memory it is the same, and none of its bytes is copied where they lie together.
  expect(await normalizer.normalize(bytes)).toEqual({ pcm, durationMs });
  expect(durationMs).toBe(Math.round(pcm.length / 48));
  return pcm;
}

const odd: Chunk = { id: 'note', body: Buffer.from('odd') };
const half = samples.length / 2;
const first = samples.subarray(0, half);
const second = samples.subarray(half);

const shapes: [string, Buffer][] = [
  ['the plain 44-byte header', riff([format(), data(samples)])],
  ['an extensible header', riff([extensibleFormat(), data(samples)])],
  [
    'a format chunk with an empty extension',
    riff([{ id: 'fmt ', body: Buffer.concat([format().body, Buffer.alloc(2)]) }, data(samples)]),
  ],
  ['chunks before the samples', riff([LIST, format(), LIST, odd, data(samples)])],
  ['an odd chunk without its padding byte', riff([format(), { ...odd, padded: false }, data(samples)])],
  ['chunks after the samples', riff([format(), data(samples), LIST, odd])],
  ['the samples before the format', riff([data(samples), format()])],
  ['samples in two chunks', riff([format(), data(first), LIST, data(second)])],
  [
    'a size that claims more than is there',
    riff([format(), data(samples, { size: samples.length + 100_000 })]),
  ],
  [
    'sizes unknown to the writer',
    riff([format(), data(samples, { size: 0xffffffff })], { size: 0xffffffff }),
  ],
  [
    'sizes as sox writes them to a pipe',
    riff([format(), data(samples, { size: 0x7fffffff - 36 })], { size: 0x7fffffff }),
  ],
  ['sizes never filled in', riff([format(), data(samples, { size: 0 })], { size: 0 })],
  ['sizes filled in for no samples', riff([format(), data(samples, { size: 0 })], { size: 36 })],
  ['no size of the samples and a right one of the file', riff([format(), data(samples, { size: 0 })])],
  ...[0x7fffffff, 0x7fffffff - 36, 0x7ffff000, 0x80000000, 0x80000024, 0xfffffffe, 1].map(
    (size): [string, Buffer] => [
      `no size of the samples and ${size} as that of the file`,
      riff([format(), data(samples, { size: 0 })], { size }),
    ],
  ),
  ...[0x7fffffff, 0x7ffff000, 0x80000000, 0xffffffff - 36, 0xfffffffe].map((size): [string, Buffer] => [
    `${size} as the size of the samples`,
    riff([format(), data(samples, { size })], { size: 0 }),
  ]),
  ['an odd trailing byte', riff([format(), data(Buffer.concat([samples, Buffer.from([7])]))])],
  [
    'an odd byte at the end of a cut file',
    riff([format(), data(Buffer.concat([samples, Buffer.from([7])]), { size: 0xffffffff, padded: false })]),
  ],
  [
    'a block size that its writer left at zero',
    (() => {
      const broken = format();
      broken.body.fill(0, 8, 14);
      return riff([broken, data(samples)]);
    })(),
  ],
];

describe('a PCM16 mono 24 kHz WAV is taken bit for bit', () => {
  it.each(shapes)('with %s', async (_shape, bytes) => {
    expect((await samplesIn(bytes)).equals(samples)).toBe(true);
  });

  it.each(['RF64', 'BW64'])('as %s with 64-bit sizes', async (id) => {
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(BigInt(samples.length), 8);
    const chunks = [{ id: 'ds64', body: ds64 }, format(), data(samples, { size: 0xffffffff }), LIST];
    expect((await samplesIn(riff(chunks, { id, size: 0xffffffff }))).equals(samples)).toBe(true);
  });

  it.each([0n, 0x7fffffffn, 0xffffffffn, 0xffffffffffffffffn])(
    'as RF64 whose writer left %i as the 64-bit size',
    async (size) => {
      const ds64 = Buffer.alloc(28);
      ds64.writeBigUInt64LE(size, 8);
      for (const claimed of [0, 0xffffffff]) {
        const chunks = [{ id: 'ds64', body: ds64 }, format(), data(samples, { size: claimed })];
        const bytes = riff(chunks, { id: 'RF64', size: 0xffffffff });
        expect((await samplesIn(bytes)).equals(samples)).toBe(true);
      }
    },
  );

  it('as ffmpeg writes it to a pipe, with a LIST chunk and no sizes', async () => {
    const raw = await files.write('samples.raw', samples);
    const read = `-f s16le -ar 24000 -ac 1 -i ${raw}`;
    await run('sh', '-c', `ffmpeg -v error ${read} -f wav - | cat > ${files.path('ffmpeg.wav')}`);
    const { pcm } = await normalizer.normalize(files.path('ffmpeg.wav'));
    expect(pcm.equals(samples)).toBe(true);
  });

  it('as we write it ourselves', async () => {
    expect((await samplesIn(encodeWav(samples))).equals(samples)).toBe(true);
  });
});

describe('our own WAV', () => {
  const readByOthers = async (path: string): Promise<unknown> => {
    const entries = 'stream=codec_name,sample_rate,channels,duration_ts';
    return JSON.parse(await run('ffprobe', '-v', 'error', '-show_entries', entries, '-of', 'json', path));
  };

  it.each([24_000, 16_000])(
    'tells other programs the true rate of %i Hz and the true length',
    async (rate) => {
      const path = await files.write('reply.wav', wavAtRate(samples, rate));
      expect(await readByOthers(path)).toMatchObject({
        streams: [
          {
            codec_name: 'pcm_s16le',
            sample_rate: String(rate),
            channels: 1,
            duration_ts: samples.length / 2,
          },
        ],
      });
    },
  );
});
