/** The arguments of ffmpeg: the only format it may read, its input, and its output. */
import { MAX_CHANNELS } from '../mixing/mix-weights.js';
import { BYTES_PER_SECOND, SAMPLE_RATE } from '../pcm.js';
import type { Demuxer } from '../containers/formats.js';
import type { ByteRange } from '../wav/wav.js';
import type { SampleFormat } from '../wav/format.js';

/** Bare samples, frame after frame. */
export interface SampleEncoding {
  readonly kind: 'samples';
  readonly format: SampleFormat;
  /** Frames per second. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** The input of a decode. */
export type Encoding =
  | {
      readonly kind: 'container';
      readonly demuxer: Demuxer;
      /** Its place in the file; absent: the whole file. */
      readonly range?: ByteRange | undefined;
    }
  | SampleEncoding;

/** Which audio track to decode: the first, the first that this ffmpeg has a decoder for, or the one at an index among them. */
export type Track = 'first' | 'decodable' | { readonly audioIndex: number };

/**
 * Containers that decode to the same samples and the same errors without seeking. Of the others some have an index at the
 * end, MP3 loses its exact length, and FLAC mistakes noise for the end of a file.
 */
const STREAMABLE: ReadonlySet<Demuxer> = new Set<Demuxer>([
  'wav',
  'ogg',
  'matroska',
  'aac',
  'amr',
  'au',
  'w64',
]);

/** Whether ffmpeg can read it from a pipe, so that a process can be started before the recording exists. */
export function isStreamable(encoding: Encoding): boolean {
  return encoding.kind === 'samples' || STREAMABLE.has(encoding.demuxer);
}

/** How ffmpeg reads the file that is its standard input: sequentially from its current position, or with seeking. */
export function inputUrl(encoding: Encoding): string {
  if (isStreamable(encoding)) return 'pipe:0';
  if (!isPart(encoding)) return 'file:/dev/fd/0';
  const { offset, length } = encoding.range;
  return `subfile,,start,${offset},end,${offset + length},,:file:/dev/fd/0`;
}

function isPart(encoding: Encoding): encoding is Encoding & { readonly range: ByteRange } {
  return encoding.kind === 'container' && encoding.range !== undefined;
}

/** No table of a real file needs more; the index of a crafted MP4 of 1 kB can claim gigabytes. */
const MAX_ALLOCATION_BYTES = 128 * 1024 * 1024;

/** Options before `-i`: the only format and the only protocol that the input may use. */
export function inputOptions(encoding: Encoding): string[] {
  const protocol = isStreamable(encoding) ? 'pipe' : isPart(encoding) ? 'subfile,file' : 'file';
  const common = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'];
  return [...common, '-max_alloc', String(MAX_ALLOCATION_BYTES), ...formatOptions(encoding, protocol)];
}

function formatOptions(encoding: Encoding, protocol: string): string[] {
  if (encoding.kind === 'samples') {
    const { format, sampleRate, channels } = encoding;
    const only = ['-format_whitelist', format, '-protocol_whitelist', protocol];
    return ['-f', format, '-ar', String(sampleRate), '-ac', String(channels), ...only];
  }
  const { demuxer } = encoding;
  // An MP4 may refer to samples in other files. ffmpeg must not open those.
  const noReferences = demuxer === 'mov' ? ['-enable_drefs', '0', '-use_absolute_path', '0'] : [];
  return ['-f', demuxer, ...noReferences, '-format_whitelist', demuxer, '-protocol_whitelist', protocol];
}

/**
 * Options of the output besides its format: 24 kHz, without metadata. A container keeps all its channels, because which of
 * them hold the voice shows only after decoding; bare samples become mono.
 */
export function outputOptions(encoding: Encoding, maxBytes: number, track: Track): string[] {
  // Only the stream label of a filter graph can select the first stream with a known codec.
  const map =
    track === 'decodable'
      ? ['-filter_complex', '[0:a:u]anull[audio]', '-map', '[audio]']
      : ['-map', `0:a:${track === 'first' ? 0 : track.audioIndex}`];
  const isMono = encoding.kind === 'samples';
  return [
    ...['-sn', '-dn', ...map, '-ar', String(SAMPLE_RATE), ...(isMono ? ['-ac', '1'] : [])],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact'],
    // A limit by size counts samples; one by time (-t) would cut a short recording with a long gap in its timestamps.
    // One second more than allowed, so that a recording of exactly the limit differs from one above it.
    ...['-fs', String((maxBytes + BYTES_PER_SECOND) * (isMono ? 1 : MAX_CHANNELS))],
    // Otherwise each packet of 25 ms costs a write and a read.
    ...['-flush_packets', '0'],
  ];
}

/**
 * ffmpeg's own downmix scales so that nothing clips, but drops the channel that it takes for a subwoofer (the third of
 * three unnamed channels), and fails on layouts without a name: those are averaged.
 */
export function audioFilters(encoding: Encoding): string[] {
  if (encoding.kind === 'container' || encoding.channels === 1) return [];
  if (encoding.channels <= 8) return ['aresample=lfe_mix_level=1'];
  const sum = Array.from({ length: encoding.channels }, (_, index) => `c${index}`).join('+');
  return ['aformat=sample_fmts=flt', `pan=mono|c0<${sum}`];
}

/**
 * Arguments of a process that resamples until its input ends: bare samples in, PCM without a header out. It does not read ahead
 * to probe a format that is known already, and mixes and resamples as in any other decode.
 */
export function resamplerArguments(encoding: SampleEncoding): string[] {
  const filters = audioFilters(encoding);
  return [
    ...inputOptions(encoding),
    ...['-probesize', '32', '-analyzeduration', '0', '-i', inputUrl(encoding)],
    ...(filters.length > 0 ? ['-af', filters.join(',')] : []),
    ...['-ar', String(SAMPLE_RATE), '-ac', '1', '-c:a', 'pcm_s16le', '-f', 's16le'],
    ...['-flush_packets', '0', 'pipe:1'],
  ];
}
