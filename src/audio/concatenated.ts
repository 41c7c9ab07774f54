/**
 * Whole recordings one behind the other in one file, as recorders leave them that begin anew after each pause. Most
 * demuxers hear the first alone, or take the headers of the next for sound.
 */
import { GatewayError } from '../errors.js';
import type { Demuxer } from './formats.js';
import type { RecordingReader } from './recording.js';
import { findAll, WindowReader } from './scan.js';
import type { ByteRange } from './wav.js';

/** Each is decoded by a process of its own. */
const MAX_RECORDINGS = 64;

/** A fragmented MP4 of 240 s has some thousands, with two for each fragment. */
const MAX_BOXES = 65_536;

/** What every file of a container begins with, and whether the bytes from there on are such a beginning indeed. */
interface Signature {
  readonly bytes: Buffer;
  readonly matches: (head: Buffer) => boolean;
}

const HEAD_BYTES = 64;

const SIGNATURES: Partial<Record<Demuxer, Signature>> = {
  flac: signature('fLaC', (head) => (head.readUInt8(4) & 0x7f) === 0 && head.readUIntBE(5, 3) === 34),
  aiff: signature('FORM', (head) => /^AIF[FC]/.test(head.toString('latin1', 8, 12))),
  caf: signature('caff', (head) => head.toString('latin1', 4, 12) === '\0\x01\0\0desc'),
  w64: signature(Buffer.from('726966662e91cf11a5d628db04c10000', 'hex'), () => true),
  au: signature('.snd', (head) => {
    const headerBytes = head.readUInt32BE(4);
    const encoding = head.readUInt32BE(12);
    return headerBytes >= 24 && headerBytes < 65_536 && encoding >= 1 && encoding <= 27;
  }),
  amr: signature('#!AMR', (head) => /^#!AMR(-WB)?\n/.test(head.toString('latin1', 0, 9))),
  asf: signature(Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), () => true),
  matroska: signature(Buffer.from('1a45dfa3', 'hex'), (head) =>
    /\x42\x82.(webm|matroska)/s.test(head.toString('latin1')),
  ),
};

function signature(bytes: string | Buffer, matches: (head: Buffer) => boolean): Signature {
  return { bytes: Buffer.from(bytes), matches: (head) => head.length >= 24 && matches(head) };
}

/**
 * @returns the recordings from `start` on, each with all of its bytes; one where the demuxer hears all of them by itself.
 * @throws GatewayError `undecodable-audio` when they are more than are taken.
 */
export async function findRecordings(
  recording: RecordingReader,
  demuxer: Demuxer,
  start: number,
): Promise<ByteRange[]> {
  const starts = [start];
  for await (const next of findStarts(recording, demuxer, start)) {
    if (starts.length === MAX_RECORDINGS) throw tooManyRecordings();
    starts.push(next);
  }
  return starts.map((offset, index) => ({ offset, length: (starts[index + 1] ?? recording.size) - offset }));
}

/** Where the second recording begins, and every further one. */
async function* findStarts(
  recording: RecordingReader,
  demuxer: Demuxer,
  start: number,
): AsyncGenerator<number> {
  if (demuxer === 'mov') yield* findMovies(new WindowReader(recording), start);
  if (demuxer === 'ogg') yield* findOggStreams(recording, start);
  const known = SIGNATURES[demuxer];
  if (known === undefined) return;
  const places = { start: start + known.bytes.length, end: recording.size, length: HEAD_BYTES };
  for await (const { offset, bytes } of findAll(recording, known.bytes, places)) {
    if (known.matches(bytes)) yield offset;
  }
}

/** ISO/IEC 14496-12: a file type box after a movie box begins the next file. */
async function* findMovies(recording: RecordingReader, start: number): AsyncGenerator<number> {
  let hasMovie = false;
  let at: number | undefined = start;
  for (let boxes = 0; at !== undefined && at + 8 <= recording.size; boxes += 1) {
    if (boxes === MAX_BOXES) throw tooManyBoxes();
    const head: Buffer = await recording.read(at, 16);
    const type = head.toString('latin1', 4, 8);
    if (type === 'ftyp' && hasMovie) {
      yield at;
      hasMovie = false;
    }
    hasMovie ||= type === 'moov';
    const size = head.readUInt32BE(0);
    const length: number = size === 1 && head.length === 16 ? Number(head.readBigUInt64BE(8)) : size;
    const isWhole: boolean =
      length >= 8 && at + length <= recording.size && /^[\x20-\x7e\xa9]{4}$/.test(type);
    // Padding, a box that was cut off, or one whose writer did not know its length.
    at = isWhole ? at + length : await findFileType(recording, at + 8);
  }
}

async function findFileType(recording: RecordingReader, from: number): Promise<number | undefined> {
  const places = { start: from + 4, end: recording.size, length: 8 };
  for await (const { offset, bytes } of findAll(recording, Buffer.from('ftyp'), places)) {
    const size = (await recording.read(offset - 4, 4)).readUInt32BE(0);
    if (size >= 16 && size <= 1024 && /^ftyp[\x20-\x7e]{4}$/.test(bytes.toString('latin1')))
      return offset - 4;
  }
  return undefined;
}

const OGG_PAGE = Buffer.from('OggS\0');
const OGG_HEADER_BYTES = 27;
const BEGINS_STREAM = 2;
/** Streams of these ffmpeg decodes one behind the other, if both are of the same codec. */
const CHAINED_CODECS = ['OpusHead', '\x01vorbis', 'Speex   '];

/** RFC 3533: a page that begins a stream, after others that do not, begins the next link of a chain. */
async function* findOggStreams(recording: RecordingReader, start: number): AsyncGenerator<number> {
  const links: number[] = [];
  const codecs = new Set<string>();
  let isInStream = true;
  const places = { start, end: recording.size, length: OGG_HEADER_BYTES + 255 + 8 };
  for await (const { offset, bytes } of findAll(recording, OGG_PAGE, places)) {
    if (bytes.length < OGG_HEADER_BYTES) break;
    const begins = (bytes.readUInt8(5) & BEGINS_STREAM) !== 0;
    if (begins) {
      const packet = OGG_HEADER_BYTES + bytes.readUInt8(26);
      codecs.add(bytes.toString('latin1', packet, packet + 8));
      if (isInStream && offset > start) links.push(offset);
    }
    isInStream = !begins;
  }
  const [codec = ''] = codecs;
  if (codecs.size === 1 && CHAINED_CODECS.some((magic) => codec.startsWith(magic))) return;
  yield* links;
}

function tooManyBoxes(): GatewayError {
  return new GatewayError(
    'undecodable-audio',
    `The MP4 file has more than ${MAX_BOXES} boxes. Export it again, for example as WAV.`,
  );
}

function tooManyRecordings(): GatewayError {
  return new GatewayError(
    'undecodable-audio',
    `More than ${MAX_RECORDINGS} recordings stand one behind the other in this file. Send them one by one.`,
  );
}
