/** Collects the output of a decoder, a WAV of PCM16 that arrives in chunks, downmixed to mono. */
import { WavDownmix } from './wav-downmix.js';

export class PcmCollector {
  readonly #downmix = new WavDownmix();
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Bytes collected so far. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#collect(this.#downmix.push(chunk));
  }

  /** @returns PCM, 16-bit little-endian, mono, as one buffer, and releases it. */
  take(): Buffer {
    this.#collect(this.#downmix.end());
    return Buffer.concat(this.#chunks.splice(0));
  }

  #collect(pcm: Buffer): void {
    if (pcm.length === 0) return;
    this.#bytes += pcm.length;
    this.#chunks.push(pcm);
  }
}
