/** Samples in the browser: conversion, loudness, resampling. */
import { describe, expect, it } from '@jest/globals';
import {
  decodeBase64,
  encodeBase64,
  loudness,
  millisecondsOf,
  toFloat,
  toPcm16,
} from '../../web/src/audio/pcm.js';
import { Resampler } from '../../web/src/audio/resampler.js';

/** @param hertz of a sine, @param rate of its samples, @param seconds of it. */
function sine(hertz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe('samples', () => {
  it('become 16 bits over the whole range, and louder ones are clipped', () => {
    expect([...toPcm16(Float32Array.of(0, 1, -1, 0.5, 3, -3))]).toEqual([
      0, 32767, -32768, 16384, 32767, -32768,
    ]);
  });

  it('survive a round trip through 16 bits within two steps', () => {
    const samples = sine(440, 24_000, 0.01);
    const back = toFloat(toPcm16(samples));
    for (const [i, sample] of samples.entries())
      expect(Math.abs((back[i] ?? 9) - sample)).toBeLessThan(2 / 0x8000);
  });

  it('are encoded as little-endian base64', () => {
    expect(encodeBase64(Int16Array.of(1, -2, 0x1234))).toBe(
      Buffer.from('0100feff3412', 'hex').toString('base64'),
    );
    expect([...decodeBase64(Buffer.from('0100feff3412', 'hex').toString('base64'))]).toEqual([1, -2, 0x1234]);
  });

  it('are encoded from their own part of a shared buffer', () => {
    const whole = Int16Array.of(7, 1, 2, 7);
    expect([...decodeBase64(encodeBase64(whole.subarray(1, 3)))]).toEqual([1, 2]);
  });

  it('lose a trailing odd byte of a delta rather than the whole delta', () => {
    expect([...decodeBase64(Buffer.from('010002', 'hex').toString('base64'))]).toEqual([1]);
  });

  it('have a duration at 24 000 samples a second', () => {
    expect(millisecondsOf(new Int16Array(960))).toBe(40);
  });
});

describe('loudness', () => {
  it('is 0 for silence, nearly 1 for full scale, and linear in decibels between', () => {
    expect(loudness(new Float32Array(480))).toBe(0);
    expect(loudness(sine(440, 24_000, 0.1))).toBeCloseTo(0.95, 2);
    expect(loudness(sine(440, 24_000, 0.1).map((sample) => sample / 1000))).toBeCloseTo(0, 2);
    expect(loudness(sine(440, 24_000, 0.1).map((sample) => sample / 10))).toBeCloseTo(0.95 - 20 / 60, 2);
  });
});

describe('resampling', () => {
  it.each([48_000, 44_100, 96_000])(
    'from %i Hz keeps a voice and its length, whatever the frames',
    (rate) => {
      const resampler = new Resampler(rate, 24_000);
      const input = sine(300, rate, 1);
      const output: number[] = [];
      for (let at = 0; at < input.length; at += 441)
        output.push(...resampler.push(input.subarray(at, at + 441)));
      expect(Math.abs(output.length - 24_000)).toBeLessThanOrEqual(1);
      expect(rms(Float32Array.from(output))).toBeCloseTo(Math.SQRT1_2, 2);
    },
  );

  it('attenuates frequencies that the new rate cannot represent', () => {
    const resampled = new Resampler(48_000, 24_000).push(sine(23_000, 48_000, 1));
    expect(rms(resampled)).toBeLessThan(0.1);
  });

  it('returns frames of the right rate unchanged', () => {
    const frame = sine(300, 24_000, 0.04);
    expect(new Resampler(24_000, 24_000).push(frame)).toEqual(frame);
  });

  it('refuses to upsample', () => {
    expect(() => new Resampler(16_000, 24_000)).toThrow(RangeError);
  });
});
