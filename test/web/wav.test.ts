/** The browser's WAV encoder, compared with that of the service. */
import { describe, expect, it } from '@jest/globals';
import { encodeWav as encodeOnServer } from '../../src/audio/wav/wav.js';
import { encodeWav } from '../../web/src/audio/wav.js';

describe('a WAV made in the browser', () => {
  it('is byte for byte what the service would write', () => {
    const frames = [Int16Array.of(1, -2, 3), Int16Array.of(32767, -32768)];
    const pcm = Buffer.concat(frames.map((frame) => Buffer.from(frame.buffer)));
    expect(Buffer.from(encodeWav(frames))).toEqual(encodeOnServer(pcm));
  });

  it('states its rate and its length', () => {
    const file = Buffer.from(encodeWav([new Int16Array(800)], 16_000));
    expect(file.readUInt32LE(24)).toBe(16_000);
    expect(file.readUInt32LE(40)).toBe(1600);
    expect(file.readUInt32LE(4)).toBe(file.length - 8);
  });

  it('is only a header when nothing was recorded', () => {
    expect(encodeWav([])).toHaveLength(44);
  });
});
