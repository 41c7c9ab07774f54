/** Whether the beginning of a recording tells that it needs no decoder. */
import { describe, expect, it } from '@jest/globals';
import { isPassThroughWav } from '../../src/audio/wav/pass-through.js';
import { data, extensibleFormat, format, LIST, riff, sine, type Chunk } from '../support/audio/recordings.js';

const samples = data(sine({ seconds: 0.01 }));
const ours = [format()];

const firstAnswer = async (bytes: Buffer): Promise<boolean | undefined> => {
  for (let length = 0; length < bytes.length; length += 1) {
    const told = await isPassThroughWav(bytes.subarray(0, length));
    if (told !== undefined) return told;
  }
  return undefined;
};

describe('a recording is ready', () => {
  it.each<[string, Chunk[]]>([
    ['a plain header', ours],
    ['an extensible one', [extensibleFormat()]],
    ['chunks before its format', [LIST, LIST, ...ours]],
    ['chunks before its samples', [...ours, LIST]],
  ])('with %s, and said to be so where its samples begin', async (_what, before) => {
    const whole = riff([...before, samples]);
    const head = riff(before).length + 8;
    expect(await isPassThroughWav(whole.subarray(0, head - 1))).toBeUndefined();
    expect(await isPassThroughWav(whole.subarray(0, head))).toBe(true);
    expect(await isPassThroughWav(whole)).toBe(true);
    expect(await firstAnswer(whole)).toBe(true);
  });
});

describe('a recording is not ready', () => {
  it.each<[string, Buffer]>([
    ['at another rate', riff([format({ rate: 44_100 }), samples])],
    ['in stereo', riff([format({ channels: 2 }), samples])],
    ['of 24 bits', riff([format({ bits: 24 }), samples])],
    ['of floats', riff([format({ tag: 3, bits: 32 }), samples])],
    ['big-endian', riff([format({ bigEndian: true }), samples], { id: 'RIFX', bigEndian: true })],
    ['not WAV', Buffer.concat([Buffer.from('OggS'), Buffer.alloc(100)])],
    ['nothing', Buffer.alloc(100)],
  ])('%s', async (_what, bytes) => {
    expect(await firstAnswer(bytes)).not.toBe(true);
    expect(await isPassThroughWav(bytes)).toBe(false);
  });

  it('where nothing of it says so within four kilobytes', async () => {
    const late = riff([...ours, { id: 'LIST', body: Buffer.alloc(4_096) }, samples]);
    expect(await isPassThroughWav(late.subarray(0, 4_095))).toBeUndefined();
    expect(await isPassThroughWav(late.subarray(0, 4_096))).toBe(false);
    expect(await firstAnswer(riff([data(sine({ seconds: 1 })), ...ours]))).toBe(false);
  });
});
