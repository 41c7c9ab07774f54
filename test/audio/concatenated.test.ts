/** Whole recordings one behind the other in one file: all of them are heard, or the file is refused. */
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer, type NormalizedAudio } from '../../src/audio/normalize.js';
import {
  data,
  format,
  levelAt,
  LIST,
  record,
  riff,
  sine,
  toneInput,
  workshop,
} from '../support/audio/recordings.js';
import { startCpuClock } from '../support/cpu-time.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 20 });
const withoutFfmpeg = new AudioNormalizer({
  ffmpegPath: '/nonexistent',
  concurrency: 1,
  timeoutMs: 1000,
  maxSeconds: 20,
});
afterAll(() => normalizer.close());

/** A second of each tone, in the order of the tones. */
const TONES = [440, 1000, 1700];

/** Codecs begin or end with a frame of their own (up to 100 ms) and are not exact. */
function expectTones({ pcm, durationMs }: NormalizedAudio, toleranceMs = 0): void {
  expect(Math.abs(durationMs - TONES.length * 1000)).toBeLessThanOrEqual(toleranceMs * TONES.length);
  TONES.forEach((hz, index) => {
    // The middle of each second, where no codec fades and no delay of one comes into it.
    const middle = pcm.subarray(index * 48_000 + 14_400, index * 48_000 + 43_200);
    for (const other of TONES) {
      const heard = levelAt(middle, other);
      if (other === hz) expect(Math.abs(heard + 6)).toBeLessThan(2);
      else expect(heard).toBeLessThan(-30);
    }
  });
}

const pieces = (rates: readonly number[]): Buffer[] =>
  TONES.map((hz, index) => sine({ hz, rate: rates[index] ?? 24_000 }));
const [first, second, third] = pieces([]) as [Buffer, Buffer, Buffer];
const whole = Buffer.concat([first, second, third]);

const OUR_PCM: [string, Buffer][] = [
  [
    'with right sizes',
    Buffer.concat([first, second, third].map((samples) => riff([format(), data(samples)]))),
  ],
  [
    'with other chunks around the samples',
    Buffer.concat([first, second, third].map((samples) => riff([LIST, format(), LIST, data(samples), LIST]))),
  ],
  [
    'with sizes never filled in',
    Buffer.concat(
      [first, second, third].map((samples) => riff([format(), data(samples, { size: 0 })], { size: 0 })),
    ),
  ],
  [
    'with sizes unknown to the writer',
    Buffer.concat(
      [first, second, third].map((samples) =>
        riff([format(), data(samples, { size: 0xffffffff })], { size: 0xffffffff }),
      ),
    ),
  ],
  [
    'the first of which claims the size of all',
    Buffer.concat([
      riff([format(), data(first, { size: whole.length + 1000 })], { size: whole.length + 1044 }),
      riff([format(), data(second)]),
      riff([format(), data(third)]),
    ]),
  ],
  [
    'all of them inside the size of the first',
    Buffer.concat([
      riff([format(), data(first)], { size: whole.length + 3 * 44 - 8 }),
      riff([format(), data(second)]),
      riff([format(), data(third)]),
    ]),
  ],
  [
    'with an odd chunk at the end, padded or not',
    Buffer.concat([
      riff([format(), data(first), { id: 'note', body: Buffer.from('odd'), padded: false }]),
      riff([format(), data(second), { id: 'note', body: Buffer.from('odd') }]),
      riff([format(), data(third)]),
    ]),
  ],
  [
    'with bytes between them',
    Buffer.concat([
      riff([format(), data(first)]),
      Buffer.alloc(1001),
      riff([format(), data(second)]),
      Buffer.from('note\x10\0\0\0 something else'),
      riff([format(), data(third)]),
    ]),
  ],
  [
    'some of which are empty or cut off in their header',
    Buffer.concat([
      riff([format(), data(first)]),
      riff([format(), data(Buffer.alloc(0)), LIST]),
      riff([format(), data(second)]),
      riff([format(), data(third)]),
      riff([format(), data(third)]).subarray(0, 30),
    ]),
  ],
];

describe('WAV files behind each other', () => {
  it.each(OUR_PCM)('are one recording, bit for bit and without ffmpeg: %s', async (_shape, bytes) => {
    const heard = await withoutFfmpeg.normalize(await files.write('several.wav', bytes));
    expect(heard.pcm.equals(whole)).toBe(true);
    expect(await withoutFfmpeg.normalize(bytes)).toEqual(heard);
  });

  it('are one recording as one sentence in hundreds of pieces', async () => {
    const bytes = Array.from({ length: 300 }, (_, index) =>
      riff([format(), data(whole.subarray(index * 480, (index + 1) * 480))]),
    );
    const heard = await withoutFfmpeg.normalize(await files.write('pieces.wav', Buffer.concat(bytes)));
    expect(heard.pcm.equals(whole)).toBe(true);
  });

  it.each([
    ['of one other rate', [16_000, 16_000, 16_000]],
    ['of our own rate and others', [24_000, 8000, 48_000]],
    ['of others and our own', [44_100, 16_000, 24_000]],
  ])('are heard each at its own rate: %s', async (_which, rates) => {
    const bytes = Buffer.concat(
      pieces(rates).map((samples, index) => riff([format({ rate: rates[index] ?? 0 }), data(samples)])),
    );
    expectTones(await normalizer.normalize(await files.write('rates.wav', bytes)), 1);
    // It is in memory where its beginning needs no decoder.
    if (rates[0] === 24_000) expectTones(await normalizer.normalize(bytes), 1);
  });

  it.each(['pcm_s24le', 'pcm_f32le', 'pcm_mulaw', 'adpcm_ms'])(
    'are heard each as it is encoded: %s among others',
    async (codec) => {
      const parts = [riff([format(), data(first)])];
      for (const [index, hz] of TONES.entries()) {
        if (index === 0) continue;
        const path = files.path(`${codec}.wav`);
        await record(path, toneInput({ hz, seconds: 1, channels: index }), '-c:a', codec);
        parts.push(await readFile(path));
      }
      const bytes = Buffer.concat(parts);
      expectTones(await normalizer.normalize(await files.write('encodings.wav', bytes)), 50);
      expectTones(await normalizer.normalize(bytes), 50);
    },
  );

  it('of 24 bits that end inside a frame do not shift the next', async () => {
    const body = Buffer.alloc(72_001, 1);
    const one = riff([format({ bits: 24, channels: 2 }), data(body, { padded: false })]);
    const { durationMs } = await normalizer.normalize(
      await files.write('odd.wav', Buffer.concat([one, one])),
    );
    expect(durationMs).toBe(1000);
  });

  it('are too long when they are so together', async () => {
    const ten = riff([format(), data(sine({ seconds: 10 }))]);
    const path = await files.write('long.wav', Buffer.concat([ten, ten, ten]));
    await expect(withoutFfmpeg.normalize(path)).rejects.toMatchObject({ code: 'audio-too-long' });
    await expect(withoutFfmpeg.normalize(path)).rejects.toThrow('30.0 s long');
  });

  it.each([
    ['a hundred thousand', riff([format(), data(Buffer.alloc(2))]), 100_000],
    ['of sizes never filled in', riff([format(), data(Buffer.alloc(2), { size: 0 })], { size: 0 }), 100_000],
    ['of very many chunks', Buffer.concat([riff([format()]), Buffer.alloc(8000, 'junk\0\0\0\0')]), 1000],
  ])('are refused at once when they are very many: %s', async (_which, one, count) => {
    const path = await files.write('bomb.wav', Buffer.concat(Array.from({ length: count }, () => one)));
    const workedMs = startCpuClock();
    const refused = withoutFfmpeg.normalize(path);
    await expect(refused).rejects.toMatchObject({ code: 'undecodable-audio', status: 422 });
    await expect(refused).rejects.toThrow('The recording consists of more than');
    expect(workedMs()).toBeLessThan(3000);
  });

  it('are refused when the samples of one are in more chunks than are read', async () => {
    const bytes = riff([format(), ...Array.from({ length: 2000 }, () => data(Buffer.alloc(2)))]);
    const refused = withoutFfmpeg.normalize(await files.write('chunks.wav', bytes));
    await expect(refused).rejects.toMatchObject({ code: 'undecodable-audio', status: 422 });
  });

  it('are looked for in no time, where a file claims to be nothing but their headers', async () => {
    const header = riff([format({ rate: 100 }), data(Buffer.alloc(0), { size: 0xffffffff })]);
    const bytes = Buffer.concat([header, Buffer.alloc(8_000_000, 'RIFFxxxxWAVE\0\0\0\0')]);
    const workedMs = startCpuClock();
    const refused = withoutFfmpeg.normalize(await files.write('headers.wav', bytes));
    await expect(refused).rejects.toMatchObject({ code: 'audio-too-long' });
    expect(workedMs()).toBeLessThan(3000);
  });

  it('are refused when they are of very many kinds', async () => {
    const kinds = Array.from({ length: 70 }, (_, index) =>
      riff([format({ rate: 8000 + index }), data(sine({ seconds: 0.01 }))]),
    );
    const refused = withoutFfmpeg.normalize(await files.write('kinds.wav', Buffer.concat(kinds)));
    await expect(refused).rejects.toMatchObject({ code: 'undecodable-audio', status: 422 });
    await expect(refused).rejects.toThrow('Send them one by one');
  });
});

const CONTAINERS: [string, string[]][] = [
  ['mp3', ['-c:a', 'libmp3lame']],
  ['aac', ['-f', 'adts']],
  ['m4a', ['-c:a', 'aac']],
  ['m4a', ['-c:a', 'aac', '-movflags', '+faststart']],
  ['mp4', ['-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov']],
  ['mp4', ['-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+dash']],
  ['opus', ['-c:a', 'libopus']],
  ['ogg', ['-c:a', 'libvorbis']],
  ['ogg', ['-c:a', 'flac']],
  ['webm', ['-c:a', 'libopus']],
  ['webm', ['-c:a', 'libopus', '-live', '1']],
  ['mka', ['-c:a', 'libvorbis']],
  ['flac', []],
  ['aiff', []],
  ['caf', ['-c:a', 'pcm_s16be']],
  ['w64', []],
  ['au', []],
  ['wma', ['-c:a', 'wmav2']],
  ['ts', ['-c:a', 'aac']],
];

/** Each tone by itself, as a file of this kind. */
async function recordTones(extension: string, args: readonly string[]): Promise<Buffer[]> {
  const recorded: Buffer[] = [];
  for (const hz of TONES) {
    const input = toneInput({ hz, seconds: 1, rate: 48_000, channels: 2 });
    recorded.push(await readFile(await record(files.path(`tone.${extension}`), input, ...args)));
  }
  return recorded;
}

describe('recordings of other formats behind each other', () => {
  it.each(CONTAINERS)('are all heard: %s (%j)', async (extension, args) => {
    const bytes = Buffer.concat(await recordTones(extension, args));
    expectTones(await normalizer.normalize(await files.write(`several.${extension}`, bytes)), 100);
  });

  it('are all heard when they differ in their rate: flac, ogg and mp4', async () => {
    for (const [extension, args] of [
      ['flac', []],
      ['ogg', ['-c:a', 'libvorbis']],
      ['mp4', ['-c:a', 'aac']],
    ] as const) {
      const recorded: Buffer[] = [];
      for (const [index, hz] of TONES.entries()) {
        const input = toneInput({ hz, seconds: 1, rate: 16_000 * (index + 1) });
        recorded.push(await readFile(await record(files.path(`rate.${extension}`), input, ...args)));
      }
      const path = await files.write(`rates.${extension}`, Buffer.concat(recorded));
      expectTones(await normalizer.normalize(path), 100);
    }
  });

  it.each([[], ['-mpegts_m2ts_mode', '1']])(
    'are all heard when their sound has another number: ts (%j %j)',
    async (...args) => {
      const recorded: Buffer[] = [];
      for (const [index, hz] of TONES.entries()) {
        const numbers = ['-mpegts_start_pid', String(0x100 + 16 * index)];
        const input = toneInput({ hz, seconds: 1, rate: 48_000 });
        const path = await record(files.path('numbered.ts'), input, '-c:a', 'aac', ...numbers, ...args);
        recorded.push(await readFile(path));
      }
      const path = await files.write('numbers.ts', Buffer.concat(recorded));
      expectTones(await normalizer.normalize(path), 100);
    },
  );

  it('are all heard with zeros between them, or when one is cut off: mp4', async () => {
    const [one, two, three] = (await recordTones('mp4', ['-c:a', 'aac', '-movflags', '+faststart'])) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const bytes = Buffer.concat([one.subarray(0, -100), Buffer.alloc(1000), two, Buffer.alloc(13), three]);
    expectTones(await normalizer.normalize(await files.write('zeros.mp4', bytes)), 100);
  });

  it('are refused when one of them cannot be decoded', async () => {
    const [one] = await recordTones('m4a', ['-c:a', 'aac']);
    const broken = Buffer.from('\0\0\0\x18ftypM4A \0\0\0\0M4A isom\0\0\0\x10mdat12345678', 'latin1');
    const path = await files.write('broken.m4a', Buffer.concat([one ?? broken, broken]));
    await expect(normalizer.normalize(path)).rejects.toMatchObject({ code: 'undecodable-audio' });
  });

  it('are too long when they are so together', async () => {
    const input = toneInput({ seconds: 11 });
    const one = await readFile(await record(files.path('eleven.flac'), input));
    const path = await files.write('long.flac', Buffer.concat([one, one]));
    await expect(normalizer.normalize(path)).rejects.toMatchObject({ code: 'audio-too-long' });
  });

  it('are refused when they are very many', async () => {
    const one = await readFile(await record(files.path('short.flac'), toneInput({ seconds: 0.1 })));
    const path = await files.write('many.flac', Buffer.concat(Array.from({ length: 65 }, () => one)));
    const refused = normalizer.normalize(path);
    await expect(refused).rejects.toMatchObject({ code: 'undecodable-audio', status: 422 });
    await expect(refused).rejects.toThrow('Send them one by one');
  });
});

describe('AMR behind AMR', () => {
  it('is heard at its whole length', async () => {
    // TS 26.101: a frame of 20 ms is a header byte (frame type, quality bit) and its bits.
    const frame = Buffer.alloc(32, 0x55);
    frame.writeUInt8(0x3c);
    const one = Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: 50 }, () => frame)]);
    const two = await normalizer.normalize(await files.write('two.amr', Buffer.concat([one, one])));
    const alone = await normalizer.normalize(await files.write('one.amr', one));
    expect(two.pcm.equals(Buffer.concat([alone.pcm, alone.pcm]))).toBe(true);
  });
});
