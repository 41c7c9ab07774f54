/** Nothing too long, nothing empty, and no small file that grows large. */
import { stat, truncate } from 'node:fs/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { data, format, LIST, record, riff, sine, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 3 });
const withoutFfmpeg = new AudioNormalizer({
  ffmpegPath: '/nonexistent',
  concurrency: 1,
  timeoutMs: 1000,
  maxSeconds: 3,
});
afterAll(() => normalizer.close());

describe('a recording that is too long', () => {
  it.each([
    ['our own WAV', riff([format(), data(sine({ seconds: 3.5 }))])],
    ['a WAV at another rate', riff([format({ rate: 8000 }), data(sine({ seconds: 3.5, rate: 8000 }))])],
  ])('is known from the header, with its length: %s', async (_name, bytes) => {
    const refused = withoutFfmpeg.normalize(await files.write('long.wav', bytes));
    await expect(refused).rejects.toMatchObject({ code: 'audio-too-long', status: 413 });
    await expect(refused).rejects.toThrow('3 s at most; this one is 3.5 s long');
  });

  it.each(['mp3', 'ogg', 'flac', 'm4a', 'webm'])('is known while it is decoded: %s', async (extension) => {
    const path = await record(files.path(`long.${extension}`), toneInput({ seconds: 4 }));
    const refused = normalizer.normalize(path);
    await expect(refused).rejects.toMatchObject({ code: 'audio-too-long', status: 413 });
    await expect(refused).rejects.toThrow('3 s at most; this one is longer');
  });

  it('is one that is a sample over the limit', async () => {
    const limit = 3 * 24_000 * 2;
    const samples = sine({ seconds: 4 });
    const exactly = await files.write('exactly.wav', riff([format(), data(samples.subarray(0, limit))]));
    expect((await normalizer.normalize(exactly)).durationMs).toBe(3000);
    const over = await files.write('over.wav', riff([format(), data(samples.subarray(0, limit + 2))]));
    await expect(normalizer.normalize(over)).rejects.toMatchObject({ code: 'audio-too-long' });
    for (const [name, args] of [
      ['exactly.flac', ['-t', '3']],
      ['exactly.aiff', ['-t', '3']],
    ] as const) {
      const path = await record(files.path(name), toneInput({ seconds: 4, rate: 24_000 }), ...args);
      expect((await normalizer.normalize(path)).durationMs).toBe(3000);
    }
  });

  it('costs no more than the limit when a small file holds hours', async () => {
    const path = files.path('hours.flac');
    await record(path, ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono:d=36000'], '-frame_size', '16384');
    expect((await stat(path)).size).toBeLessThan(2_000_000);
    const started = Date.now();
    await expect(normalizer.normalize(path)).rejects.toMatchObject({ code: 'audio-too-long' });
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('is known from a header that is 50 MB of one hertz', async () => {
    const path = await files.write(
      'slow.wav',
      riff([format({ rate: 1, bits: 8 }), data(Buffer.alloc(2), { size: 50_000_000 })]),
    );
    await truncate(path, 50_000_000);
    await expect(withoutFfmpeg.normalize(path)).rejects.toMatchObject({ code: 'audio-too-long' });
  });
});

describe('a recording without samples', () => {
  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a WAV of no samples', riff([format(), data(Buffer.alloc(0))])],
    ['a WAV of no samples and a LIST chunk', riff([format(), data(Buffer.alloc(0)), LIST])],
    ...[0, 36, 0x7fffffff, 0xffffffff].flatMap((size): [string, Buffer][] => [
      [`a WAV of no samples and ${size} as its size`, riff([format(), data(Buffer.alloc(0))], { size })],
      [
        `a WAV of no samples, a LIST chunk and ${size} as its size`,
        riff([format(), data(Buffer.alloc(0)), LIST], { size }),
      ],
    ]),
    [
      'a WAV of no samples and a LIST chunk that is cut off',
      riff([format(), data(Buffer.alloc(0)), LIST]).subarray(0, -3),
    ],
    [
      'a WAV of no samples and an odd chunk that is not padded',
      riff([format(), data(Buffer.alloc(0)), { id: 'note', body: Buffer.from('odd'), padded: false }]),
    ],
    [
      'a big-endian WAV of no samples and a LIST chunk',
      riff([format({ bigEndian: true }), data(Buffer.alloc(0)), LIST], { id: 'RIFX', bigEndian: true }),
    ],
    [
      'two WAV files of no samples',
      Buffer.concat([riff([format(), data(Buffer.alloc(0))]), riff([format(), data(Buffer.alloc(0))])]),
    ],
    ['a WAV with no data chunk', riff([format(), LIST])],
    ['a WAV of half a sample', riff([format(), data(Buffer.alloc(1))])],
    [
      'a WAV whose writer stopped at once',
      riff([format(), data(Buffer.alloc(0), { size: 0xffffffff })], { size: 0xffffffff }),
    ],
    [
      'a stereo WAV of no samples',
      riff([format({ channels: 2, rate: 44_100 }), data(Buffer.alloc(0)), LIST]),
    ],
    [
      'a WAV of a million empty chunks',
      Buffer.concat([riff([format()]), Buffer.alloc(8_000_000, 'junk\0\0\0\0')]),
    ],
  ])('is told without ffmpeg: %s', async (_name, bytes) => {
    const refused = withoutFfmpeg.normalize(await files.write('empty', bytes));
    await expect(refused).rejects.toMatchObject({ code: 'empty-audio', status: 422 });
  });

  it.each(['flac', 'aiff', 'au', 'ogg', 'opus'])('is told by ffmpeg: %s', async (extension) => {
    const path = await record(files.path(`none.${extension}`), toneInput(), '-af', 'atrim=end_sample=0');
    await expect(normalizer.normalize(path)).rejects.toMatchObject({ code: 'empty-audio', status: 422 });
  });
});

describe('a crafted file', () => {
  it.each([
    ['65 535 channels', { channels: 65_535, rate: 44_100 }],
    ['65 channels', { channels: 65, rate: 44_100 }],
    ['4 GHz', { channels: 2, rate: 4_000_000_000 }],
    ['no channels', { channels: 0 }],
    ['no rate', { rate: 0 }],
    ['no bits', { bits: 0, channels: 2 }],
    ['bits beyond any number', { bits: 65_535 }],
    ['an unknown encoding', { tag: 0xabcd }],
  ])('is refused: a WAV of %s', async (_name, options) => {
    const path = await files.write('crafted.wav', riff([format(options), data(sine({ seconds: 1 }))]));
    await expect(normalizer.normalize(path)).rejects.toMatchObject({
      code: 'undecodable-audio',
      status: 422,
    });
  });

  it.each([12, 13, 16, 19, 20, 35])('is refused: the first %i bytes of a WAV', async (length) => {
    const path = await files.write('cut.wav', riff([format(), data(sine())]).subarray(0, length));
    await expect(withoutFfmpeg.normalize(path)).rejects.toMatchObject({ status: 422 });
  });

  it('is refused at once: 500 bytes of MP4 whose index claims 80 million frames', async () => {
    const started = Date.now();
    const refused = normalizer.normalize(await files.write('bomb.m4a', mp4WithHugeIndex(80_000_000)));
    await expect(refused).rejects.toMatchObject({ status: 422 });
    // Built, that index takes 1.9 GB and ten seconds.
    expect(Date.now() - started).toBeLessThan(3000);
  });
});

/** ISO/IEC 14496-12: an AAC track of `frames` one-byte frames in one chunk. */
function mp4WithHugeIndex(frames: number): Buffer {
  const uint32 = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
    return bytes;
  };
  const box = (type: string, ...bodies: Buffer[]): Buffer => {
    const body = Buffer.concat(bodies);
    return Buffer.concat([uint32(8 + body.length), Buffer.from(type), body]);
  };
  const full = (type: string, ...bodies: Buffer[]): Buffer => box(type, uint32(0), ...bodies);

  const esds = full('esds', Buffer.from('03190001000411401500000000000000000000000005021210060102', 'hex'));
  const entry = [
    uint32(0),
    Buffer.from('00000001', 'hex'),
    uint32(0, 0),
    Buffer.from('0002001000000000', 'hex'),
  ];
  const mp4a = box('mp4a', ...entry, uint32(44_100 * 65_536), esds);
  const table = box(
    'stbl',
    full('stsd', uint32(1), mp4a),
    full('stts', uint32(1, frames, 1024)),
    full('stsc', uint32(1, 1, frames, 1)),
    full('stsz', uint32(1, frames)),
    full('stco', uint32(1, 36)),
  );
  const handler = full('hdlr', uint32(0), Buffer.from('soun'), Buffer.alloc(13));
  const media = box('mdia', full('mdhd', uint32(0, 0, 44_100, 1, 0x55c40000)), handler, box('minf', table));
  const track = box('trak', full('tkhd', uint32(0, 0, 1, 0, 0), Buffer.alloc(60)), media);
  const movie = box(
    'moov',
    full('mvhd', uint32(0, 0, 1000, 1000, 0x10000), Buffer.alloc(76), uint32(2)),
    track,
  );
  return Buffer.concat([
    box('ftyp', Buffer.from('M4A \0\0\0\0M4A isom')),
    box('mdat', Buffer.alloc(64)),
    movie,
  ]);
}
