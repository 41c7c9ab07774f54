/** The samples of a decoder's output, which is a WAV of PCM16 as it comes, mixed to mono. */
import { Mixdown } from './mixdown.js';
import { BYTES_PER_SAMPLE } from '../pcm.js';
import { toFloatSamples } from './samples.js';
import { parseWavFormat, type WavFormat } from '../wav/format.js';

/** `RIFF`, a size, `WAVE`. */
const CONTAINER_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;

export class MonoSamples {
  /** What came of a header, or of a frame, that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0);
  #frameBytes: number | undefined;
  /** Absent: they are mono. */
  #mixdown: Mixdown | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Of what was collected. */
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
    this.#collect(this.#mixdown === undefined ? frames : this.#mixdown.push(toFloatSamples(frames, 's16le')));
  }

  /** @returns PCM, 16-bit little-endian, mono, in one piece, and keeps nothing of it. */
  take(): Buffer {
    if (this.#mixdown !== undefined) this.#collect(this.#mixdown.end());
    return Buffer.concat(this.#chunks.splice(0));
  }

  #collect(pcm: Buffer): void {
    this.#bytes += pcm.length;
    this.#chunks.push(pcm);
  }

  /** @returns what follows the header once that is whole. */
  #readHeader(bytes: Buffer): Buffer {
    let format: WavFormat | undefined;
    let at = CONTAINER_BYTES;
    while (at + CHUNK_HEAD_BYTES <= bytes.length) {
      const id = bytes.toString('latin1', at, at + 4);
      const start = at + CHUNK_HEAD_BYTES;
      if (id === 'data' && format !== undefined) {
        this.#expect(format);
        return bytes.subarray(start);
      }
      const size = bytes.readUInt32LE(at + 4);
      if (id === 'fmt ') format = parseWavFormat(bytes.subarray(start, start + size), false);
      at = start + size;
    }
    return bytes;
  }

  #expect({ channels, channelMask, sampleRate }: WavFormat): void {
    this.#frameBytes = channels * BYTES_PER_SAMPLE;
    if (channels > 1) this.#mixdown = new Mixdown(channels, channelMask, sampleRate);
  }
}
