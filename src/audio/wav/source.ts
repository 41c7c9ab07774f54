/** What a decoder is given of a WAV: its samples, mixed here where a plain mix would lose a voice, or the file. */
import { GatewayError } from '../../errors.js';
import type { DecodeInput } from '../ffmpeg/decoder.js';
import { BLOCK_MS, ChannelChoice, measuringStep, MIX } from '../mixing/channel-choice.js';
import { MAX_CHANNELS, mixWeights } from '../mixing/mix-weights.js';
import { Mixdown } from '../mixing/mixdown.js';
import type { Recording } from '../recording.js';
import { sampleGain } from './sample-gain.js';
import { inWholeUnits, toFloatSamples } from '../mixing/samples.js';
import { sampleFormat, type SampleFormat } from './format.js';
import { streamWavSamples, wavSamplesStart, type WavHeader } from './wav.js';

/**
 * ffmpeg's own WAV reader takes RIFX for little-endian, padded samples for noise, and stops after the first data chunk.
 *
 * @returns undefined when the samples are compressed in blocks: then ffmpeg reads the file.
 */
export async function wavSource(
  recording: Recording,
  size: number,
  header: WavHeader,
): Promise<DecodeInput | undefined> {
  const format = sampleFormat(header);
  if (format === undefined) return undefined;
  const { sampleRate, channels } = header;
  if (channels > MAX_CHANNELS) {
    throw new GatewayError(
      'undecodable-audio',
      `The recording has ${channels} channels; at most ${MAX_CHANNELS} are taken. Export it as mono.`,
    );
  }
  const path = typeof recording === 'string' ? recording : undefined;
  const gain = await sampleGain(recording, header);
  if (gain !== 1 || (channels > 1 && (await losesVoice(recording, header, format)))) {
    const encoding = { kind: 'samples', format: 's16le', sampleRate, channels: 1 } as const;
    return { encoding, path, read: () => mixedSamples(recording, header, format, gain) };
  }
  const encoding = { kind: 'samples', format, sampleRate, channels } as const;
  const read = (): AsyncGenerator<Buffer> => streamWavSamples(recording, header);
  return { encoding, path, read, startsAt: wavSamplesStart(header, size) };
}

/** Whether a plain mix would cancel a channel anywhere. To look costs a fraction of mixing here, and few recordings need that. */
async function losesVoice(recording: Recording, header: WavHeader, format: SampleFormat): Promise<boolean> {
  const { channels, channelMask, sampleRate, sampleBytes } = header;
  const step = measuringStep(sampleRate);
  const choice = new ChannelChoice(mixWeights(channels, channelMask), sampleRate / step);
  const block = Math.max(1, Math.floor((sampleRate * BLOCK_MS) / 1000 / step)) * channels;
  for await (const bytes of inWholeUnits(streamWavSamples(recording, header), channels * sampleBytes)) {
    const samples = toFloatSamples(bytes, format, channels, step);
    for (let at = 0; at < samples.length; at += block) {
      if (choice.next(samples, at, Math.min(at + block, samples.length)) !== MIX) return true;
    }
  }
  return false;
}

/** PCM, 16-bit little-endian, mono, at the rate of the file. */
async function* mixedSamples(
  recording: Recording,
  header: WavHeader,
  format: SampleFormat,
  gain: number,
): AsyncGenerator<Buffer> {
  const { channels, channelMask, sampleRate, sampleBytes } = header;
  const mixdown = new Mixdown(channels, channelMask, sampleRate);
  for await (const bytes of inWholeUnits(streamWavSamples(recording, header), channels * sampleBytes)) {
    const samples = toFloatSamples(bytes, format);
    if (gain !== 1) for (let at = 0; at < samples.length; at += 1) samples[at] = (samples[at] ?? 0) * gain;
    yield mixdown.push(samples);
  }
  yield mixdown.end();
}
