/** What the decoder gets of a WAV: its bare samples, downmixed here if a plain mix would cancel a voice, or the whole file. */
import { undecodableAudio } from '../errors.js';
import type { DecodeInput } from '../ffmpeg/input-file.js';
import { BLOCK_MS, ChannelSelector, decimationStep, MIX } from '../mixing/channel-selector.js';
import { MAX_CHANNELS, mixWeights } from '../mixing/mix-weights.js';
import { Downmixer } from '../mixing/downmixer.js';
import type { Recording } from '../recording.js';
import { sampleGain } from './sample-gain.js';
import { alignChunks, toFloatSamples } from '../mixing/samples.js';
import { sampleFormat, type SampleFormat } from './format.js';
import { scanWavSamples, streamWavSamples, samplesStartIfLast, type WavHeader } from './wav.js';

/**
 * ffmpeg's own WAV demuxer reads RIFX as little-endian and padded samples as noise, and stops after the first data chunk.
 *
 * @returns undefined when the samples are block-compressed: then ffmpeg reads the file.
 */
export async function wavDecodeInput(
  recording: Recording,
  size: number,
  header: WavHeader,
): Promise<DecodeInput | undefined> {
  const format = sampleFormat(header);
  if (format === undefined) return undefined;
  const { sampleRate, channels } = header;
  if (channels > MAX_CHANNELS) {
    throw undecodableAudio(
      `The recording has ${channels} channels, more than the supported ${MAX_CHANNELS}. Export it as mono.`,
    );
  }
  const path = typeof recording === 'string' ? recording : undefined;
  const gain = await sampleGain(recording, header);
  if (gain !== 1 || (channels > 1 && (await hasPhaseCancellation(recording, header, format)))) {
    const encoding = { kind: 'samples', format: 's16le', sampleRate, channels: 1 } as const;
    return { encoding, path, read: () => downmixSamples(recording, header, format, gain) };
  }
  const encoding = { kind: 'samples', format, sampleRate, channels } as const;
  const read = (): AsyncGenerator<Buffer> => streamWavSamples(recording, header);
  return { encoding, path, read, startsAt: samplesStartIfLast(header, size) };
}

/** Whether a plain mix would cancel a channel anywhere. The check costs a fraction of a downmix here, which few recordings need. */
async function hasPhaseCancellation(
  recording: Recording,
  header: WavHeader,
  format: SampleFormat,
): Promise<boolean> {
  const { channels, channelMask, sampleRate, sampleBytes } = header;
  const step = decimationStep(sampleRate);
  const selector = new ChannelSelector(mixWeights(channels, channelMask), sampleRate / step);
  const block = Math.max(1, Math.floor((sampleRate * BLOCK_MS) / 1000 / step)) * channels;
  let reused: Float32Array | undefined;
  for await (const bytes of alignChunks(scanWavSamples(recording, header), channels * sampleBytes)) {
    const samples = toFloatSamples(bytes, format, channels, step, reused);
    reused ??= samples;
    for (let at = 0; at < samples.length; at += block) {
      if (selector.next(samples, at, Math.min(at + block, samples.length)) !== MIX) return true;
    }
  }
  return false;
}

/** Yields PCM, 16-bit little-endian, mono, at the rate of the file. */
async function* downmixSamples(
  recording: Recording,
  header: WavHeader,
  format: SampleFormat,
  gain: number,
): AsyncGenerator<Buffer> {
  const { channels, channelMask, sampleRate, sampleBytes } = header;
  const downmixer = new Downmixer(channels, channelMask, sampleRate);
  for await (const bytes of alignChunks(streamWavSamples(recording, header), channels * sampleBytes)) {
    const samples = toFloatSamples(bytes, format);
    if (gain !== 1) for (let at = 0; at < samples.length; at += 1) samples[at] = (samples[at] ?? 0) * gain;
    yield downmixer.push(samples);
  }
  yield downmixer.end();
}
