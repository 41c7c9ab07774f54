/** Formats without a magic number, known by a chain of frames: MPEG audio, ADTS, and MPEG transport streams. */

/** Reads the length of the frame at `at`, and a value that all frames of its stream share; undefined if there is no frame. */
type ReadFrame = (bytes: Buffer, at: number) => { length: number; stream: number } | undefined;

export interface FoundFrames {
  readonly demuxer: 'aac' | 'mp3' | 'mpegts';
  /** Where the first whole frame starts. */
  readonly start: number;
}

/** One sync word is a coincidence (the byte order mark of UTF-16 text is one); two at the distance that the first states are not. */
const FRAMES_AT_START = 2;

/** After other bytes there are thousands of places where a chain could start by chance. */
const FRAMES_AFTER_JUNK = 5;

/** @returns the frames that start at the first byte that is not zero. */
export function framesAtStart(bytes: Buffer): FoundFrames | undefined {
  const start = bytes.findIndex((byte) => byte !== 0);
  if (start === -1) return undefined;
  if (isChain(bytes, start, adtsFrame, FRAMES_AT_START)) return { demuxer: 'aac', start };
  if (isChain(bytes, start, mpegFrame, FRAMES_AT_START)) return { demuxer: 'mp3', start };
  return isTransportStream(bytes) ? { demuxer: 'mpegts', start: 0 } : undefined;
}

/** @returns the frames that start within the first `maxJunkBytes`, as in a stream that was joined inside a frame. */
export function framesAfterJunk(bytes: Buffer, maxJunkBytes: number): FoundFrames | undefined {
  for (let at = bytes.indexOf(0xff); at !== -1 && at <= maxJunkBytes; at = bytes.indexOf(0xff, at + 1)) {
    if (isChain(bytes, at, adtsFrame, FRAMES_AFTER_JUNK)) return { demuxer: 'aac', start: at };
    if (isChain(bytes, at, mpegFrame, FRAMES_AFTER_JUNK)) return { demuxer: 'mp3', start: at };
  }
  return undefined;
}

/** Whether `count` consecutive frames belong to one stream; at the start of a file, one that ends with the bytes suffices. */
function isChain(bytes: Buffer, start: number, readFrame: ReadFrame, count: number): boolean {
  let at = start;
  let stream: number | undefined;
  for (let frames = 0; frames < count; frames += 1) {
    if (at === bytes.length && frames >= FRAMES_AT_START - 1 && count === FRAMES_AT_START) return true;
    const frame = readFrame(bytes, at);
    if (frame === undefined || (stream !== undefined && frame.stream !== stream)) return false;
    stream = frame.stream;
    at += frame.length;
  }
  return true;
}

/** ISO/IEC 14496-3, adts_fixed_header: 12 bits sync, layer 00, 13 sampling frequencies, 13 bits of length. */
function adtsFrame(bytes: Buffer, at: number): ReturnType<ReadFrame> {
  if (at + 7 > bytes.length || (bytes.readUInt16BE(at) & 0xfff6) !== 0xfff0) return undefined;
  const third = bytes.readUInt8(at + 2);
  const frequency = (third >> 2) & 0x0f;
  const length = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
  // Version, profile and frequency are constant within a stream.
  return frequency < 13 && length >= 7 ? { length, stream: third >> 2 } : undefined;
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

/** Free-format frames (bitrate index 0) do not state their length and are not supported. */
function mpegFrame(bytes: Buffer, at: number): ReturnType<ReadFrame> {
  if (at + 4 > bytes.length || (bytes.readUInt16BE(at) & 0xffe0) !== 0xffe0) return undefined;
  const second = bytes.readUInt8(at + 1);
  const version = ([2.5, undefined, 2, 1] as const)[(second >> 3) & 3];
  const layer = ([undefined, 3, 2, 1] as const)[(second >> 1) & 3];
  if (version === undefined || layer === undefined) return undefined;

  const bits = bytes.readUInt8(at + 2);
  const kbps = BITRATES[version === 1 ? 'mpeg1' : 'mpeg2'][layer][bits >> 4];
  const rateIndex = (bits >> 2) & 3;
  const baseRate = [44_100, 48_000, 32_000][rateIndex];
  if (!kbps || baseRate === undefined) return undefined;

  const rate = version === 1 ? baseRate : version === 2 ? baseRate / 2 : baseRate / 4;
  const padding = (bits >> 1) & 1;
  // Version, layer and rate are constant within a stream; the presence of a checksum is not.
  const stream = ((second >> 1) << 2) | rateIndex;
  if (layer === 1) return { length: (Math.floor((12 * kbps * 1000) / rate) + padding) * 4, stream };
  const samplesPerByte = layer === 3 && version !== 1 ? 72 : 144;
  return { length: Math.floor((samplesPerByte * kbps * 1000) / rate) + padding, stream };
}

/** Bytes per packet: plain, with a timestamp before it (Blu-ray, cameras), with a checksum after it. */
const PACKET_BYTES = [188, 192, 204] as const;
const PACKETS = 5;

/** ISO/IEC 13818-1, transport_packet: sync byte, error flag, 13 bits of identifier, adaptation field control. */
function isTransportStream(bytes: Buffer): boolean {
  return PACKET_BYTES.some((packetBytes) => {
    const first = packetBytes === 192 ? 4 : 0;
    if (first + packetBytes * (PACKETS - 1) + 4 > bytes.length) return false;
    const packets = Array.from({ length: PACKETS }, (_, index) => first + index * packetBytes);
    const areHeaders = packets.every((at) => {
      const hasError = (bytes.readUInt8(at + 1) & 0x80) !== 0;
      const holdsSomething = (bytes.readUInt8(at + 3) & 0x30) !== 0;
      return bytes.readUInt8(at) === 0x47 && !hasError && holdsSomething;
    });
    // A text table may have a G at the start of each line.
    return areHeaders && packets.some((at) => bytes.subarray(at + 1, at + 4).some((byte) => byte < 0x09));
  });
}
