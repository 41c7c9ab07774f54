/** Counts the sound tracks of a film from the head of its container, which costs a fraction of a millisecond. */
import { BytesReader, type RecordingReader } from '../recording.js';
import type { ByteRange } from '../wav/wav.js';
import { readBoxHead } from './boxes.js';
import { EBML_ID, type Demuxer } from './formats.js';

/** The table of a recording of 30 s has some 10 kB, that of a film of four hours some megabytes. */
const MAX_TABLE_BYTES = 8 * 1024 * 1024;
/** Boxes or elements before the table; a usual file has fewer than ten. */
const MAX_SKIPPED = 64;

/**
 * Whether ffmpeg has to be asked which track is marked as default: not where there is exactly one, and not where the container
 * cannot mark tracks. What cannot be read here is left to ffmpeg.
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

/** @returns undefined where it cannot be told. */
async function countInMov(
  reader: RecordingReader,
  { offset, length }: ByteRange,
): Promise<number | undefined> {
  const end = offset + length;
  let at = offset;
  for (let skipped = 0; skipped < MAX_SKIPPED && at + 8 <= end; skipped += 1) {
    const head = await readBoxHead(reader, at);
    if (head === undefined) return undefined;
    const size = head.length === 0 ? end - at : head.length;
    if (size < 8) return undefined;
    if (head.type === 'moov')
      return size > MAX_TABLE_BYTES ? undefined : countHandlers(await reader.read(at, size));
    at += size;
  }
  return undefined;
}

/** A handler box: its name, version and flags, 4 bytes that MP4 leaves empty, then what the track holds. */
function countHandlers(table: Buffer): number {
  let count = 0;
  for (let at = table.indexOf('hdlr', 0, 'latin1'); at !== -1; at = table.indexOf('hdlr', at + 4, 'latin1'))
    if (table.toString('latin1', at + 12, at + 16) === 'soun') count += 1;
  return count;
}

const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
const TRACK_ENTRY = 0xae;
const TRACK_TYPE = 0x83;
const SOUND = 2;

/** @returns undefined where it cannot be told. */
async function countInMatroska(
  reader: RecordingReader,
  { offset, length }: ByteRange,
): Promise<number | undefined> {
  const end = offset + length;
  let at = offset;
  for (let skipped = 0; skipped < MAX_SKIPPED && at < end; skipped += 1) {
    const element = await readElement(reader, at);
    if (element === undefined || element.id === CLUSTER) return undefined;
    const { id, from, size } = element;
    if (id === TRACKS)
      return size === undefined || size > MAX_TABLE_BYTES
        ? undefined
        : countEntries(await reader.read(from, size));
    if (id !== SEGMENT && size === undefined) return undefined;
    at = id === SEGMENT ? from : from + (size ?? 0);
  }
  return undefined;
}

async function countEntries(tracks: Buffer): Promise<number | undefined> {
  let count = 0;
  for (const entry of await childrenOf(tracks)) {
    if (entry.id !== TRACK_ENTRY) continue;
    for (const { id, content } of await childrenOf(entry.content))
      if (id === TRACK_TYPE && content.at(-1) === SOUND) count += 1;
  }
  return count;
}

async function childrenOf(bytes: Buffer): Promise<{ id: number; content: Buffer }[]> {
  const reader = new BytesReader(bytes);
  const children: { id: number; content: Buffer }[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = await readElement(reader, at);
    if (element?.size === undefined) break;
    const { id, from, size } = element;
    children.push({ id, content: bytes.subarray(from, from + size) });
    at = from + size;
  }
  return children;
}

interface Element {
  readonly id: number;
  /** Where its content begins. */
  readonly from: number;
  /** Absent where it extends to the end of what holds it. */
  readonly size: number | undefined;
}

/** An id of 1 to 4 bytes and a size of 1 to 8, whose lengths their leading zeros say. */
async function readElement(reader: RecordingReader, at: number): Promise<Element | undefined> {
  const bytes = await reader.read(at, EBML_ID.length + 8);
  const idLength = Math.clz32(bytes[0] ?? 0) - 23;
  const sizeLength = Math.clz32(bytes[idLength] ?? 0) - 23;
  const from = idLength + sizeLength;
  if (idLength > EBML_ID.length || sizeLength > 8 || bytes.length < from) return undefined;
  let size = (bytes[idLength] ?? 0) & (0xff >> sizeLength);
  let isUnknown = size === 0xff >> sizeLength;
  for (const byte of bytes.subarray(idLength + 1, from)) {
    size = size * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return { id: bytes.readUIntBE(0, idLength), from: at + from, size: isUnknown ? undefined : size };
}
