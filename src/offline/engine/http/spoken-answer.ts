/** Reads the speech of a synthesizer: WAV of any rate and with sizes that may lie, or raw samples. */
import { SAMPLE_RATE } from '../../../audio/pcm.js';
import { resampleInSlices } from '../../../audio/resample.js';
import { sampleFormat, type WavFormat } from '../../../audio/wav/format.js';
import { CHUNK_HEADER_BYTES, parseStreamedWav } from '../../../audio/wav/wav.js';

/** @returns PCM16 mono 24 kHz; undefined where the bytes are no WAV of plain samples */
export async function readSpokenWav(bytes: Buffer): Promise<Buffer | undefined> {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    return undefined;
  const parsed = parseStreamedWav(bytes);
  if (parsed === undefined) return undefined;
  const { format, samplesAt } = parsed;
  const samples = monoPcm16(bytes.subarray(samplesAt, samplesEnd(bytes, samplesAt)), format);
  return samples && (await resampleInSlices(samples, format.sampleRate, SAMPLE_RATE));
}

/** @param pcm PCM16 mono at that rate */
export function readSpokenPcm(pcm: Buffer, rate: number): Promise<Buffer> {
  return resampleInSlices(pcm.subarray(0, pcm.length & ~1), rate, SAMPLE_RATE);
}

/**
 * The samples end where the chunk says so only if whole chunks follow up to the end of the answer: a server that streams
 * writes 0, 0xffffffff or the size of its first piece.
 */
function samplesEnd(bytes: Buffer, samplesAt: number): number {
  const size = bytes.readUInt32LE(samplesAt - 4);
  let at = samplesAt + size + (size % 2);
  if (size === 0 || at > bytes.length) return bytes.length;
  while (at + CHUNK_HEADER_BYTES <= bytes.length) {
    const next = bytes.readUInt32LE(at + 4);
    if (!/^[\x20-\x7e]{4}$/.test(bytes.toString('latin1', at, at + 4))) return bytes.length;
    at += CHUNK_HEADER_BYTES + next + (next % 2);
  }
  return at === bytes.length || at === bytes.length + 1 ? samplesAt + size : bytes.length;
}

/** The channels are averaged. */
function monoPcm16(samples: Buffer, format: WavFormat): Buffer | undefined {
  const read = READERS[sampleFormat({ ...format, bigEndian: false }) ?? ''];
  if (read === undefined) return undefined;
  const { channels, sampleBytes } = format;
  const frames = Math.floor(samples.length / (channels * sampleBytes));
  if (channels === 1 && read === READERS.s16le) return samples.subarray(0, frames * 2);
  const mono = Buffer.alloc(frames * 2);
  for (let frame = 0; frame < frames; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1)
      sum += read(samples, (frame * channels + channel) * sampleBytes);
    mono.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sum / channels))), frame * 2);
  }
  return mono;
}

type SampleReader = (samples: Buffer, at: number) => number;

const READERS: Readonly<Record<string, SampleReader | undefined>> = {
  s16le: (samples, at) => samples.readInt16LE(at),
  s24le: (samples, at) => samples.readIntLE(at, 3) / 256,
  s32le: (samples, at) => samples.readInt32LE(at) / 65_536,
  f32le: (samples, at) => samples.readFloatLE(at) * 32_768,
};
