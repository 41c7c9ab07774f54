/** The format chunk of a WAV: which samples it describes, and which of them are bare numbers that we can read. */
import { undecodableAudio } from '../errors.js';

/** Values of `wFormatTag` (RFC 2361, mmreg.h). */
const PCM = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;

export interface WavFormat {
  /** `wFormatTag`; for the extensible format the tag inside its GUID. */
  readonly encoding: number;
  readonly channels: number;
  /** `dwChannelMask` of the extensible format, the positions of the loudspeakers; 0: unspecified. */
  readonly channelMask: number;
  /** Frames per second. */
  readonly sampleRate: number;
  /** Significant bits of a sample, at most those of `sampleBytes`. */
  readonly bitsPerSample: number;
  /** Bytes from one sample to the next. */
  readonly sampleBytes: number;
  /** Whether `blockAlign` gives a sample more bytes than its bits need. */
  readonly isOversized: boolean;
}

/** The KSDATAFORMAT_SUBTYPE GUIDs are a format tag followed by these 14 bytes. */
const SUBTYPE_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');

/**
 * @returns undefined when the chunk is too short or its channel count or rate is 0.
 * @throws GatewayError `undecodable-audio` when the size of a frame contradicts the size of its samples.
 */
export function parseWavFormat(chunk: Buffer, bigEndian: boolean): WavFormat | undefined {
  if (chunk.length < 16) return undefined;
  const uint16 = (at: number): number => (bigEndian ? chunk.readUInt16BE(at) : chunk.readUInt16LE(at));
  const uint32 = (at: number): number => (bigEndian ? chunk.readUInt32BE(at) : chunk.readUInt32LE(at));
  const channels = uint16(2);
  const sampleRate = uint32(4);
  if (channels === 0 || sampleRate === 0) return undefined;
  const isExtensible = uint16(0) === EXTENSIBLE && chunk.subarray(26, 40).equals(SUBTYPE_TAIL);
  const encoding = isExtensible ? uint16(24) : uint16(0);
  const bits = uint16(14);
  const claimed = isExtensible ? uint16(18) : 0;
  const bytes = sampleBytes(encoding, channels, bits, uint16(12));
  return {
    encoding,
    channels,
    channelMask: isExtensible ? uint32(20) : 0,
    sampleRate,
    bitsPerSample: claimed > 0 && claimed < bits ? claimed : bits,
    sampleBytes: bytes,
    isOversized: isLinear(encoding) && bytes > Math.ceil(bits / 8),
  };
}

/** @param blockAlign the size of a frame according to the file. */
function sampleBytes(encoding: number, channels: number, bits: number, blockAlign: number): number {
  if (encoding === A_LAW || encoding === MU_LAW) return 1;
  // 12 bits are stored in 16, 20 in 24.
  const needed = Math.ceil(bits / 8);
  // Some writers omit the size of a frame, or write that of one channel.
  if (!isLinear(encoding) || blockAlign === 0 || blockAlign === needed) return needed;
  const bytes = blockAlign / channels;
  // Integers may be padded, as 24 bits to four bytes are.
  if (bytes === needed || (encoding === PCM && Number.isInteger(bytes) && bytes > needed && bytes <= 4))
    return bytes;
  throw undecodableAudio(
    `The WAV file contradicts itself: ${channels} × ${bits} bits do not make a frame of ${blockAlign} bytes. Export it again, for example with 16 bits.`,
  );
}

function isLinear(encoding: number): boolean {
  return encoding === PCM || encoding === FLOAT;
}

/** ffmpeg's names of bare samples, one fixed-size number after the other. */
export type SampleFormat =
  | 'u8'
  | 's16le'
  | 's24le'
  | 's32le'
  | 'f32le'
  | 'f64le'
  | 's16be'
  | 's24be'
  | 's32be'
  | 'f32be'
  | 'f64be'
  | 'alaw'
  | 'mulaw';

/** @returns the format of the samples, or undefined when they are block-compressed (ADPCM, GSM, MP3…). */
export function sampleFormat(format: WavFormat & { readonly bigEndian: boolean }): SampleFormat | undefined {
  const { encoding, bigEndian } = format;
  if (encoding === A_LAW) return 'alaw';
  if (encoding === MU_LAW) return 'mulaw';
  const bits = format.sampleBytes * 8;
  if (encoding === FLOAT && (bits === 32 || bits === 64)) return `f${bits}${bigEndian ? 'be' : 'le'}`;
  if (encoding !== PCM) return undefined;
  if (bits === 8) return 'u8';
  return bits === 16 || bits === 24 || bits === 32 ? `s${bits}${bigEndian ? 'be' : 'le'}` : undefined;
}

/** Whether integers may have padding bits, at either end (`sampleGain`). */
export function isPadded({ encoding, sampleBytes: bytes, bitsPerSample }: WavFormat): boolean {
  return encoding === PCM && bytes >= 2 && bytes <= 4 && bitsPerSample < bytes * 8;
}

/**
 * The format of samples that another container describes, in the terms of a WAV.
 *
 * @returns undefined for what a WAV does not have (signed bytes), more than two channels, and rates that are no integer.
 */
export function linearFormat(options: {
  readonly channels: number;
  readonly bits: number;
  readonly sampleRate: number;
  readonly isFloat: boolean;
  readonly bigEndian: boolean;
}): (WavFormat & { readonly bigEndian: boolean }) | undefined {
  const { channels, bits, sampleRate, isFloat, bigEndian } = options;
  const isSupported = (isFloat ? [32, 64] : [16, 24, 32]).includes(bits);
  if (!isSupported || channels < 1 || channels > 2) return undefined;
  if (!Number.isSafeInteger(sampleRate) || sampleRate < 1) return undefined;
  return {
    encoding: isFloat ? FLOAT : PCM,
    channels,
    channelMask: 0,
    sampleRate,
    bitsPerSample: bits,
    sampleBytes: bits / 8,
    isOversized: false,
    bigEndian,
  };
}
