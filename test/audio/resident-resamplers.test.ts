/** Resident resamplers: the samples of a decode of that recording alone, whatever went through the process before. */
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/audio/ffmpeg/sandbox.js';
import { cutPieces } from '../../src/audio/ffmpeg/pieces.js';
import { RateRatio } from '../../src/audio/ffmpeg/rate-ratio.js';
import { ResidentResampler } from '../../src/audio/ffmpeg/resident-resampler.js';
import { noise, randomNumbers } from '../support/audio/noise.js';
import {
  data,
  extensibleFormat,
  format,
  LIST,
  record,
  riff,
  sine,
  toneInput,
  workshop,
  type Chunk,
} from '../support/audio/recordings.js';
import { Residents } from '../support/audio/residents.js';

const files = workshop();
const RATES = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];
const residents = new Residents(files);

describe('a resident resampler gives, bit for bit, what a decode of the recording alone gives', () => {
  it.each(RATES)('at %i Hz, in any number of channels, and of any length', async (rate) => {
    const normalizer = await residents.normalizer();
    const random = randomNumbers(rate);
    for (const channels of [2, 2, 2, 1, 1, 6, 9]) {
      if (rate === 24_000 && channels === 1) continue;
      const frames = 300 + Math.floor(random() * rate * 0.6);
      const samples = data(noise(frames * channels * 2, frames));
      const path = await files.write('any.wav', riff([format({ rate, channels }), samples]));
      await residents.expectSameAsAlone(normalizer, path);
    }
    // One process for each number of channels did it all.
    expect(residents.notes.lines()).toHaveLength(residents.lines().length);
    expect(residents.lines()).toHaveLength(rate === 24_000 ? 3 : 4);
    await normalizer.close();
  });

  it.each([
    ...['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le', 'pcm_mulaw', 'pcm_alaw'],
  ])('as %s', async (codec) => {
    const normalizer = await residents.normalizer();
    for (const [rate, channels] of [
      [44_100, 2],
      [11_025, 1],
    ] as const) {
      const path = files.path(`${codec}.wav`);
      await record(path, toneInput({ rate, channels, seconds: 1 }), '-c:a', codec);
      await residents.expectSameAsAlone(normalizer, path);
      await residents.expectSameAsAlone(normalizer, path);
    }
    expect(residents.notes.lines()).toHaveLength(2);
    expect(residents.lines()).toHaveLength(2);
    await normalizer.close();
  });

  it.each([16, 24, 32, 64])('big-endian, in %i bits', async (bits) => {
    const normalizer = await residents.normalizer();
    const tag = bits === 64 ? 3 : 1;
    const samples = Buffer.from(sine({ rate: 44_100 }));
    const bytes = Buffer.alloc((samples.length / 2) * (bits / 8));
    for (let at = 0; at < samples.length / 2; at += 1) {
      const value = samples.readInt16LE(at * 2);
      if (tag === 3) bytes.writeDoubleBE(value / 32_768, at * 8);
      else bytes.writeInt16BE(value, at * (bits / 8));
    }
    const options = { rate: 44_100, bits, tag, bigEndian: true };
    const file = riff([format(options), data(bytes)], { id: 'RIFX', bigEndian: true });
    await residents.expectSameAsAlone(normalizer, await files.write('big.wav', file));
    expect(residents.lines()).toHaveLength(1);
    await normalizer.close();
  });

  const speech = sine({ rate: 16_000 });
  it.each<[string, Chunk[]]>([
    ['and nothing after them', [LIST, format({ rate: 16_000 }), data(speech)]],
    ['and chunks after them', [format({ rate: 16_000 }), data(speech), LIST]],
    ['in two chunks', [format({ rate: 16_000 }), data(speech), LIST, data(speech)]],
    ['that end with half of one', [format({ rate: 16_000 }), data(speech.subarray(1), { padded: false })]],
    ['behind a picture', [format({ rate: 16_000 }), { id: 'pict', body: speech }, data(speech)]],
    ['of the extensible format', [extensibleFormat({ rate: 48_000, channels: 2, mask: 3 }), data(speech)]],
  ])('of samples %s', async (_how, chunks) => {
    const normalizer = await residents.normalizer();
    await residents.expectSameAsAlone(normalizer, await files.write('shape.wav', riff(chunks)));
    expect(residents.lines()).toHaveLength(1);
    await normalizer.close();
  });

  it('where the channels are in opposite phase, and the loudest of them replaces the mix', async () => {
    const normalizer = await residents.normalizer();
    const samples = Buffer.alloc(44_100 * 4);
    for (let frame = 0; frame < 44_100; frame += 1) {
      const value = Math.round(16_384 * Math.sin((2 * Math.PI * 440 * frame) / 44_100));
      samples.writeInt16LE(value, frame * 4);
      samples.writeInt16LE(-value, frame * 4 + 2);
    }
    const path = await files.write('phase.wav', riff([format({ rate: 44_100, channels: 2 }), data(samples)]));
    await residents.expectSameAsAlone(normalizer, path);
    expect(residents.lines()[0]).toContain('-ar 44100 -ac 1');
    await normalizer.close();
  });

  it.each([
    ['aiff', 'pcm_s16be', 2],
    ['aiff', 'pcm_s24be', 2],
    ['aiff', 'pcm_s32be', 1],
    ['aiff', 'pcm_f32be', 2],
    ['aiff', 'pcm_f64be', 1],
    ['aiff', 'pcm_s16le', 2],
    ['caf', 'pcm_s16be', 2],
    ['caf', 'pcm_s16le', 2],
    ['caf', 'pcm_s24le', 1],
    ['caf', 'pcm_s24be', 2],
    ['caf', 'pcm_s32le', 2],
    ['caf', 'pcm_f32le', 1],
    ['caf', 'pcm_f64be', 2],
    ['w64', 'pcm_s16le', 2],
    ['w64', 'pcm_s24le', 1],
    ['wav', 'pcm_s16le', 2],
  ])('of %s (%s, %i channels) as of the same samples in WAV', async (extension, codec, channels) => {
    const normalizer = await residents.normalizer();
    const input = toneInput({ rate: 44_100, channels, seconds: 1.3 });
    const path = await record(files.path(`bare.${extension}`), input, '-c:a', codec, '-rf64', 'always').catch(
      () => record(files.path(`bare.${extension}`), input, '-c:a', codec),
    );
    const wav = await record(files.path('same.wav'), input, '-c:a', codec.replace('be', 'le'));
    const [bare, same] = [await normalizer.normalize(path), await residents.decodeAlone(wav)];
    expect(bare.durationMs).toBe(1300);
    expect(bare.pcm.equals(same.pcm)).toBe(true);
    expect(residents.notes.lines()).toHaveLength(1);
    expect(residents.lines()).toHaveLength(1);
    await normalizer.close();
  });

  it.each([
    ['aiff', 'pcm_s8', 2],
    ['aiff', 'pcm_mulaw', 1],
    ['caf', 'pcm_alaw', 1],
    ['caf', 'adpcm_ima_qt', 1],
    ['aiff', 'pcm_s16be', 6],
  ])('is not used for %s (%s, %i channels), which only ffmpeg reads', async (extension, codec, channels) => {
    const normalizer = await residents.normalizer();
    const input = toneInput({ rate: 44_100, channels, seconds: 1 });
    const path = await record(files.path(`other.${extension}`), input, '-c:a', codec);
    expect((await normalizer.normalize(path)).durationMs).toBeGreaterThan(950);
    expect(residents.lines()).toEqual([]);
    await normalizer.close();
  });

  it('of a long recording, which goes through in pieces', async () => {
    const normalizer = await residents.normalizer();
    const options = { rate: 44_100, channels: 2 };
    const path = await files.write('long.wav', riff([format(options), data(noise(9_000_004))]));
    await residents.expectSameAsAlone(normalizer, path);
    expect(residents.lines()).toHaveLength(1);
    await normalizer.close();
  });

  it.each([
    ['a few samples', 44_100, 100],
    ['a rate like no other', 44_099, 44_099],
  ])('of %s, which a process of its own decodes', async (_what, rate, frames) => {
    const normalizer = await residents.normalizer();
    await residents.expectSameAsAlone(
      normalizer,
      await files.write('odd.wav', riff([format({ rate }), data(noise(frames * 2))])),
    );
    expect(residents.lines()).toEqual([]);
    await normalizer.close();
  });
});

describe('what comes out for a recording depends on that recording alone', () => {
  const kinds = (rate: number, random: () => number): [string, Buffer][] => {
    const frames = (): number => 400 + Math.floor(random() * 1500);
    const filled = (value: (frame: number) => number): Buffer => {
      const samples = Buffer.alloc(frames() * 2);
      for (let at = 0; at < samples.length; at += 2) samples.writeInt16LE(value(at / 2), at);
      return samples;
    };
    return [
      ['noise', noise(frames() * 2, rate)],
      ['silence', filled(() => 0)],
      ['a full-scale square', filled((frame) => (frame % 40 < 20 ? 32_767 : -32_768))],
      ['a square of one sample', filled((frame) => (frame % 2 === 0 ? 32_767 : -32_768))],
      ['an offset', filled(() => 32_767)],
      ['the opposite offset', filled(() => -32_768)],
      ['the faintest offset', filled(() => 1)],
      ['a tone', filled((frame) => Math.round(20_000 * Math.sin((2 * Math.PI * 440 * frame) / rate)))],
    ];
  };

  it.each(RATES)('of 300 in a row at %i Hz, in an order of chance', async (rate) => {
    const random = randomNumbers(rate + 1);
    const recordings = kinds(rate, random);
    const ratio = RateRatio.of(rate);
    if (ratio === undefined) throw new Error(`${rate} Hz has no ratio`);
    const alone = await Promise.all(
      recordings.map(async ([name, samples], index) => {
        const stereo = Buffer.alloc(samples.length * 2);
        for (let at = 0; at < samples.length; at += 2) samples.copy(stereo, at * 2, at, at + 2);
        // In two channels of which one is silent it is not passed through at 24 kHz, either.
        const path = await files.write(`${index}.wav`, riff([format({ rate, channels: 2 }), data(stereo)]));
        return { name, stereo, pcm: (await residents.decodeAlone(path)).pcm };
      }),
    );
    const encoding = { kind: 'samples', format: 's16le', sampleRate: rate, channels: 2 } as const;
    const resampler = new ResidentResampler('ffmpeg', new Sandbox(60), encoding, ratio);
    const order: string[] = [];
    for (let count = 0; count < 300; count += 1) {
      const one = alone[Math.floor(random() * alone.length)];
      if (one === undefined) continue;
      order.push(one.name);
      for await (const piece of cutPieces(Readable.from(chunksOf(one.stereo, random)), 4, ratio)) {
        const pcm = await resampler.resample(piece);
        if (!pcm.equals(one.pcm)) throw new Error(`${one.name} after ${order.at(-2) ?? 'nothing'} differs`);
      }
    }
    expect(order).toHaveLength(300);
    resampler.kill();
    await resampler.finished;
  });

  function* chunksOf(samples: Buffer, random: () => number): Generator<Buffer> {
    for (let at = 0; at < samples.length;) {
      const end = at + 1 + Math.floor(random() * samples.length);
      yield samples.subarray(at, end);
      at = end;
    }
  }
});
