/** On which side of their bytes padded samples lie. */
import { GatewayError } from '../../errors.js';
import type { Recording } from '../recording.js';
import { alignChunks } from '../mixing/samples.js';
import { isPadded } from './format.js';
import { streamWavSamples, type WavHeader } from './wav.js';

/**
 * A WAV keeps 24 bits in four bytes at the upper end (its lower bits are 0), yet many recorders write them at the lower
 * one, as their converter gave them. The format does not say which; the samples do, all of them.
 *
 * @returns what to multiply the samples by, so that they use the whole of their bytes.
 * @throws GatewayError `undecodable-audio` when the samples are neither, but fill bytes that the format says they do not.
 */
export async function sampleGain(recording: Recording, header: WavHeader): Promise<number> {
  if (!isPadded(header)) return 1;
  const { sampleBytes, bitsPerSample, bigEndian } = header;
  const spareBits = sampleBytes * 8 - bitsPerSample;
  const limit = 2 ** (bitsPerSample - 1);
  let usedBits = 0;
  let isLow = true;
  for await (const bytes of alignChunks(streamWavSamples(recording, header), sampleBytes)) {
    for (let at = 0; at < bytes.length; at += sampleBytes) {
      const value = bigEndian ? bytes.readIntBE(at, sampleBytes) : bytes.readIntLE(at, sampleBytes);
      usedBits |= value;
      isLow &&= value >= -limit && value < limit;
    }
  }
  if ((usedBits & (2 ** spareBits - 1)) === 0) return 1;
  if (isLow) return 2 ** spareBits;
  // Of 12 bits in two bytes, the samples are then simply finer than the format says.
  if (!header.isOversized) return 1;
  throw new GatewayError(
    'undecodable-audio',
    `The WAV file contradicts itself: it says ${bitsPerSample} bits, and its samples are of another sort in ${sampleBytes} bytes each. Export it again, for example with 16 bits.`,
  );
}
