/** Where the samples of a WAV recording are: in one file, or in several complete files back to back. */
import { isDeepStrictEqual } from 'node:util';
import type { RecordingReader } from '../recording.js';
import { WindowReader } from '../containers/scan.js';
import { undecodableAudio } from '../errors.js';
import { parseWavFile } from './file-parser.js';
import { sampleFormat } from './format.js';
import { wavFrameBytes, type ByteRange, type WavHeader } from './wav.js';

/** Servers that write a header before each piece cut 240 s into pieces of 20 ms at the least. */
const MAX_FILES = 16_384;
const MAX_TOTAL_CHUNKS = 4 * MAX_FILES;

export interface WavFile {
  readonly header: WavHeader;
  /** The whole file, with its header. */
  readonly range: ByteRange;
}

/**
 * Reads the chunk headers of every RIFF, RIFX, RF64 or BW64 file from `start` on. A data chunk that claims more bytes than
 * there are ends with the recording or at the next file; so does one of unknown size (0xFFFFFFFF, or 0 from a writer that
 * never came back to fill it in).
 *
 * @throws GatewayError `undecodable-audio` when the format chunk is missing or invalid, or there are too many files.
 */
export async function readWavFiles(recording: RecordingReader, start: number): Promise<WavFile[]> {
  const files: WavFile[] = [];
  let reader = recording;
  let totalChunks = 0;
  let at: number | undefined = start;
  while (at !== undefined) {
    const { header, range, chunks, hasData, next } = await parseWavFile(reader, at);
    totalChunks += chunks;
    if (files.length === MAX_FILES || totalChunks > MAX_TOTAL_CHUNKS) throw tooManyFiles();
    // A file that was cut off inside its first header has no samples to lose.
    if (header !== undefined) files.push({ header, range });
    else if (files.length === 0 || hasData) throw missingFormat();
    at = next;
    // The files that follow may be small.
    if (reader === recording) reader = new WindowReader(recording);
  }
  return files;
}

/**
 * Merges consecutive files of the same sample format into one, so that a single decode handles them. Block-compressed
 * files stay separate: only a decoder knows where their samples end.
 */
export function mergeSameFormat(files: readonly WavFile[]): WavFile[] {
  if (files.length === 1) return [...files];
  const groups: { first: WavFile; format: unknown; data: ByteRange[] }[] = [];
  for (const file of files) {
    const { data, ...format } = file.header;
    const last = groups.at(-1);
    const isCompressed = sampleFormat(file.header) === undefined;
    const ranges = isCompressed ? data : data.map((range) => wholeFrames(file.header, range));
    if (last !== undefined && !isCompressed && isDeepStrictEqual(last.format, format))
      last.data.push(...ranges);
    else groups.push({ first: file, format, data: [...ranges] });
  }
  return groups.map(({ first, data }) => ({ ...first, header: { ...first.header, data } }));
}

/** Half a frame at the end of a file would shift all samples after it. */
function wholeFrames(header: WavHeader, { offset, length }: ByteRange): ByteRange {
  return { offset, length: length - (length % (wavFrameBytes(header) || 1)) };
}

function missingFormat(): Error {
  return undecodableAudio(
    'The format chunk of the WAV file is missing or damaged, so its samples cannot be read. Export it again.',
  );
}

function tooManyFiles(): Error {
  return undecodableAudio(
    `The recording consists of more than ${MAX_FILES} WAV files or of more than ${MAX_TOTAL_CHUNKS} chunks. Send one file with one header.`,
  );
}
