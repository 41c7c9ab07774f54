/** Counts the audio tracks of a film from its track table, which takes a fraction of a millisecond. */
import { BytesReader, type RecordingReader } from '../recording.js';
import type { ByteRange } from '../wav/wav.js';
import { readBoxHeader } from './boxes.js';
import { EBML_ID, type Demuxer } from './formats.js';

/** The track table of a 30 s recording has some 10 kB, that of a four-hour film some megabytes. */
const MAX_TABLE_BYTES = 8 * 1024 * 1024;
/** Boxes or elements before the table; a usual file has fewer than ten. */
const MAX_SKIPPED = 64;

/**
 * Whether ffmpeg has to be asked which track is marked as default. False if there is exactly one audio track, or if the
 * container cannot mark tracks; true if the track table cannot be read here.
 */
export async function mayHaveSeveralTracks(
  reader: RecordingReader,
  demuxer: Demuxer,
  range: ByteRange,
): Promise<boolean> {
  if (demuxer === 'mov') return (await countInMov(reader, range)) !== 1;
  if (demuxer === 'matroska') return (await countInMatroska(reader, range)) !== 1;
  return false;
}

/** @returns undefined if the number cannot be read. */
async function countInMov(
  reader: RecordingReader,
  { offset, length }: ByteRange,
): Promise<number | undefined> {
  const end = offset + length;
  let at = offset;
  for (let skipped = 0; skipped < MAX_SKIPPED && at + 8 <= end; skipped += 1) {
    const header = await readBoxHeader(reader, at);
    if (header === undefined) return undefined;
    const size = header.length === 0 ? end - at : header.length;
    if (size < 8) return undefined;
    if (header.type === 'moov')
      return size > MAX_TABLE_BYTES ? undefined : countHandlers(await reader.read(at, size));
    at += size;
  }
  return undefined;
}

/**
 * A handler box is its type, a version with flags, 4 bytes that MP4 leaves empty, then the handler type: `soun` for audio.
 */
function countHandlers(table: Buffer): number {
  let count = 0;
  for (let at = table.indexOf('hdlr', 0, 'latin1'); at !== -1; at = table.indexOf('hdlr', at + 4, 'latin1'))
    if (table.toString('latin1', at + 12, at + 16) === 'soun') count += 1;
  return count;
}

/** Element ids and the track type of Matroska (RFC 9559). */
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
const TRACK_ENTRY = 0xae;
const TRACK_TYPE = 0x83;
const AUDIO = 2;

/** @returns undefined if the number cannot be read. */
async function countInMatroska(
  reader: RecordingReader,
  { offset, length }: ByteRange,
): Promise<number | undefined> {
  const end = offset + length;
  let at = offset;
  for (let skipped = 0; skipped < MAX_SKIPPED && at < end; skipped += 1) {
    const element = await readElement(reader, at);
    if (element === undefined || element.id === CLUSTER) return undefined;
    const { id, contentAt, size } = element;
    if (id === TRACKS)
      return size === undefined || size > MAX_TABLE_BYTES
        ? undefined
        : countEntries(await reader.read(contentAt, size));
    if (id !== SEGMENT && size === undefined) return undefined;
    at = id === SEGMENT ? contentAt : contentAt + (size ?? 0);
  }
  return undefined;
}

async function countEntries(tracks: Buffer): Promise<number | undefined> {
  let count = 0;
  for (const entry of await childrenOf(tracks)) {
    if (entry.id !== TRACK_ENTRY) continue;
    for (const { id, content } of await childrenOf(entry.content))
      if (id === TRACK_TYPE && content.at(-1) === AUDIO) count += 1;
  }
  return count;
}

async function childrenOf(bytes: Buffer): Promise<{ id: number; content: Buffer }[]> {
  const reader = new BytesReader(bytes);
  const children: { id: number; content: Buffer }[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = await readElement(reader, at);
    if (element?.size === undefined) break;
    const { id, contentAt, size } = element;
    children.push({ id, content: bytes.subarray(contentAt, contentAt + size) });
    at = contentAt + size;
  }
  return children;
}

interface Element {
  readonly id: number;
  /** Offset of its content. */
  readonly contentAt: number;
  /** Bytes of its content; undefined: it extends to the end of its parent. */
  readonly size: number | undefined;
}

/** An EBML element (RFC 8794) starts with an id of 1 to 4 bytes and a size of 1 to 8: leading zero bits give their lengths. */
async function readElement(reader: RecordingReader, at: number): Promise<Element | undefined> {
  const bytes = await reader.read(at, EBML_ID.length + 8);
  const idLength = Math.clz32(bytes[0] ?? 0) - 23;
  const sizeLength = Math.clz32(bytes[idLength] ?? 0) - 23;
  const headerLength = idLength + sizeLength;
  if (idLength > EBML_ID.length || sizeLength > 8 || bytes.length < headerLength) return undefined;
  let size = (bytes[idLength] ?? 0) & (0xff >> sizeLength);
  let isUnknown = size === 0xff >> sizeLength;
  for (const byte of bytes.subarray(idLength + 1, headerLength)) {
    size = size * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return {
    id: bytes.readUIntBE(0, idLength),
    contentAt: at + headerLength,
    size: isUnknown ? undefined : size,
  };
}
