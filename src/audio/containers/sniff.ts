/** Identifies the container of a recording by its first bytes alone. */
import { ASF_GUID, EBML_ID, W64_GUID, type Demuxer } from './formats.js';
import { framesAtStart, framesAfterJunk } from './frames.js';
import type { RecordingReader } from '../recording.js';

export interface Container {
  /** The demuxer to force on ffmpeg. */
  readonly demuxer: Demuxer;
  /** Where the container starts, after tags and junk. */
  readonly start: number;
}

/** Two of the longest usual MPEG audio frames (2 881 bytes: layer II at 32 kHz with padding), and zeros before them. */
const HEAD_BYTES = 16_384;

/** Recorders leave up to a few disk clusters of zeros, or part of a frame, before the first whole frame. */
const MAX_JUNK_BYTES = 131_072;

/** A tag may be followed by another; a file with more than this is not a recording. */
const MAX_TAGS = 4;

/** @returns the container and where it starts, or undefined for an unsupported format. */
export async function sniff(recording: RecordingReader): Promise<Container | undefined> {
  let start = 0;
  let isTagged = false;
  for (let tags = 0; tags <= MAX_TAGS; tags += 1) {
    const head = await recording.read(start, HEAD_BYTES);
    const tag = readTag(head);
    if (tag === undefined) {
      const found = identify(head) ?? (await findFrames(recording, head, start));
      if (found !== undefined) return { demuxer: found.demuxer, start: start + found.start };
      // MP3 files have all sorts of padding between a tag and the first frame; the demuxer finds that frame itself.
      return isTagged ? { demuxer: 'mp3', start: 0 } : undefined;
    }
    start += tag.length;
    isTagged ||= tag.isCertain;
  }
  return undefined;
}

interface Tag {
  readonly length: number;
  /** Whether no other format starts like it. */
  readonly isCertain: boolean;
}

/** @returns the tag at the start, which describes a recording and is not part of it. */
function readTag(head: Buffer): Tag | undefined {
  const id3Bytes = readId3v2Bytes(head);
  if (id3Bytes !== undefined) return { length: id3Bytes, isCertain: true };
  if (head.length >= 32 && head.toString('latin1', 0, 8) === 'APETAGEX') {
    // Its size counts the footer, not this header.
    return { length: 32 + head.readUInt32LE(12), isCertain: true };
  }
  const id3v1 = head.toString('latin1', 0, 4);
  if (id3v1 === 'TAG+') return { length: 227, isCertain: false };
  return id3v1.startsWith('TAG') ? { length: 128, isCertain: false } : undefined;
}

/** @returns the length of the ID3v2 tag at the start (header, body, footer). */
function readId3v2Bytes(head: Buffer): number | undefined {
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

function identify(head: Buffer): Container | undefined {
  const demuxer = identifyMagic(head);
  return demuxer === undefined ? framesAtStart(head) : { demuxer, start: 0 };
}

function identifyMagic(head: Buffer): Demuxer | undefined {
  const text = (start: number, end: number): string => head.toString('latin1', start, end);
  const first = text(0, 4);
  const form = text(8, 12);
  if (['RIFF', 'RIFX', 'RF64', 'BW64'].includes(first)) return form === 'WAVE' ? 'wav' : undefined;
  if (first === 'FORM') return form === 'AIFF' || form === 'AIFC' ? 'aiff' : undefined;
  if (first === 'fLaC') return 'flac';
  if (text(0, 5) === 'OggS\0') return 'ogg';
  if (head.subarray(0, 4).equals(EBML_ID)) return 'matroska';
  if (first === 'caff') return 'caf';
  if (first === '.snd') return 'au';
  if (text(0, 6) === '#!AMR\n' || text(0, 9) === '#!AMR-WB\n') return 'amr';
  if (head.subarray(0, 16).equals(W64_GUID)) return 'w64';
  if (head.subarray(0, 16).equals(ASF_GUID)) return 'asf';
  // MP4 starts with `ftyp`, older QuickTime files with any of the others.
  if (['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'].includes(text(4, 8))) return 'mov';
  return undefined;
}

/** How files start that may contain whole MPEG frames and are not recordings: archives, programs, pictures, films. */
const OTHER_FILES = [
  ...['PK\x03\x04', '\x1f\x8b', '7z\xbc\xaf', 'Rar!', 'BZh', '\xfd7zXZ', '\x28\xb5\x2f\xfd'],
  ...['\x7fELF', 'MZ', '\xcf\xfa\xed\xfe', '\0asm', '%PDF', '\xd0\xcf\x11\xe0', 'SQLite format'],
  ...['\x89PNG', '\xff\xd8\xff', 'GIF8', 'BM', 'II*\0', 'MM\0*', '8BPS'],
  ...['RIFF', 'FORM', 'FLV', 'CWS', 'FWS', 'MThd', '\xff\xfe', '\xfe\xff'],
];

async function findFrames(
  recording: RecordingReader,
  head: Buffer,
  start: number,
): Promise<Container | undefined> {
  const first = head.toString('latin1', 0, 16);
  if (OTHER_FILES.some((magic) => first.startsWith(magic))) return undefined;
  return framesAfterJunk(await recording.read(start, MAX_JUNK_BYTES + HEAD_BYTES), MAX_JUNK_BYTES);
}
