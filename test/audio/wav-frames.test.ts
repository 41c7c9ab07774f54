/** WAV whose samples have more bytes than bits, on either side, or whose frames contradict their samples. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import {
  type Chunk,
  data,
  extensibleFormat,
  format,
  level,
  levelAt,
  riff,
  workshop,
} from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 60 });
afterAll(() => normalizer.close());

const RATE = 24_000;

/** A sine of half of full scale in `bits`, kept in `bytes` at their upper or lower end, the same in each channel. */
function padded(options: {
  bits: number;
  bytes: number;
  side: 'upper' | 'lower';
  channels?: number;
  bigEndian?: boolean;
}): Buffer {
  const { bits, bytes, side, channels = 1, bigEndian = false } = options;
  const samples = Buffer.alloc(RATE * channels * bytes);
  const shift = side === 'upper' ? 2 ** (bytes * 8 - bits) : 1;
  for (let at = 0; at < samples.length; at += bytes) {
    const frame = Math.floor(at / bytes / channels);
    const value =
      Math.round(0.5 * (2 ** (bits - 1) - 1) * Math.sin((2 * Math.PI * 440 * frame) / RATE)) * shift;
    if (bigEndian) samples.writeIntBE(value, at, bytes);
    else samples.writeIntLE(value, at, bytes);
  }
  return samples;
}

async function expectTone(bytes: Buffer): Promise<void> {
  const { pcm, durationMs } = await normalizer.normalize(await files.write('padded.wav', bytes));
  expect(durationMs).toBe(1000);
  expect(levelAt(pcm, 440)).toBeCloseTo(-6, 0);
  expect(level(pcm)).toBeCloseTo(levelAt(pcm, 440), 1);
}

const shapes = [
  [8, 2],
  [12, 2],
  [16, 3],
  [16, 4],
  [20, 3],
  [20, 4],
  [24, 4],
].flatMap(([bits = 0, bytes = 0]) =>
  (['upper', 'lower'] as const).map((side): [number, number, typeof side] => [bits, bytes, side]),
);

describe('padded samples keep their length, pitch and level', () => {
  it.each(shapes)('%i bits at the end of %i bytes: the %s one', async (bits, bytes, side) => {
    await expectTone(riff([format({ bits, frame: bytes }), data(padded({ bits, bytes, side }))]));
    const stereo = padded({ bits, bytes, side, channels: 2 });
    await expectTone(riff([format({ bits, channels: 2, frame: 2 * bytes }), data(stereo)]));
  });

  it.each(['upper', 'lower'] as const)('big-endian, at the %s end', async (side) => {
    const samples = padded({ bits: 24, bytes: 4, side, bigEndian: true });
    const header = format({ bits: 24, frame: 4, bigEndian: true });
    await expectTone(riff([header, data(samples)], { id: 'RIFX', bigEndian: true }));
  });

  it.each([
    [24, 32],
    [20, 24],
    [12, 16],
  ])('%i valid bits of %i in the extensible format, at either end', async (validBits, bits) => {
    for (const side of ['upper', 'lower'] as const) {
      const samples = padded({ bits: validBits, bytes: bits / 8, side });
      await expectTone(riff([extensibleFormat({ bits, validBits }), data(samples)]));
    }
  });

  it('when the format counts fewer valid bits than its samples have', async () => {
    const samples = padded({ bits: 32, bytes: 4, side: 'upper' });
    await expectTone(riff([extensibleFormat({ bits: 32, validBits: 20 }), data(samples)]));
  });

  it('when the size of a frame is left out, or that of one channel', async () => {
    const samples = padded({ bits: 24, bytes: 3, side: 'upper', channels: 2 });
    await expectTone(riff([format({ bits: 24, channels: 2, frame: 0 }), data(samples)]));
    await expectTone(riff([format({ bits: 24, channels: 2, frame: 3 }), data(samples)]));
  });

  it('in 64 bits', async () => {
    const samples = Buffer.alloc(RATE * 8);
    for (let frame = 0; frame < RATE; frame += 1)
      samples.writeInt32LE(Math.round(2 ** 30 * Math.sin((2 * Math.PI * 440 * frame) / RATE)), frame * 8 + 4);
    await expectTone(riff([format({ bits: 64 }), data(samples)]));
  });
});

/** Sony Wave64: GUIDs for names, sizes of 64 bits. */
function wave64(chunks: Chunk[]): Buffer {
  const tail = Buffer.from('f3acd3118cd100c04f8edb8a', 'hex');
  const chunk = (id: Buffer, body: Buffer): Buffer => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(24 + body.length));
    return Buffer.concat([id, size, body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
  };
  const named = (id: string): Buffer => Buffer.concat([Buffer.from(id), tail]);
  const content = chunks.map(({ id, body }) => chunk(named(id), body));
  const riffId = Buffer.from('726966662e91cf11a5d628db04c10000', 'hex');
  return chunk(riffId, Buffer.concat([named('wave'), ...content]));
}

describe('Wave64', () => {
  it.each(shapes)('keeps %i bits at the end of %i bytes: the %s one', async (bits, bytes, side) => {
    await expectTone(wave64([format({ bits, frame: bytes }), data(padded({ bits, bytes, side }))]));
  });

  it('that contradicts itself is refused', async () => {
    const bytes = wave64([format({ bits: 24, frame: 2 }), data(Buffer.alloc(6000, 1))]);
    await expect(normalizer.normalize(await files.write('contradiction.w64', bytes))).rejects.toMatchObject({
      code: 'undecodable-audio',
    });
  });
});

describe('a WAV that contradicts itself is refused', () => {
  const numbers = padded({ bits: 32, bytes: 4, side: 'upper' });
  it.each([
    ['24 bits in four bytes that hold 32', { bits: 24, frame: 4 }],
    ['16 bits in four bytes that hold 32', { bits: 16, frame: 4 }],
    ['24 bits in two bytes', { bits: 24, frame: 2 }],
    ['24 bits in eight bytes', { bits: 24, frame: 8 }],
    ['two channels of 24 bits in five bytes', { bits: 24, channels: 2, frame: 5 }],
    ['floats of 32 bits in eight bytes', { tag: 3, bits: 32, frame: 8 }],
  ])('%s', async (_shape, options) => {
    const path = await files.write('contradiction.wav', riff([format(options), data(numbers)]));
    await expect(normalizer.normalize(path)).rejects.toMatchObject({
      code: 'undecodable-audio',
      status: 422,
      message: expect.stringMatching(/contradicts itself.*Export it again/),
    });
  });
});
