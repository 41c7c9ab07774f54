/** WAV in every other shape people have: decoded by ffmpeg, at the right length, pitch and level. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer, type NormalizedAudio } from '../../src/audio/normalize.js';
import {
  extensibleFormat,
  format,
  data,
  level,
  levelAt,
  LIST,
  record,
  riff,
  sine,
  toneInput,
  workshop,
} from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

/** Half of full scale, as recorded, is -6 dB; everything that sounds is that tone. */
function expectTone({ pcm, durationMs }: NormalizedAudio, seconds: number): void {
  expect(Math.abs(durationMs - seconds * 1000)).toBeLessThanOrEqual(2);
  expect(levelAt(pcm, 440)).toBeCloseTo(-6, 0);
  expect(level(pcm)).toBeCloseTo(levelAt(pcm, 440), 1);
}

describe('a WAV keeps its length, pitch and level', () => {
  it.each([8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])(
    'at %i Hz',
    async (rate) => {
      const path = await record(files.path(`${rate}.wav`), toneInput({ rate }));
      expectTone(await normalizer.normalize(path), 2);
    },
  );

  it.each([
    'pcm_u8',
    'pcm_s16le',
    'pcm_s24le',
    'pcm_s32le',
    'pcm_f32le',
    'pcm_f64le',
    'pcm_mulaw',
    'pcm_alaw',
    'adpcm_ms',
    'adpcm_ima_wav',
  ])('as %s', async (codec) => {
    const path = await record(files.path(`${codec}.wav`), toneInput({ rate: 48_000 }), '-c:a', codec);
    const heard = await normalizer.normalize(path);
    if (codec.startsWith('adpcm')) {
      // It fills its last block up, and is coarse.
      expect(Math.abs(heard.durationMs - 2000)).toBeLessThanOrEqual(50);
      expect(levelAt(heard.pcm, 440)).toBeCloseTo(-6, 0);
    } else {
      expectTone(heard, 2);
    }
  });

  it.each([
    ['8-bit at 24 kHz', ['-ar', '24000', '-c:a', 'pcm_u8']],
    ['24-bit at 24 kHz', ['-ar', '24000', '-c:a', 'pcm_s24le']],
    ['stereo at 24 kHz', ['-ar', '24000', '-ac', '2']],
  ])('in %s', async (_shape, args) => {
    const path = await record(files.path('near.wav'), toneInput({ channels: 2 }), ...args);
    expectTone(await normalizer.normalize(path), 2);
  });

  it.each([
    [
      'RIFX, all of it big-endian',
      () => {
        const samples = sine({ seconds: 2 }).swap16();
        return riff([format({ bigEndian: true }), data(samples)], { id: 'RIFX', bigEndian: true });
      },
    ],
    [
      'extensible',
      () => riff([extensibleFormat({ rate: 48_000 }), data(sine({ seconds: 2, rate: 48_000 }))]),
    ],
    [
      'chunks around the samples',
      () => riff([LIST, format({ rate: 16_000 }), LIST, data(sine({ seconds: 2, rate: 16_000 })), LIST]),
    ],
    [
      'samples in two chunks',
      () => {
        const samples = sine({ seconds: 2, rate: 16_000 });
        return riff([
          format({ rate: 16_000 }),
          data(samples.subarray(0, 32_000)),
          LIST,
          data(samples.subarray(32_000)),
        ]);
      },
    ],
    [
      'a size that claims more than is there',
      () => riff([format({ rate: 16_000 }), data(sine({ seconds: 2, rate: 16_000 }), { size: 1e9 })]),
    ],
    [
      'sizes unknown to the writer',
      () =>
        riff([format({ rate: 16_000 }), data(sine({ seconds: 2, rate: 16_000 }), { size: 0xffffffff })], {
          size: 0xffffffff,
        }),
    ],
    [
      'sizes never filled in',
      () =>
        riff([format({ rate: 16_000 }), data(sine({ seconds: 2, rate: 16_000 }), { size: 0 })], { size: 0 }),
    ],
    [
      'sizes never filled in but that of the file, big-endian',
      () => {
        const samples = data(sine({ seconds: 2 }).swap16(), { size: 0 });
        return riff([format({ bigEndian: true }), samples], { id: 'RIFX', bigEndian: true });
      },
    ],
    [
      'no size of the samples and a right one of the file',
      () => riff([format({ rate: 16_000 }), data(sine({ seconds: 2, rate: 16_000 }), { size: 0 })]),
    ],
  ])('with %s', async (_shape, bytes) => {
    expectTone(await normalizer.normalize(await files.write('shape.wav', bytes())), 2);
  });

  it('when floating-point samples go beyond full scale, which is clipped', async () => {
    const loud = ['-f', 'lavfi', '-i', 'aevalsrc=4*sin(2*PI*440*t):s=48000:d=2'];
    const { pcm } = await normalizer.normalize(
      await record(files.path('loud.wav'), loud, '-c:a', 'pcm_f32le'),
    );
    expect(levelAt(pcm, 440)).toBeGreaterThan(0);
    expect(pcm.length).toBe(96_000);
  });
});
