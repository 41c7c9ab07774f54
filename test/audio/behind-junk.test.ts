/** Recordings that do not begin with their first byte: joined in the middle, behind junk, or behind tags. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer, type NormalizedAudio } from '../../src/audio/normalize.js';
import { countedFfmpeg } from '../support/audio/processes.js';
import {
  data,
  format,
  levelAt,
  record,
  riff,
  run,
  sine,
  toneInput,
  workshop,
} from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

function expectTone({ pcm, durationMs }: NormalizedAudio, toleranceMs = 130): void {
  expect(Math.abs(durationMs - 2000)).toBeLessThanOrEqual(toleranceMs);
  expect(Math.abs(levelAt(pcm, 440) + 6)).toBeLessThan(1);
}

/** ID3v2.4: a size in groups of 7 bits. */
function id3v2(size: number): Buffer {
  const tag = Buffer.alloc(10 + size);
  tag.write('ID3\x04\0\0', 'latin1');
  [21, 14, 7, 0].forEach((shift, index) => tag.writeUInt8((size >> shift) & 0x7f, 6 + index));
  return tag;
}

/** APEv2 with a header, as it stands at the start of a file; the size counts the footer. */
function apev2(size: number): Buffer {
  const part = (isHeader: boolean): Buffer => {
    const bytes = Buffer.alloc(32);
    bytes.write('APETAGEX', 'latin1');
    bytes.writeUInt32LE(2000, 8);
    bytes.writeUInt32LE(size + 32, 12);
    bytes.writeUInt32LE(1, 16);
    bytes.writeUInt32LE(isHeader ? 0xa0000000 : 0x80000000, 20);
    return bytes;
  };
  return Buffer.concat([part(true), Buffer.alloc(size, 'x'), part(false)]);
}

const id3v1 = Buffer.alloc(128);
id3v1.write('TAGA title', 'latin1');

const BEFORE: [string, Buffer][] = [
  ['417 bytes of junk', randomBytes(417)],
  ['60 000 bytes of junk', randomBytes(60_000)],
  ['100 000 bytes of junk', randomBytes(100_000)],
  ['16 kB of zeros', Buffer.alloc(16_384)],
  ['64 kB of zeros', Buffer.alloc(65_536)],
  ['an answer of HTTP', Buffer.from('HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n')],
  ['an APE tag', apev2(5000)],
  ['an APE tag with a picture', apev2(200_000)],
  ['an ID3v1 tag', id3v1],
  ['an ID3v2 tag', id3v2(300)],
  ['an ID3v2 tag and 20 kB of zeros', Buffer.concat([id3v2(300), Buffer.alloc(20_000)])],
  ['an ID3v2, an APE and an ID3v1 tag', Buffer.concat([id3v2(300), apev2(300), id3v1])],
];

const FRAMES: [string, string[]][] = [
  ['mp3', ['-c:a', 'libmp3lame', '-id3v2_version', '0', '-write_xing', '0']],
  ['mp3', ['-c:a', 'libmp3lame', '-id3v2_version', '0', '-write_xing', '0', '-ar', '22050']],
  ['mp2', ['-c:a', 'mp2']],
  ['aac', ['-f', 'adts']],
];

describe.each(FRAMES)('%s (%j)', (extension, args) => {
  let bytes: Buffer;
  beforeAll(async () => {
    bytes = await readFile(await record(files.path(`bare.${extension}`), toneInput(), ...args));
  });

  it.each(BEFORE)('is heard behind %s', async (_what, before) => {
    const path = await files.write(`behind.${extension}`, Buffer.concat([before, bytes]));
    expectTone(await normalizer.normalize(path));
  });

  it.each([1, 50, 101, 300])('is heard when it begins %i bytes inside a frame', async (offset) => {
    expectTone(await normalizer.normalize(await files.write(`inside.${extension}`, bytes.subarray(offset))));
  });
});

describe('a tag before another container', () => {
  it.each([
    ['flac', []],
    ['aiff', []],
    ['caf', ['-c:a', 'pcm_s16be']],
    ['w64', []],
    ['au', []],
    ['opus', ['-c:a', 'libopus']],
    ['webm', ['-c:a', 'libopus']],
    ['m4a', ['-c:a', 'aac']],
    ['m4a', ['-c:a', 'aac', '-movflags', '+faststart']],
    ['mp4', ['-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov']],
    ['wma', ['-c:a', 'wmav2']],
    ['wav', ['-c:a', 'pcm_f32le']],
    ['wav', ['-c:a', 'adpcm_ms']],
    ['ts', ['-c:a', 'aac']],
  ])('is stepped over: %s (%j)', async (extension, args) => {
    const bytes = await readFile(await record(files.path(`plain.${extension}`), toneInput(), ...args));
    for (const tag of [id3v2(300), id3v2(100_000), apev2(300)]) {
      const path = await files.write(`tagged.${extension}`, Buffer.concat([tag, bytes]));
      expectTone(await normalizer.normalize(path));
    }
  });

  const samples = sine({ seconds: 0.5 });
  const withoutFfmpeg = new AudioNormalizer({
    ffmpegPath: '/nonexistent',
    concurrency: 1,
    timeoutMs: 1000,
    maxSeconds: 60,
  });

  it.each([
    ['RIFF', riff([format(), data(samples)])],
    ['RIFF of sizes never filled in', riff([format(), data(samples, { size: 0 })], { size: 0 })],
    ['RF64', rf64(samples, samples.length)],
  ])('is stepped over, and the samples taken bit for bit: %s', async (_which, bytes) => {
    for (const tag of [id3v2(301), id3v2(100_000), apev2(300)]) {
      const tagged = Buffer.concat([tag, bytes]);
      const { pcm } = await withoutFfmpeg.normalize(await files.write('tagged.wav', tagged));
      expect(pcm.equals(samples)).toBe(true);
      expect((await withoutFfmpeg.normalize(tagged)).pcm.equals(samples)).toBe(true);
    }
  });

  it('is stepped over: RIFX', async () => {
    const bytes = riff([format({ bigEndian: true }), data(sine({ seconds: 2 }).swap16())], {
      id: 'RIFX',
      bigEndian: true,
    });
    const path = await files.write('tagged.wav', Buffer.concat([id3v2(300), bytes]));
    expectTone(await normalizer.normalize(path), 1);
  });
});

function rf64(samples: Buffer, claimed: number): Buffer {
  const ds64 = Buffer.alloc(28);
  ds64.writeBigUInt64LE(BigInt(claimed), 8);
  const chunks = [{ id: 'ds64', body: ds64 }, format(), data(samples, { size: 0xffffffff })];
  return riff(chunks, { id: 'RF64', size: 0xffffffff });
}

const NO_RECORDINGS: [string, () => Promise<Buffer>][] = [
  ['noise', () => Promise.resolve(randomBytes(300_000))],
  ['text in UTF-16', () => Promise.resolve(Buffer.from('\ufeffhello, 你好 '.repeat(9000), 'utf16le'))],
  [
    'text with a G every 188 bytes',
    () => Promise.resolve(Buffer.from(`G${'A'.repeat(186)}\n`.repeat(1000), 'latin1')),
  ],
  ['bytes of ones', () => Promise.resolve(Buffer.alloc(300_000, 0xff))],
  ['a JPEG', () => picture('jpg')],
  ['a PNG', () => picture('png')],
  ['a BMP', () => picture('bmp')],
  ['a TIFF', () => picture('tiff')],
  ['a GIF', () => picture('gif')],
  ['an ELF program', () => readFile(process.execPath).then((bytes) => bytes.subarray(0, 2_000_000))],
  ['samples without a header', () => Promise.resolve(sine({ seconds: 5, amplitude: 0.9 }))],
  ['quiet samples without a header', () => Promise.resolve(sine({ seconds: 5, amplitude: 0.001 }))],
];

async function picture(extension: string): Promise<Buffer> {
  const path = files.path(`picture.${extension}`);
  const noise = ['-f', 'lavfi', '-i', 'color=white:size=320x240,noise=alls=40:allf=t'];
  await run('ffmpeg', '-v', 'error', '-y', ...noise, '-frames:v', '1', path);
  return await readFile(path);
}

describe('other content stays rejected, without starting ffmpeg', () => {
  it.each(NO_RECORDINGS)('%s', async (_what, make) => {
    const log = await files.write('starts.log', '');
    const ffmpegPath = await files.write('ffmpeg', countedFfmpeg(log));
    const counted = new AudioNormalizer({ ffmpegPath, concurrency: 1, timeoutMs: 10_000, maxSeconds: 60 });
    const bytes = await make();
    for (const offset of [0, 1, 4, 17, 300]) {
      // Behind a short tag that may be text, too.
      for (const before of [Buffer.alloc(0), Buffer.alloc(offset), id3v1]) {
        const path = await files.write('nothing', Buffer.concat([before, bytes]));
        await expect(counted.normalize(path)).rejects.toMatchObject({ status: 415 });
      }
    }
    expect(await readFile(log, 'utf8')).toBe('');
  });

  it('a ZIP that holds an MP3', async () => {
    const mp3 = await readFile(await record(files.path('zipped.mp3'), toneInput()));
    const zip = Buffer.concat([Buffer.from('PK\x03\x04\x0a\0\0\0\0\0', 'latin1'), mp3]);
    await expect(normalizer.normalize(await files.write('x.zip', zip))).rejects.toMatchObject({
      status: 415,
    });
  });
});
