/** Speech at another speed: as long as it should be, at the same pitch, without clicks. */
import { describe, expect, it } from '@jest/globals';
import { TimeStretch } from '../../web/src/audio/time-stretch.js';

const RATE = 24_000;
const TONE_HZ = 150;

function tone(seconds: number): Float32Array {
  return Float32Array.from(
    { length: seconds * RATE },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * TONE_HZ * i) / RATE),
  );
}

/** @param chunk samples a push, as deltas come in pieces of any length. */
function stretch(samples: Float32Array, speed: number, chunk: number): number[] {
  const stretcher = new TimeStretch();
  const output: number[] = [];
  for (let at = 0; at < samples.length; at += chunk)
    output.push(...stretcher.push(samples.subarray(at, at + chunk), speed));
  return [...output, ...stretcher.flush()];
}

/** Rising zero crossings a second. */
function pitchOf(samples: readonly number[]): number {
  const crossings = samples.filter((sample, i) => sample >= 0 && (samples[i - 1] ?? 0) < 0).length;
  return crossings / (samples.length / RATE);
}

describe.each([0.75, 1.25, 1.5])('at a speed of %d', (speed) => {
  it.each([37, 960, 4_800])('a tone in chunks of %d keeps its pitch and takes its time', (chunk) => {
    const output = stretch(tone(4), speed, chunk);
    expect(output.length / RATE).toBeGreaterThan((4 / speed) * 0.98);
    expect(output.length / RATE).toBeLessThan((4 / speed) * 1.02);
    expect(Math.abs(pitchOf(output) - TONE_HZ)).toBeLessThan(3);
  });

  it('has no step larger than the wave itself makes', () => {
    const output = stretch(tone(2), speed, 960);
    const steps = output.slice(1).map((sample, i) => Math.abs(sample - (output[i] ?? 0)));
    const ofTheTone = 0.5 * 2 * Math.PI * (TONE_HZ / RATE);
    expect(Math.max(...steps)).toBeLessThan(ofTheTone * 2);
  });
});
