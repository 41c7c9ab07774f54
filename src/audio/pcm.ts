/** The one sample format inside the service: PCM, 16-bit little-endian, mono, 24 kHz. */

/** Samples per second. */
export const SAMPLE_RATE = 24_000;
export const BYTES_PER_SAMPLE = 2;
export const BYTES_PER_SECOND = SAMPLE_RATE * BYTES_PER_SAMPLE;
export const BYTES_PER_MS = BYTES_PER_SECOND / 1000;

/** The playing time of that many bytes of samples, unrounded. */
export function pcmDurationMs(bytes: number): number {
  return bytes / BYTES_PER_MS;
}
