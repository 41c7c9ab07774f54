/** Converts samples of any format to floats with full scale 1. */
import type { SampleFormat } from '../wav/format.js';

export const SAMPLE_BYTES: Readonly<Record<SampleFormat, number>> = {
  u8: 1,
  alaw: 1,
  mulaw: 1,
  s16le: 2,
  s16be: 2,
  s24le: 3,
  s24be: 3,
  s32le: 4,
  s32be: 4,
  f32le: 4,
  f32be: 4,
  f64le: 8,
  f64be: 8,
};

/**
 * @param channels samples per frame.
 * @param step every how many frames one is read.
 * @param reused receives the samples if it is large enough; otherwise a new array is allocated.
 * @returns the samples of whole frames, in the order of the bytes.
 */
export function toFloatSamples(
  bytes: Buffer,
  format: SampleFormat,
  channels = 1,
  step = 1,
  reused?: Float32Array,
): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !format.endsWith('be');
  const frameBytes = channels * SAMPLE_BYTES[format];
  const jump = step * frameBytes;
  const frames = Math.ceil(Math.floor(bytes.length / frameBytes) / step);
  const count = frames * channels;
  const canReuse = reused !== undefined && reused.length >= count;
  const samples = canReuse ? reused.subarray(0, count) : new Float32Array(count);
  // One loop per format: a call or a branch for each of a million samples would cost more than everything else.
  switch (format) {
    case 'u8':
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 1)
          samples[to++] = (view.getUint8(at) - 128) / 0x80;
      break;
    case 'alaw':
    case 'mulaw': {
      const values = format === 'alaw' ? A_LAW_VALUES : MU_LAW_VALUES;
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 1) samples[to++] = values[view.getUint8(at)] ?? 0;
      break;
    }
    case 's16le':
    case 's16be':
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 2)
          samples[to++] = view.getInt16(at, little) / 0x8000;
      break;
    case 's24le':
    case 's24be': {
      const [low, high] = little ? [0, 1] : [2, 0];
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 3)
          samples[to++] = (view.getInt16(at + high, little) * 0x100 + view.getUint8(at + low)) / 0x800000;
      break;
    }
    case 's32le':
    case 's32be':
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 4)
          samples[to++] = view.getInt32(at, little) / 0x80000000;
      break;
    case 'f32le':
    case 'f32be':
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 4)
          samples[to++] = finite(view.getFloat32(at, little));
      break;
    case 'f64le':
    case 'f64be':
      for (let to = 0, frame = 0; to < samples.length; frame += jump)
        for (let at = frame; at < frame + frameBytes; at += 8)
          samples[to++] = finite(view.getFloat64(at, little));
      break;
  }
  return samples;
}

/** Replaces NaN, infinities and values that a converter cannot produce by silence, so that sums stay finite. */
function finite(value: number): number {
  return value > -1e6 && value < 1e6 ? value : 0;
}

/** ITU-T G.711: the values of the 256 codes. */
const A_LAW_VALUES = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const value = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return ((bits & 0x80) === 0 ? -value : value) / 0x8000;
});
const MU_LAW_VALUES = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const value = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return ((bits & 0x80) === 0 ? value : -value) / 0x8000;
});

/** @returns one sample as close to silence as the format allows. */
export function silentSample(format: SampleFormat): Buffer {
  const codes: Partial<Record<SampleFormat, number>> = { u8: 0x80, alaw: 0xd5, mulaw: 0xff };
  return Buffer.alloc(SAMPLE_BYTES[format], codes[format] ?? 0);
}

/** @returns one sample of about half of full scale. */
export function loudSample(format: SampleFormat): Buffer {
  const codes: Partial<Record<SampleFormat, number>> = { u8: 0xc0, alaw: 0xa5, mulaw: 0x8f };
  const sample = Buffer.alloc(SAMPLE_BYTES[format]);
  if (format.startsWith('f32')) sample.writeFloatBE(0.5);
  else if (format.startsWith('f64')) sample.writeDoubleBE(0.5);
  else sample.writeUInt8(codes[format] ?? 0x40);
  return format.endsWith('le') ? sample.reverse() : sample;
}

/** Regroups chunks so that each holds whole units of `unitBytes`; an incomplete unit at the end is dropped. */
export async function* alignChunks(chunks: AsyncIterable<Buffer>, unitBytes: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % unitBytes);
    rest = bytes.subarray(whole);
    if (whole > 0) yield bytes.subarray(0, whole);
  }
}

/** Views, not copies; the last one may be shorter. */
export function* cutChunks(bytes: Buffer, chunkBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
