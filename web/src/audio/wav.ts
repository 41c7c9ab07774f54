/** Encodes PCM16 mono as WAV, so that the service does not have to transcode it. */
import { SAMPLE_RATE } from './pcm.js';

const HEADER_BYTES = 44;

/** @param frames the recording, in order. */
export function encodeWav(frames: readonly Int16Array[], sampleRate = SAMPLE_RATE): Uint8Array<ArrayBuffer> {
  const dataBytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
  const file = new Uint8Array(HEADER_BYTES + dataBytes);
  file.set(encodeHeader(dataBytes, sampleRate));
  let at = HEADER_BYTES;
  for (const frame of frames) {
    file.set(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), at);
    at += frame.byteLength;
  }
  return file;
}

function encodeHeader(dataBytes: number, sampleRate: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const header = new DataView(bytes.buffer);
  const ascii = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) header.setUint8(at + i, text.charCodeAt(i));
  };
  ascii(0, 'RIFF');
  header.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  ascii(8, 'WAVEfmt ');
  header.setUint32(16, 16, true); // bytes of the format that follow
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true); // mono
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * 2, true); // bytes per second
  header.setUint16(32, 2, true); // bytes per sample
  header.setUint16(34, 16, true); // bits per sample
  ascii(36, 'data');
  header.setUint32(40, dataBytes, true);
  return bytes;
}

/** Parts of a Blob this large are handed to the browser, which can keep them outside the memory of the page. */
const PART_BYTES = 1024 * 1024;

/** Collects a sound of unknown length, without holding all of it in the page's memory. */
export class WavBuilder {
  readonly #parts: Blob[] = [];
  #frames: Int16Array<ArrayBuffer>[] = [];
  #frameBytes = 0;
  #bytes = 0;

  /** Of the samples so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get durationMs(): number {
    return (this.#bytes / 2 / SAMPLE_RATE) * 1000;
  }

  append(pcm: Int16Array<ArrayBuffer>): void {
    this.#frames.push(pcm);
    this.#frameBytes += pcm.byteLength;
    this.#bytes += pcm.byteLength;
    if (this.#frameBytes < PART_BYTES) return;
    this.#parts.push(new Blob(this.#frames));
    this.#frames = [];
    this.#frameBytes = 0;
  }

  toBlob(): Blob {
    return new Blob([encodeHeader(this.#bytes, SAMPLE_RATE), ...this.#parts, ...this.#frames], {
      type: 'audio/wav',
    });
  }
}
