/** What the beginning of a recording tells of what it needs. */
import { describe, expect, it } from '@jest/globals';
import { classifyWav, type WavKind } from '../../src/audio/wav/classify.js';
import { data, extensibleFormat, format, LIST, riff, sine, type Chunk } from '../support/audio/recordings.js';

const samples = data(sine({ seconds: 0.01 }));
const ours = [format()];

const firstAnswer = async (bytes: Buffer): Promise<WavKind | undefined> => {
  for (let length = 0; length < bytes.length; length += 1) {
    const told = await classifyWav(bytes.subarray(0, length));
    if (told !== undefined) return told;
  }
  return undefined;
};

describe('a recording is native', () => {
  it.each<[string, Chunk[]]>([
    ['a plain header', ours],
    ['an extensible one', [extensibleFormat()]],
    ['chunks before its format', [LIST, LIST, ...ours]],
    ['chunks before its samples', [...ours, LIST]],
  ])('with %s, and told as soon as its samples begin', async (_what, before) => {
    const whole = riff([...before, samples]);
    const head = riff(before).length + 8;
    expect(await classifyWav(whole.subarray(0, head - 1))).toBeUndefined();
    expect(await classifyWav(whole.subarray(0, head))).toBe('native');
    expect(await classifyWav(whole)).toBe('native');
    expect(await firstAnswer(whole)).toBe('native');
  });
});

describe('a recording is foreign', () => {
  it.each<[string, Buffer]>([
    ['at another rate', riff([format({ rate: 44_100 }), samples])],
    ['in stereo', riff([format({ channels: 2 }), samples])],
    ['of 24 bits', riff([format({ bits: 24 }), samples])],
    ['of floats', riff([format({ tag: 3, bits: 32 }), samples])],
    ['of µ-law', riff([format({ tag: 7, bits: 8 }), samples])],
    ['big-endian', riff([format({ bigEndian: true }), samples], { id: 'RIFX', bigEndian: true })],
    [
      'before native ones',
      Buffer.concat([riff([format({ channels: 2 }), samples]), riff([...ours, samples])]),
    ],
  ])('%s', async (_what, bytes) => {
    expect(await firstAnswer(bytes)).toBe('foreign');
    expect(await classifyWav(bytes)).toBe('foreign');
  });
});

describe('a recording is neither', () => {
  it.each<[string, Buffer]>([
    ['not WAV', Buffer.concat([Buffer.from('OggS'), Buffer.alloc(100)])],
    ['a WAV of compressed samples', riff([format({ tag: 2, bits: 4 }), samples])],
    ['nothing', Buffer.alloc(100)],
  ])('%s', async (_what, bytes) => {
    expect(await firstAnswer(bytes)).toBe('other');
    expect(await classifyWav(bytes)).toBe('other');
  });

  it('where nothing of it says so within four kilobytes', async () => {
    const late = riff([...ours, { id: 'LIST', body: Buffer.alloc(4_096) }, samples]);
    expect(await classifyWav(late.subarray(0, 4_095))).toBeUndefined();
    expect(await classifyWav(late.subarray(0, 4_096))).toBe('other');
    expect(await firstAnswer(riff([data(sine({ seconds: 1 })), ...ours]))).toBe('other');
  });
});
