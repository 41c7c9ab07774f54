/** Every other format we take: made by ffmpeg, decoded by ours, compared by length, pitch and level. */
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AUDIO_FORMATS } from '../../src/audio/containers/formats.js';
import { AudioNormalizer, type NormalizedAudio } from '../../src/audio/normalize.js';
import { levelAt, record, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

/** Codecs begin or end with a frame of their own (up to 50 ms) and are not exact. */
function expectTone({ pcm, durationMs }: NormalizedAudio, seconds = 2): void {
  expect(Math.abs(durationMs - seconds * 1000)).toBeLessThanOrEqual(70);
  expect(Math.abs(levelAt(pcm, 440) + 6)).toBeLessThan(1);
  expect(levelAt(pcm, 1700)).toBeLessThan(-50);
}

const FORMATS: [string, string[]][] = [
  ['mp3', ['-c:a', 'libmp3lame']],
  ['mp3', ['-c:a', 'libmp3lame', '-id3v2_version', '0', '-write_xing', '0']],
  ['mp3', ['-c:a', 'libmp3lame', '-ar', '8000', '-b:a', '8k']],
  ['mp3', ['-c:a', 'libmp3lame', '-ar', '22050', '-b:a', '32k', '-id3v2_version', '0', '-write_xing', '0']],
  ['mp2', ['-c:a', 'mp2']],
  ['aac', ['-f', 'adts']],
  ['m4a', ['-c:a', 'aac']],
  ['m4a', ['-c:a', 'aac', '-movflags', '+faststart']],
  ['m4a', ['-c:a', 'alac']],
  ['mp4', ['-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov']],
  ['mov', ['-c:a', 'pcm_s16be']],
  ['ogg', ['-c:a', 'libvorbis']],
  ['ogg', ['-c:a', 'flac']],
  ['opus', ['-c:a', 'libopus']],
  ['opus', ['-c:a', 'libopus', '-b:a', '24k', '-application', 'voip']],
  ['webm', ['-c:a', 'libopus']],
  ['webm', ['-c:a', 'libopus', '-live', '1']],
  ['mka', ['-c:a', 'libvorbis']],
  ['mkv', ['-c:a', 'aac']],
  ['flac', []],
  ['flac', ['-sample_fmt', 's32', '-ar', '96000']],
  ['aiff', []],
  ['aifc', ['-f', 'aiff', '-c:a', 'pcm_f32be']],
  ['caf', ['-c:a', 'pcm_s16be']],
  ['w64', []],
  ['au', []],
  ['au', ['-c:a', 'pcm_mulaw', '-ar', '8000']],
  ['wma', ['-c:a', 'wmav1']],
  ['wma', ['-c:a', 'wmav2']],
  ['wmv', ['-c:a', 'wmav2', '-f', 'asf']],
  ['ts', ['-c:a', 'aac']],
  ['ts', ['-c:a', 'libmp3lame']],
  ['ts', ['-c:a', 'ac3', '-mpegts_m2ts_mode', '1']],
  ['ts', ['-c:a', 'libopus', '-mpegts_flags', '+latm']],
];

describe('a recording keeps its length, pitch and level', () => {
  it.each(FORMATS)('as %s (%j)', async (extension, args) => {
    const path = await record(
      files.path(`recording.${extension}`),
      toneInput({ rate: 48_000, channels: 2 }),
      ...args,
    );
    expectTone(await normalizer.normalize(path));
  });

  it('as mp3 behind a tag with a cover picture', async () => {
    const path = files.path('cover.mp3');
    const cover = ['-f', 'lavfi', '-i', 'testsrc=size=640x480:rate=1:d=1'];
    await record(
      path,
      [...toneInput(), ...cover],
      '-map',
      '0',
      '-map',
      '1',
      '-c:v',
      'png',
      '-frames:v',
      '1',
      '-id3v2_version',
      '3',
    );
    expectTone(await normalizer.normalize(path));
  });

  it.each(['mp3', 'aac', 'flac'])('as %s behind an ID3 tag, whatever its size', async (extension) => {
    const bare = await record(
      files.path(`bare.${extension}`),
      toneInput(),
      '-id3v2_version',
      '0',
      '-write_xing',
      '0',
    ).catch(() => record(files.path(`bare.${extension}`), toneInput()));
    // 16 frames of comments and a long padding: 300 000 bytes, in 7-bit groups.
    const size = 300_000;
    const tag = Buffer.alloc(10 + size);
    tag.write('ID3\x04\0\0', 'latin1');
    [21, 14, 7, 0].forEach((shift, index) => tag.writeUInt8((size >> shift) & 0x7f, 6 + index));
    const path = await files.write(`tagged.${extension}`, Buffer.concat([tag, await readFile(bare)]));
    expectTone(await normalizer.normalize(path));
  });

  it('as the sound of a film', async () => {
    const path = files.path('film.webm');
    const picture = ['-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10:d=2'];
    await record(path, [...picture, ...toneInput()], '-c:v', 'libvpx', '-c:a', 'libopus');
    expectTone(await normalizer.normalize(path));
  });

  it('from the first of several audio streams', async () => {
    const path = files.path('two.mka');
    const other = toneInput({ hz: 1700, channels: 2 });
    await record(path, [...toneInput(), ...other], '-map', '0', '-map', '1', '-c:a', 'flac');
    expectTone(await normalizer.normalize(path));
  });

  it('when its timestamps have a pause of five minutes in them', async () => {
    const path = files.path('paused.mka');
    await record(
      path,
      toneInput({ seconds: 6 }),
      '-af',
      "asetpts='PTS+if(gt(T,3),300/TB,0)'",
      '-c:a',
      'libopus',
    );
    expectTone(await normalizer.normalize(path), 6);
  });

  it('whatever the file is called', async () => {
    for (const name of ['-i.mp3', 'http:x.m3u8', '%03d.png', 'a b\'"$(x).txt', 'concat:a|b', 'ünïcode ☃']) {
      const path = await record(files.path('plain.flac'), toneInput());
      expectTone(await normalizer.normalize(await files.write(name, await readFile(path))));
    }
  });
});

it('every format that the service says it takes is tried here', () => {
  const tried = new Set([...FORMATS.map(([extension]) => extension), 'wav', 'amr']);
  expect(AUDIO_FORMATS.filter((format) => !tried.has(format))).toEqual([]);
});

describe('AMR', () => {
  it.each([
    // TS 26.101 and 26.201: a frame of 20 ms is a header byte (frame type, quality bit) and its bits.
    ['narrowband, 12.2 kbit/s', '#!AMR\n', 0x3c, 31],
    ['wideband, 23.85 kbit/s', '#!AMR-WB\n', 0x44, 60],
  ])('%s is decoded, 20 ms a frame', async (_name, magic, header, size) => {
    const frame = Buffer.alloc(1 + size, 0x55);
    frame.writeUInt8(header);
    const path = await files.write(
      'voice.amr',
      Buffer.concat([Buffer.from(magic), ...Array.from({ length: 100 }, () => frame)]),
    );
    const { durationMs } = await normalizer.normalize(path);
    expect(Math.abs(durationMs - 2000)).toBeLessThanOrEqual(20);
  });
});
