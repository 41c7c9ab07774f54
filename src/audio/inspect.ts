/** Looks at a recording before it is decoded: returns the samples of each of its parts, or where a decoder reads them. */
import { createReadStream } from 'node:fs';
import { GatewayError } from '../errors.js';
import { findRecordings } from './containers/concatenated.js';
import { AUDIO_FORMATS, type Demuxer } from './containers/formats.js';
import { sniff } from './containers/sniff.js';
import { mayHaveSeveralTracks } from './containers/sound-tracks.js';
import { emptyAudio, undecodableAudio } from './errors.js';
import { isStreamable } from './ffmpeg/arguments.js';
import type { DecodeInput } from './ffmpeg/input-file.js';
import { openRecording, type Recording, type RecordingReader } from './recording.js';
import { wavDecodeInput } from './wav/decode-input.js';
import { mergeSameFormat, readWavFiles, type WavFile } from './wav/files.js';
import { readAiffHeader } from './wav/aiff.js';
import { readCafHeader } from './wav/caf.js';
import { readW64Header } from './wav/w64.js';
import {
  extendsToEnd,
  isNativePcm,
  READ_CHUNK_BYTES,
  readWavSamples,
  wavDataBytes,
  wavSeconds,
  type ByteRange,
} from './wav/wav.js';

/** One of the recordings that a file holds back to back, nearly always the only one. */
export type RecordingPart =
  | { readonly kind: 'samples'; readonly pcm: Buffer }
  | { readonly kind: 'encoded'; readonly source: DecodeInput };

/** WAV files back to back that cannot be merged: each is decoded by its own process. */
const MAX_WAV_PARTS = 64;

/** Whether samples that need no decoder are read at once, or streamed by `read` of their source. */
export type NativeSamples = 'read' | 'stream';

/**
 * @param checkSeconds receives the playing time where it is known before the samples are read; what it throws is rethrown.
 * @throws GatewayError `unsupported-media-type`, `undecodable-audio` or `empty-audio`.
 */
export async function inspect(
  recording: Recording,
  checkSeconds: (seconds: number) => void,
  native: NativeSamples = 'read',
): Promise<RecordingPart[]> {
  const reader = await openRecording(recording);
  try {
    if (reader.size === 0) throw emptyAudio();
    const container = await sniff(reader);
    if (container === undefined) throw unsupportedFormat();
    const { demuxer, start } = container;
    if (demuxer === 'wav') return await inspectWav(recording, reader, start, checkSeconds, native);
    if (typeof recording !== 'string') throw needsFile();
    const ranges = await findRecordings(reader, demuxer, start);
    const samples = await bareSamplesPart(recording, reader, demuxer, ranges, checkSeconds);
    if (samples !== undefined) return [samples];
    const severalTracks = await Promise.all(
      ranges.map((range) => mayHaveSeveralTracks(reader, demuxer, range)),
    );
    return ranges.map((range, at) =>
      containerPart(recording, reader.size, demuxer, range, severalTracks[at]),
    );
  } finally {
    await reader.close();
  }
}

async function inspectWav(
  recording: Recording,
  reader: RecordingReader,
  start: number,
  checkSeconds: (seconds: number) => void,
  native: NativeSamples,
): Promise<RecordingPart[]> {
  const all = await readWavFiles(reader, start);
  const files = mergeSameFormat(all);
  if (files.every(({ header }) => wavDataBytes(header) === 0)) throw emptyAudio();
  if (files.length > MAX_WAV_PARTS) throw tooManyWavParts();
  checkSeconds(files.reduce((sum, { header }) => sum + (wavSeconds(header) ?? 0), 0));
  const parts: RecordingPart[] = [];
  for (const file of files) {
    if (isNativePcm(file.header) && native === 'read') {
      const pcm = await readWavSamples(reader, file.header);
      // The memory of several files is used again: `classifyWav` sees only the first of them.
      parts.push({ kind: 'samples', pcm: all.length === 1 ? pcm : Buffer.from(pcm) });
    } else if (wavDataBytes(file.header) > 0) parts.push(await encodedWavPart(recording, reader.size, file));
  }
  return parts;
}

async function encodedWavPart(
  recording: Recording,
  size: number,
  { header, range }: WavFile,
): Promise<RecordingPart> {
  const source = await wavDecodeInput(recording, size, header);
  return source === undefined ? containerPart(recording, size, 'wav', range) : { kind: 'encoded', source };
}

/** Containers besides WAV that may hold bare samples. */
const HEADER_READERS: Partial<Record<Demuxer, typeof readW64Header>> = {
  w64: readW64Header,
  aiff: readAiffHeader,
  caf: readCafHeader,
};

/** @returns undefined if the samples are compressed, or ffmpeg reads the container better. */
async function bareSamplesPart(
  recording: Recording,
  reader: RecordingReader,
  demuxer: Demuxer,
  ranges: readonly ByteRange[],
  checkSeconds: (seconds: number) => void,
): Promise<RecordingPart | undefined> {
  const [only] = ranges;
  if (ranges.length !== 1 || only === undefined) return undefined;
  const header = await HEADER_READERS[demuxer]?.(reader, only.offset);
  if (header === undefined) return undefined;
  checkSeconds(wavSeconds(header) ?? 0);
  const source = await wavDecodeInput(recording, reader.size, header);
  return source && { kind: 'encoded', source };
}

function containerPart(
  recording: Recording,
  size: number,
  demuxer: Demuxer,
  range: ByteRange,
  severalTracks = false,
): RecordingPart {
  const isWholeFile = range.offset === 0 && range.length === size;
  const encoding = { kind: 'container', demuxer, range: isWholeFile ? undefined : range } as const;
  if (typeof recording !== 'string' && !isStreamable(encoding)) throw needsFile();
  const source: DecodeInput = {
    encoding,
    path: typeof recording === 'string' ? recording : undefined,
    read: () => streamRange(recording, range),
    startsAt: extendsToEnd(range, size) ? range.offset : undefined,
    mayHaveSeveralTracks: severalTracks,
  };
  return { kind: 'encoded', source };
}

/** Opens a file when first iterated, which may never happen. */
async function* streamRange(recording: Recording, { offset, length }: ByteRange): AsyncGenerator<Buffer> {
  const end = offset + length;
  if (typeof recording !== 'string') yield recording.subarray(offset, end);
  else yield* createReadStream(recording, { start: offset, end: end - 1, highWaterMark: READ_CHUNK_BYTES });
}

function needsFile(): TypeError {
  return new TypeError('The recording is in memory, but ffmpeg needs a file to seek in this format.');
}

function tooManyWavParts(): GatewayError {
  return undecodableAudio(
    `The recording consists of more than ${MAX_WAV_PARTS} WAV files that have to be decoded separately. Send them one by one.`,
  );
}

function unsupportedFormat(): GatewayError {
  return new GatewayError(
    'unsupported-media-type',
    `The content is not in a supported audio format, whatever the file is called. Supported are ${AUDIO_FORMATS.join(', ')}.`,
  );
}
