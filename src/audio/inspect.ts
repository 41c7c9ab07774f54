/** The first look at a recording: its samples, or where a decoder gets them, for each of the recordings it holds. */
import { createReadStream } from 'node:fs';
import { GatewayError } from '../errors.js';
import { findRecordings } from './containers/concatenated.js';
import type { DecodeInput } from './ffmpeg/decoder.js';
import { isStreamable } from './ffmpeg/arguments.js';
import { AUDIO_FORMATS, type Demuxer } from './containers/formats.js';
import { openRecording, type Recording, type RecordingReader } from './recording.js';
import { sniff } from './containers/sniff.js';
import {
  isNativePcm,
  READ_CHUNK_BYTES,
  readWavSamples,
  extendsToEnd,
  wavDataBytes,
  wavSeconds,
  type ByteRange,
} from './wav/wav.js';
import { isPadded } from './wav/format.js';
import { wavDecodeInput } from './wav/decode-input.js';
import { readW64Header } from './wav/w64.js';
import { mergeSameFormat, readWavFiles, type WavFile } from './wav/files.js';

/** One of the recordings that stand one behind the other, nearly always the only one. */
export type RecordingPart =
  | { readonly kind: 'samples'; readonly pcm: Buffer }
  | { readonly kind: 'encoded'; readonly source: DecodeInput };

/** WAV files of another kind than the one before, or compressed; each is decoded by a process of its own. */
const MAX_KINDS = 64;

/**
 * @param checkSeconds is told how long the samples sound where that is known before they are read; what it throws is thrown.
 * @throws GatewayError `unsupported-media-type`, `undecodable-audio` or `empty-audio`.
 */
export async function inspect(
  recording: Recording,
  checkSeconds: (seconds: number) => void,
): Promise<RecordingPart[]> {
  const reader = await openRecording(recording);
  try {
    if (reader.size === 0) throw emptyAudio();
    const container = await sniff(reader);
    if (container === undefined) throw unsupported();
    const { demuxer, start } = container;
    if (demuxer === 'wav') return await inspectWav(recording, reader, start, checkSeconds);
    if (typeof recording !== 'string') throw notReady();
    const ranges = await findRecordings(reader, demuxer, start);
    const padded = demuxer === 'w64' ? await decodePaddedW64(recording, reader, ranges) : undefined;
    if (padded !== undefined) return [padded];
    return ranges.map((range) => containerPart(recording, reader.size, demuxer, range));
  } finally {
    await reader.close();
  }
}

async function inspectWav(
  recording: Recording,
  reader: RecordingReader,
  start: number,
  checkSeconds: (seconds: number) => void,
): Promise<RecordingPart[]> {
  const files = mergeSameFormat(await readWavFiles(reader, start));
  if (files.every(({ header }) => wavDataBytes(header) === 0)) throw emptyAudio();
  if (files.length > MAX_KINDS) throw tooManyKinds();
  checkSeconds(files.reduce((sum, { header }) => sum + (wavSeconds(header) ?? 0), 0));
  const parts: RecordingPart[] = [];
  for (const file of files) {
    if (isNativePcm(file.header))
      parts.push({ kind: 'samples', pcm: await readWavSamples(reader, file.header) });
    else if (wavDataBytes(file.header) > 0) parts.push(await encodedWavPart(recording, reader.size, file));
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

/** @returns the samples of a W64 where they are padded: else ffmpeg reads it as well as we do. */
async function decodePaddedW64(
  recording: Recording,
  reader: RecordingReader,
  ranges: readonly ByteRange[],
): Promise<RecordingPart | undefined> {
  const header = ranges.length === 1 ? await readW64Header(reader, ranges[0]?.offset) : undefined;
  if (header === undefined || !isPadded(header)) return undefined;
  const source = await wavDecodeInput(recording, reader.size, header);
  return source && { kind: 'encoded', source };
}

function containerPart(
  recording: Recording,
  size: number,
  demuxer: Demuxer,
  range: ByteRange,
): RecordingPart {
  const isAll = range.offset === 0 && range.length === size;
  const encoding = { kind: 'container', demuxer, range: isAll ? undefined : range } as const;
  // Of some containers ffmpeg needs a file to jump in.
  if (typeof recording !== 'string' && !isStreamable(encoding)) throw notReady();
  const source: DecodeInput = {
    encoding,
    path: typeof recording === 'string' ? recording : undefined,
    read: () => streamRange(recording, range),
    startsAt: extendsToEnd(range, size) ? range.offset : undefined,
  };
  return { kind: 'encoded', source };
}

/** Opens a file when read for the first time, which may never be. */
async function* streamRange(recording: Recording, { offset, length }: ByteRange): AsyncGenerator<Buffer> {
  const end = offset + length;
  if (typeof recording !== 'string') yield recording.subarray(offset, end);
  else yield* createReadStream(recording, { start: offset, end: end - 1, highWaterMark: READ_CHUNK_BYTES });
}

function notReady(): TypeError {
  return new TypeError('The bytes in memory are no recording that is ready.');
}

export function emptyAudio(): GatewayError {
  return new GatewayError('empty-audio', 'There is no sample in the recording. Record it again.');
}

function tooManyKinds(): GatewayError {
  return new GatewayError(
    'undecodable-audio',
    `More than ${MAX_KINDS} WAV files that have to be decoded one by one stand one behind the other. Send each by itself.`,
  );
}

function unsupported(): GatewayError {
  return new GatewayError(
    'unsupported-media-type',
    `The content is no audio that we take, whatever the file is called. We take ${AUDIO_FORMATS.join(', ')}.`,
  );
}
