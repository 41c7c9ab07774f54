/** Downmixes the output of a decoder, a WAV of PCM16 that arrives in chunks, to mono as it arrives. */
import { Downmixer } from './downmixer.js';
import { BYTES_PER_SAMPLE } from '../pcm.js';
import { parseStreamedWav } from '../wav/wav.js';
import { toFloatSamples } from './samples.js';

export class WavDownmix {
  /** An incomplete header or frame. */
  #rest: Buffer = Buffer.alloc(0);
  /** Known once the header has been read. */
  #frameBytes: number | undefined;
  /** Absent: the samples are mono. */
  #downmixer: Downmixer | undefined;

  /** @returns PCM, 16-bit little-endian, mono: what this chunk completes. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const samples = this.#frameBytes === undefined ? this.#readHeader(bytes) : bytes;
    if (this.#frameBytes === undefined) {
      this.#rest = bytes;
      return Buffer.alloc(0);
    }
    const whole = samples.length - (samples.length % this.#frameBytes);
    this.#rest = samples.subarray(whole);
    const frames = samples.subarray(0, whole);
    return this.#downmixer === undefined ? frames : this.#downmixer.push(toFloatSamples(frames, 's16le'));
  }

  /** @returns what is left. */
  end(): Buffer {
    return this.#downmixer?.end() ?? Buffer.alloc(0);
  }

  /** @returns what follows the header once that is complete. */
  #readHeader(bytes: Buffer): Buffer {
    const parsed = parseStreamedWav(bytes);
    if (parsed === undefined) return bytes;
    const { channels, channelMask, sampleRate } = parsed.format;
    this.#frameBytes = channels * BYTES_PER_SAMPLE;
    if (channels > 1) this.#downmixer = new Downmixer(channels, channelMask, sampleRate);
    return bytes.subarray(parsed.samplesAt);
  }
}
