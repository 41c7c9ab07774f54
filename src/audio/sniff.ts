/** What a file is, by its first bytes alone: one of the containers that we let ffmpeg read, or nothing. */
import type { RecordingReader } from './recording.js';

/**
 * ffmpeg's names of the demuxers that may ever run. All of them hold samples; none of them holds a list of other
 * files, a script, text or pictures only.
 */
export type Demuxer =
  'wav' | 'mp3' | 'aac' | 'mov' | 'ogg' | 'matroska' | 'flac' | 'amr' | 'aiff' | 'caf' | 'w64' | 'au';

/** The formats that we take, as people call them. */
export const AUDIO_FORMATS: readonly string[] = [
  'wav',
  'mp3',
  'm4a',
  'mp4',
  'aac',
  'ogg',
  'opus',
  'webm',
  'mka',
  'flac',
  'amr',
  'aiff',
  'caf',
  'w64',
  'au',
];

/** Two of the longest MPEG audio frames (2 881 bytes, layer II at 32 kHz with padding is the longest usual one) and room for zeros. */
const HEAD_BYTES = 16_384;

/** An ID3v2 tag may be followed by another; more than this is no recording. */
const MAX_TAGS = 4;

/** @returns the demuxer to force on ffmpeg, or undefined when the content is nothing that we take. */
export async function sniff(recording: RecordingReader): Promise<Demuxer | undefined> {
  let start = 0;
  for (let tags = 0; tags <= MAX_TAGS; tags += 1) {
    const head = await recording.read(start, HEAD_BYTES);
    const tagBytes = id3Bytes(head);
    if (tagBytes === undefined) {
      // Behind a tag people have all sorts of padding before the first frame: the mp3 demuxer looks for it itself.
      return recognise(head) ?? (tags > 0 ? 'mp3' : undefined);
    }
    start += tagBytes;
  }
  return undefined;
}

/** @returns the length of the ID3v2 tag at the start (header, body, footer), or undefined when there is none. */
function id3Bytes(head: Buffer): number | undefined {
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3' || head.readUInt8(3) === 0xff)
    return undefined;
  let size = 0;
  for (const byte of head.subarray(6, 10)) {
    if (byte > 0x7f) return undefined;
    size = size * 128 + byte;
  }
  const hasFooter = (head.readUInt8(5) & 0x10) !== 0;
  return 10 + size + (hasFooter ? 10 : 0);
}

const W64_GUID = Buffer.from('726966662e91cf11a5d628db04c10000', 'hex');
const EBML_ID = '\x1a\x45\xdf\xa3';

function recognise(head: Buffer): Demuxer | undefined {
  const text = (start: number, end: number): string => head.toString('latin1', start, end);
  const first = text(0, 4);
  const form = text(8, 12);
  if (['RIFF', 'RIFX', 'RF64', 'BW64'].includes(first)) return form === 'WAVE' ? 'wav' : undefined;
  if (first === 'FORM') return form === 'AIFF' || form === 'AIFC' ? 'aiff' : undefined;
  if (first === 'fLaC') return 'flac';
  if (text(0, 5) === 'OggS\0') return 'ogg';
  if (first === EBML_ID) return 'matroska';
  if (first === 'caff') return 'caf';
  if (first === '.snd') return 'au';
  if (text(0, 6) === '#!AMR\n' || text(0, 9) === '#!AMR-WB\n') return 'amr';
  if (head.subarray(0, 16).equals(W64_GUID)) return 'w64';
  // MP4 starts with `ftyp`; QuickTime files older than that with any of the others.
  if (['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'].includes(text(4, 8))) return 'mov';
  return recogniseFrames(head);
}

/** Formats without a magic number: a chain of frames, each saying how long it is. */
function recogniseFrames(head: Buffer): Demuxer | undefined {
  const start = head.findIndex((byte) => byte !== 0);
  if (start === -1) return undefined;
  if (isChain(head, start, adtsFrameBytes)) return 'aac';
  if (isChain(head, start, mpegFrameBytes)) return 'mp3';
  return undefined;
}

/** One sync word is a coincidence (the byte order mark of UTF-16 text is one), two where the first said are not. */
function isChain(
  head: Buffer,
  start: number,
  frameBytes: (head: Buffer, at: number) => number | undefined,
): boolean {
  const first = frameBytes(head, start);
  if (first === undefined) return false;
  const next = start + first;
  return next === head.length || frameBytes(head, next) !== undefined;
}

/** ISO/IEC 14496-3, adts_fixed_header: 12 bits sync, layer 00, 13 sampling frequencies, 13 bits of length. */
function adtsFrameBytes(head: Buffer, at: number): number | undefined {
  if (at + 7 > head.length || (head.readUInt16BE(at) & 0xfff6) !== 0xfff0) return undefined;
  const frequency = (head.readUInt8(at + 2) >> 2) & 0x0f;
  const length = (head.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
  return frequency < 13 && length >= 7 ? length : undefined;
}

/** kbit/s by bitrate index, ISO/IEC 11172-3 and 13818-3. */
const BITRATES = {
  mpeg1: {
    1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  mpeg2: {
    1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
} as const;

/** Length of the MPEG audio frame at `at`. Free-format frames (bitrate index 0) do not say theirs and are not taken. */
function mpegFrameBytes(head: Buffer, at: number): number | undefined {
  if (at + 4 > head.length || (head.readUInt16BE(at) & 0xffe0) !== 0xffe0) return undefined;
  const version = ([2.5, undefined, 2, 1] as const)[(head.readUInt8(at + 1) >> 3) & 3];
  const layer = ([undefined, 3, 2, 1] as const)[(head.readUInt8(at + 1) >> 1) & 3];
  if (version === undefined || layer === undefined) return undefined;

  const bits = head.readUInt8(at + 2);
  const kbps = BITRATES[version === 1 ? 'mpeg1' : 'mpeg2'][layer][bits >> 4];
  const baseRate = [44_100, 48_000, 32_000][(bits >> 2) & 3];
  if (!kbps || baseRate === undefined) return undefined;

  const rate = version === 1 ? baseRate : version === 2 ? baseRate / 2 : baseRate / 4;
  const padding = (bits >> 1) & 1;
  if (layer === 1) return (Math.floor((12 * kbps * 1000) / rate) + padding) * 4;
  const samplesPerByte = layer === 3 && version !== 1 ? 72 : 144;
  return Math.floor((samplesPerByte * kbps * 1000) / rate) + padding;
}
