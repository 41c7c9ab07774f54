/** A voice that two channels hold in opposite phase cancels itself in a mix; it must be heard all the same. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { data, format, level, levelAt, record, riff, workshop } from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

/** ffmpeg's input options for channels of these expressions of `t`. */
function channelsOf(expressions: string[], options: { rate?: number; layout?: string } = {}): string[] {
  const { rate = 48_000, layout } = options;
  const name = layout === undefined ? '' : `:c=${layout}`;
  return ['-f', 'lavfi', '-i', `aevalsrc='${expressions.join('|')}':s=${rate}:d=2${name}`];
}

const TONE = '0.5*sin(2*PI*440*t)';
const REVERSED = `-${TONE}`;

async function heard(input: string[], name: string, ...args: string[]): Promise<Buffer> {
  return (await normalizer.normalize(await record(files.path(name), input, ...args))).pcm;
}

describe('opposite phase is heard as loud as the loudest channel', () => {
  it.each([2, 3, 4, 5, 6, 8, 16])('in the first two of %i channels of a WAV', async (channels) => {
    const samples = Buffer.alloc(48_000 * channels * 2);
    for (let frame = 0; frame < 48_000; frame += 1) {
      const value = Math.round(16_384 * Math.sin((2 * Math.PI * 440 * frame) / 24_000));
      samples.writeInt16LE(value, frame * channels * 2);
      samples.writeInt16LE(-value, frame * channels * 2 + 2);
    }
    const path = await files.write('reversed.wav', riff([format({ channels }), data(samples)]));
    expect(levelAt((await normalizer.normalize(path)).pcm, 440)).toBeCloseTo(-6, 0);
  });

  it.each([
    ['mp3', []],
    ['mp3', ['-joint_stereo', '0']],
    ['m4a', []],
    ['aac', ['-f', 'adts']],
    ['opus', ['-c:a', 'libopus']],
    ['ogg', ['-c:a', 'libvorbis']],
    ['webm', ['-c:a', 'libopus']],
    ['mka', ['-c:a', 'flac']],
    ['flac', []],
    ['aiff', []],
    ['au', []],
    ['w64', []],
    ['caf', []],
    ['wav', ['-c:a', 'pcm_u8']],
    ['wav', ['-c:a', 'pcm_s24le']],
    ['wav', ['-c:a', 'pcm_s32le']],
    ['wav', ['-c:a', 'pcm_f32le']],
    ['wav', ['-c:a', 'pcm_f64le']],
    ['wav', ['-c:a', 'pcm_alaw']],
    ['wav', ['-c:a', 'pcm_mulaw']],
    ['wav', ['-c:a', 'adpcm_ms']],
  ])('in %s (%j)', async (extension, args) => {
    const pcm = await heard(channelsOf([TONE, REVERSED]), `reversed.${extension}`, ...args);
    expect(Math.abs(levelAt(pcm, 440) + 6)).toBeLessThan(1);
  });

  it.each(['flac', 'm4a', 'opus'])('in the two fronts of 5.1, as %s', async (extension) => {
    const input = channelsOf([TONE, REVERSED, '0', '0', '0', '0'], { layout: '5.1' });
    expect(levelAt(await heard(input, `surround.${extension}`), 440)).toBeCloseTo(-6, 0);
  });

  it.each(['wav', 'flac'])(
    'where one channel is a little fainter than the other, as %s',
    async (extension) => {
      const pcm = await heard(channelsOf([`0.97*${REVERSED}`, TONE]), `fainter.${extension}`);
      expect(levelAt(pcm, 440)).toBeCloseTo(-6, 0);
    },
  );

  it.each(['wav', 'flac'])('under an offset and a hum that the mix keeps, as %s', async (extension) => {
    const under = '0.2+0.2*sin(2*PI*50*t)';
    const pcm = await heard(
      channelsOf([`${under}+0.3*sin(2*PI*1000*t)`, `${under}-0.3*sin(2*PI*1000*t)`]),
      `hum.${extension}`,
    );
    expect(levelAt(pcm, 1000)).toBeCloseTo(-10.5, 0);
  });

  it.each(['wav', 'flac'])('where it is so in places only, without a click, as %s', async (extension) => {
    const sign = 'if(gt(mod(t,1),0.5),-1,1)';
    const pcm = await heard(channelsOf([TONE, `${sign}*${TONE}`]), `places.${extension}`);
    expect(Math.abs(levelAt(pcm, 440) + 6)).toBeLessThan(1);
    let steepest = 0;
    for (let at = 2; at < pcm.length; at += 2)
      steepest = Math.max(steepest, Math.abs(pcm.readInt16LE(at) - pcm.readInt16LE(at - 2)));
    // Half of full scale at 440 Hz changes by 1 890 from one sample to the next at most.
    expect(steepest).toBeLessThan(2_300);
  });
});

describe('what does not cancel is mixed as it always was', () => {
  it.each(['wav', 'flac', 'm4a'])('equal channels keep their level, as %s', async (extension) => {
    expect(levelAt(await heard(channelsOf([TONE, TONE]), `equal.${extension}`), 440)).toBeCloseTo(-6, 0);
  });

  it.each(['wav', 'flac', 'm4a'])('a channel beside a silent one is halved, as %s', async (extension) => {
    expect(levelAt(await heard(channelsOf(['0', TONE]), `lone.${extension}`), 440)).toBeCloseTo(-12, 0);
  });

  it.each(['wav', 'flac'])('different voices in two channels are both heard, as %s', async (extension) => {
    const pcm = await heard(channelsOf([TONE, '0.5*sin(2*PI*1300*t)']), `two.${extension}`);
    expect(levelAt(pcm, 440)).toBeCloseTo(-12, 0);
    expect(levelAt(pcm, 1300)).toBeCloseTo(-12, 0);
  });

  // Of weights 1 (centre, subwoofer), √½ (fronts) and ½ (surrounds), their sum made 1.
  it.each([
    [0, -15.9],
    [1, -15.9],
    [2, -12.9],
    [3, -12.9],
    [4, -18.9],
    [5, -18.9],
  ])('channel %i of 5.1 alone has its weight, %f dB', async (alone, weight) => {
    const input = channelsOf(
      Array.from({ length: 6 }, (_, channel) => (channel === alone ? TONE : '0')),
      { layout: '5.1' },
    );
    for (const extension of ['wav', 'flac']) {
      const pcm = await heard(input, `alone.${extension}`);
      expect(levelAt(pcm, 440)).toBeCloseTo(-6 + weight, 0);
      expect(level(pcm)).toBeCloseTo(levelAt(pcm, 440), 1);
    }
  });
});
