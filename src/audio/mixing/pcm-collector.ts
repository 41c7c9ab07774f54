/** Collects the output of a decoder, a WAV of PCM16 that arrives in chunks, downmixed to mono. */
import { Downmixer } from './downmixer.js';
import { BYTES_PER_SAMPLE } from '../pcm.js';
import { parseStreamedWav } from '../wav/wav.js';
import { toFloatSamples } from './samples.js';

export class PcmCollector {
  /** An incomplete header or frame. */
  #rest: Buffer = Buffer.alloc(0);
  /** Known once the header has been read. */
  #frameBytes: number | undefined;
  /** Absent: the samples are mono. */
  #downmixer: Downmixer | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Bytes collected so far. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const samples = this.#frameBytes === undefined ? this.#readHeader(bytes) : bytes;
    if (this.#frameBytes === undefined) {
      this.#rest = bytes;
      return;
    }
    const whole = samples.length - (samples.length % this.#frameBytes);
    this.#rest = samples.subarray(whole);
    const frames = samples.subarray(0, whole);
    this.#collect(
      this.#downmixer === undefined ? frames : this.#downmixer.push(toFloatSamples(frames, 's16le')),
    );
  }

  /** @returns PCM, 16-bit little-endian, mono, as one buffer, and releases it. */
  take(): Buffer {
    if (this.#downmixer !== undefined) this.#collect(this.#downmixer.end());
    return Buffer.concat(this.#chunks.splice(0));
  }

  #collect(pcm: Buffer): void {
    this.#bytes += pcm.length;
    this.#chunks.push(pcm);
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
