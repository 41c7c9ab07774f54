/** MPEG transport streams back to back: a demuxer reads only those whose audio has the packet identifier of the first. */
import type { RecordingReader } from '../recording.js';

const PACKET_BYTES = 188;
const SYNC = 0x47;
const SCAN_BYTES = 256 * 1024;

/** Yields where a stream starts whose program has other elementary streams than the one before (ISO/IEC 13818-1). */
export async function* findTransportStreams(
  recording: RecordingReader,
  start: number,
): AsyncGenerator<number> {
  const programs = new ProgramTables();
  let offset = start;
  while (offset + PACKET_BYTES <= recording.size) {
    const bytes = await recording.read(offset, SCAN_BYTES);
    let at = bytes.indexOf(SYNC);
    while (at !== -1 && at + PACKET_BYTES <= bytes.length) {
      const next = programs.readPacket(bytes.subarray(at, at + PACKET_BYTES), offset + at);
      if (next !== undefined) yield next;
      // With a timestamp or a checksum between packets, the next sync byte is a few bytes later.
      at = bytes.indexOf(SYNC, at + PACKET_BYTES);
    }
    offset += at === -1 ? bytes.length : at;
  }
}

/** The program tables of a stream so far. */
class ProgramTables {
  #mapPid: number | undefined;
  /** Where the last program association table is. */
  #associationAt = 0;
  #streams: string | undefined;

  /** @returns where the next stream starts, once a packet shows that it has started. */
  readPacket(packet: Buffer, offset: number): number | undefined {
    const pid = packet.readUInt16BE(1) & 0x1fff;
    const section = pid === 0 || pid === this.#mapPid ? readSection(packet) : undefined;
    if (section === undefined) return undefined;
    const tableId = section.readUInt8(0);
    if (pid === 0 && tableId === 0 && section.length >= 12) {
      this.#associationAt = offset;
      this.#mapPid = section.readUInt16BE(10) & 0x1fff;
    }
    if (pid === 0 || tableId !== 2 || section.length < 12) return undefined;
    const streams = readStreams(section);
    const isOther = this.#streams !== undefined && streams !== this.#streams;
    this.#streams = streams;
    return isOther ? this.#associationAt : undefined;
  }
}

/** @returns the table that starts in a packet, as far as the packet goes, without its checksum. */
function readSection(packet: Buffer): Buffer | undefined {
  const begins = (packet.readUInt8(1) & 0x40) !== 0;
  const hasAdaptation = (packet.readUInt8(3) & 0x20) !== 0;
  const payload = 4 + (hasAdaptation ? 1 + packet.readUInt8(4) : 0);
  if (!begins || payload >= PACKET_BYTES) return undefined;
  const start = payload + 1 + packet.readUInt8(payload);
  if (start + 3 > PACKET_BYTES) return undefined;
  const length = packet.readUInt16BE(start + 1) & 0x0fff;
  return packet.subarray(start, start + 3 + Math.max(0, length - 4));
}

/** The type and packet identifier of each elementary stream of a program. */
function readStreams(section: Buffer): string {
  const streams: string[] = [];
  let at = 12 + (section.readUInt16BE(10) & 0x0fff);
  while (at + 5 <= section.length) {
    streams.push(`${section.readUInt8(at)}:${section.readUInt16BE(at + 1) & 0x1fff}`);
    at += 5 + (section.readUInt16BE(at + 3) & 0x0fff);
  }
  return streams.join(' ');
}
