/** To one channel and 24 kHz: nothing lost, nothing clipped, nothing folded down from above. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import {
  data,
  format,
  level,
  levelAt,
  peak,
  record,
  riff,
  toneInput,
  workshop,
} from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

/** A 16 kHz WAV of `channels`, with a 440 Hz sine of full scale in the channels that `sounds` picks. */
async function multichannel(channels: number, sounds: (channel: number) => boolean): Promise<string> {
  const frames = 16_000;
  const samples = Buffer.alloc(frames * channels * 2);
  for (let frame = 0; frame < frames; frame += 1) {
    const value = Math.round(32_767 * Math.sin((2 * Math.PI * 440 * frame) / 16_000));
    for (let channel = 0; channel < channels; channel += 1) {
      if (sounds(channel)) samples.writeInt16LE(value, (frame * channels + channel) * 2);
    }
  }
  return files.write('channels.wav', riff([format({ channels, rate: 16_000 }), data(samples)]));
}

const places = [2, 3, 4, 5, 6, 7, 8, 9, 10, 16].flatMap((channels) =>
  Array.from({ length: channels }, (_, channel): [number, number] => [channel + 1, channels]),
);

describe('mixing down', () => {
  it.each(places)('keeps what only channel %i of %i has', async (channel, channels) => {
    const path = await multichannel(channels, (index) => index === channel - 1);
    const { pcm } = await normalizer.normalize(path);
    // An equal share of what a listener would still hear, 16 dB below it at the least.
    expect(levelAt(pcm, 440)).toBeGreaterThan(20 * Math.log10(1 / channels) - 8);
    expect(level(pcm)).toBeCloseTo(levelAt(pcm, 440), 0);
  });

  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 16])(
    'does not clip when all of %i channels are loud',
    async (channels) => {
      const { pcm } = await normalizer.normalize(await multichannel(channels, () => true));
      expect(peak(pcm)).toBeLessThanOrEqual(32_767);
      // A clipped sine has a third harmonic.
      expect(levelAt(pcm, 1320)).toBeLessThan(-55);
      expect(levelAt(pcm, 440)).toBeGreaterThan(-1);
    },
  );
});

describe('resampling', () => {
  it.each([48_000, 44_100, 96_000])(
    'removes 15 kHz from a recording at %i Hz, which would come back as 9 kHz',
    async (rate) => {
      const path = await record(files.path('high.wav'), toneInput({ hz: 15_000, rate }));
      const { pcm } = await normalizer.normalize(path);
      expect(levelAt(pcm, 9000)).toBeLessThan(-75);
      expect(level(pcm)).toBeLessThan(-70);
    },
  );

  it.each([100, 1000, 4000, 8000, 10_000])('keeps the level of %i Hz within half a decibel', async (hz) => {
    const path = await record(files.path('heard.wav'), toneInput({ hz, rate: 48_000 }));
    const { pcm } = await normalizer.normalize(path);
    expect(Math.abs(levelAt(pcm, hz) + 6)).toBeLessThan(0.5);
  });
});
