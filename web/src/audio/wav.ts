/** Encodes PCM16 mono as WAV, so that the service does not have to transcode it. */
import { SAMPLE_RATE } from './pcm.js';

const HEADER_BYTES = 44;

/** @param frames the recording, in order. */
export function encodeWav(frames: readonly Int16Array[], sampleRate = SAMPLE_RATE): Uint8Array<ArrayBuffer> {
  const dataBytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
  const file = new Uint8Array(HEADER_BYTES + dataBytes);
  const header = new DataView(file.buffer);
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

  let at = HEADER_BYTES;
  for (const frame of frames) {
    file.set(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), at);
    at += frame.byteLength;
  }
  return file;
}
