/**
 * Whole recordings one behind the other in one file, as recorders leave them that begin anew after each pause. Most
 * demuxers hear the first alone, or take the headers of the next for sound.
 */
import { GatewayError } from '../../errors.js';
import type { Demuxer } from './formats.js';
import type { RecordingReader } from '../recording.js';
import { findAll, WindowReader, type Signature } from './scan.js';
import { findTransportStreams } from './transport-streams.js';
import type { ByteRange } from '../wav/wav.js';

/** Each is decoded by a process of its own. */
const MAX_RECORDINGS = 64;

/** A fragmented MP4 of 240 s has some thousands, with two for each fragment. */
const MAX_BOXES = 65_536;

/** What every file of a container begins with. */
const SIGNATURES: Partial<Record<Demuxer, Signature>> = {
  flac: beginning('fLaC', 8, (bytes, at) => {
    const isStreamInfo = (bytes.readUInt8(at + 4) & 0x7f) === 0;
    return isStreamInfo && bytes.readUIntBE(at + 5, 3) === 34;
  }),
  aiff: beginning('FORM', 12, (bytes, at) => /^AIF[FC]$/.test(bytes.toString('latin1', at + 8, at + 12))),
  caf: beginning('caff\0\x01\0\0desc', 12, () => true),
  w64: beginning(Buffer.from('726966662e91cf11a5d628db04c10000', 'hex'), 16, () => true),
  au: beginning('.snd', 24, (bytes, at) => {
    const headerBytes = bytes.readUInt32BE(at + 4);
    const encoding = bytes.readUInt32BE(at + 12);
    return headerBytes >= 24 && headerBytes < 65_536 && encoding >= 1 && encoding <= 27;
  }),
  amr: beginning('#!AMR', 9, (bytes, at) => /^(\n|-WB\n)/.test(bytes.toString('latin1', at + 5, at + 9))),
  asf: beginning(Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), 16, () => true),
  // An EBML header, which says what kind of document it is.
  matroska: beginning(Buffer.from('1a45dfa3', 'hex'), 64, (bytes, at) =>
    /\x42\x82.(webm|matroska)/s.test(bytes.toString('latin1', at, at + 64)),
  ),
};

function beginning(
  magic: string | Buffer,
  length: number,
  matches: (bytes: Buffer, at: number) => boolean,
): Signature {
  const isThere = (bytes: Buffer, at: number): boolean => bytes.length >= at + length && matches(bytes, at);
  return { needle: Buffer.from(magic), needleAt: 0, length, matches: isThere };
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
  if (demuxer === 'mpegts') yield* findTransportStreams(recording, start);
  const known = SIGNATURES[demuxer];
  if (known === undefined) return;
  for await (const { offset } of findAll(recording, known, start + 1)) yield offset;
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

/** A file type box: its length, its name, and the brand of the file. */
const FILE_TYPE: Signature = {
  needle: Buffer.from('ftyp'),
  needleAt: 4,
  length: 12,
  matches: (bytes, at) => {
    const size = bytes.readUInt32BE(at);
    return size >= 16 && size <= 1024 && /^[\x20-\x7e]{4}$/.test(bytes.toString('latin1', at + 8, at + 12));
  },
};

async function findFileType(recording: RecordingReader, from: number): Promise<number | undefined> {
  for await (const { offset } of findAll(recording, FILE_TYPE, from)) return offset;
  return undefined;
}

const OGG_HEADER_BYTES = 27;
const OGG_MAX_SEGMENTS = 255;
const OGG_PAGE: Signature = {
  needle: Buffer.from('OggS\0'),
  needleAt: 0,
  length: OGG_HEADER_BYTES + OGG_MAX_SEGMENTS + 8,
  matches: (bytes, at) => bytes.length >= at + OGG_HEADER_BYTES,
};
const BEGINS_STREAM = 2;
/** Streams of these ffmpeg decodes one behind the other, if both are of the same codec. */
const CHAINED_CODECS = ['OpusHead', '\x01vorbis', 'Speex   '];

/** RFC 3533: a page that begins a stream, after others that do not, begins the next link of a chain. */
async function* findOggStreams(recording: RecordingReader, start: number): AsyncGenerator<number> {
  const links: number[] = [];
  const codecs = new Set<string>();
  let isInStream = true;
  for await (const { offset, bytes } of findAll(recording, OGG_PAGE, start)) {
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
