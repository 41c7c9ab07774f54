/** The one shape of sound inside the service: PCM, 16-bit little-endian, mono, 24 kHz. */

/** Samples per second. */
export const SAMPLE_RATE = 24_000;
export const BYTES_PER_SAMPLE = 2;
export const BYTES_PER_SECOND = SAMPLE_RATE * BYTES_PER_SAMPLE;

/** How long the samples sound, in whole milliseconds; counted, never read from a header. */
export function durationMs(pcm: Buffer): number {
  return Math.round((pcm.length / BYTES_PER_SECOND) * 1000);
}
