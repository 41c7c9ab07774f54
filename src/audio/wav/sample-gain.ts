/** At which end of their bytes padded samples are. */
import { undecodableAudio } from '../errors.js';
import type { Recording } from '../recording.js';
import { alignChunks } from '../mixing/samples.js';
import { isPadded } from './format.js';
import { streamWavSamples, type WavHeader } from './wav.js';

/**
 * By the specification 24 bits in four bytes are at the upper end (the lower bits are 0), yet many recorders write them at
 * the lower end, as their converter delivers them. Only the samples, all of them, show which.
 *
 * @returns the factor that scales the samples to the full range of their bytes.
 * @throws GatewayError `undecodable-audio` when the samples are at neither end, and use bits that the format calls unused.
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
  // With 12 bits in two bytes, for example, the samples are merely finer than the format states.
  if (!header.isOversized) return 1;
  throw undecodableAudio(
    `The WAV file contradicts itself: its header states ${bitsPerSample} bits, but its samples of ${sampleBytes} bytes each use others. Export it again, for example with 16 bits.`,
  );
}
