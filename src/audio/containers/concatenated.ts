/**
 * Complete recordings back to back in one file, as written by recorders that start a new one after each pause. Most
 * demuxers read only the first, or decode the headers of the next as sound.
 */
import { undecodableAudio } from '../errors.js';
import { readBoxHeader, type BoxHeader } from './boxes.js';
import { ASF_GUID, EBML_ID, W64_GUID, type Demuxer } from './formats.js';
import type { RecordingReader } from '../recording.js';
import { findAll, WindowReader, type Signature } from './scan.js';
import { findTransportStreams } from './transport-streams.js';
import type { ByteRange } from '../wav/wav.js';

/** Each is decoded by its own process. */
const MAX_RECORDINGS = 64;

/** A fragmented MP4 of 240 s has some thousands of boxes, two for each fragment. */
const MAX_BOXES = 65_536;

/** How every file of a container starts. */
const SIGNATURES: Partial<Record<Demuxer, Signature>> = {
  flac: beginning('fLaC', 8, (bytes, at) => {
    const isStreamInfo = (bytes.readUInt8(at + 4) & 0x7f) === 0;
    return isStreamInfo && bytes.readUIntBE(at + 5, 3) === 34;
  }),
  aiff: beginning('FORM', 12, (bytes, at) => /^AIF[FC]$/.test(bytes.toString('latin1', at + 8, at + 12))),
  caf: beginning('caff\0\x01\0\0desc', 12, () => true),
  w64: beginning(W64_GUID, 16, () => true),
  au: beginning('.snd', 24, (bytes, at) => {
    const headerBytes = bytes.readUInt32BE(at + 4);
    const encoding = bytes.readUInt32BE(at + 12);
    return headerBytes >= 24 && headerBytes < 65_536 && encoding >= 1 && encoding <= 27;
  }),
  amr: beginning('#!AMR', 9, (bytes, at) => /^(\n|-WB\n)/.test(bytes.toString('latin1', at + 5, at + 9))),
  asf: beginning(ASF_GUID, 16, () => true),
  // The EBML header names the document type.
  matroska: beginning(EBML_ID, 64, (bytes, at) =>
    /\x42\x82.(webm|matroska)/s.test(bytes.toString('latin1', at, at + 64)),
  ),
};

/** A signature whose magic bytes come first; `length` is what `matches` needs to see. */
function beginning(
  magic: string | Buffer,
  length: number,
  matches: (bytes: Buffer, at: number) => boolean,
): Signature {
  const isThere = (bytes: Buffer, at: number): boolean => bytes.length >= at + length && matches(bytes, at);
  return { needle: Buffer.from(magic), needleAt: 0, length, matches: isThere };
}

/**
 * @returns the range of each recording from `start` on; a single range where the demuxer itself reads all of them.
 * @throws GatewayError `undecodable-audio` when there are too many.
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

/** Where the second recording starts, and every further one. */
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

/** ISO/IEC 14496-12: a file type box after a movie box starts the next file. */
async function* findMovies(recording: RecordingReader, start: number): AsyncGenerator<number> {
  let hasMovie = false;
  let at: number | undefined = start;
  for (let boxes = 0; at !== undefined; boxes += 1) {
    const header: BoxHeader | undefined = await readBoxHeader(recording, at);
    if (header === undefined) return;
    if (boxes === MAX_BOXES) throw tooManyBoxes();
    const { type, length }: BoxHeader = header;
    if (type === 'ftyp' && hasMovie) {
      yield at;
      hasMovie = false;
    }
    hasMovie ||= type === 'moov';
    const isWhole: boolean =
      length >= 8 && at + length <= recording.size && /^[\x20-\x7e\xa9]{4}$/.test(type);
    // Padding, a truncated box, or one of unknown length.
    at = isWhole ? at + length : await findFileType(recording, at + 8);
  }
}

/** A file type box: its length, its name, and the brand. */
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
/** ffmpeg decodes chained streams of these codecs, if all are of the same one. */
const CHAINED_CODECS = ['OpusHead', '\x01vorbis', 'Speex   '];

/** RFC 3533: a page that starts a stream, after pages that do not, starts the next link of a chain. */
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

function tooManyBoxes(): Error {
  return undecodableAudio(
    `The MP4 file has more than ${MAX_BOXES} boxes. Export it again, for example as WAV.`,
  );
}

function tooManyRecordings(): Error {
  return undecodableAudio(
    `There are more than ${MAX_RECORDINGS} recordings in one file. Send them one by one.`,
  );
}
