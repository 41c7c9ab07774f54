/** What ffmpeg is told: the one format it may read, from where, and what comes out. */
import { MAX_CHANNELS } from '../mixing/mix-weights.js';
import { BYTES_PER_SECOND, SAMPLE_RATE } from '../pcm.js';
import type { Demuxer } from '../containers/formats.js';
import type { ByteRange } from '../wav/wav.js';
import type { SampleFormat } from '../wav/format.js';

/** What a decode reads. */
export type Encoding =
  | {
      readonly kind: 'container';
      readonly demuxer: Demuxer;
      /** Where in the file it lies; absent: it is all of it. */
      readonly range?: ByteRange | undefined;
    }
  /** Bare samples, frame after frame. */
  | {
      readonly kind: 'samples';
      readonly format: SampleFormat;
      /** Frames per second. */
      readonly sampleRate: number;
      readonly channels: number;
    };

/** Which of the audio streams: the first, or the first that this ffmpeg has a decoder for. */
export type Track = 'first' | 'decodable';

/**
 * Containers that come out the same, bit for bit and fault for fault, when nobody can jump in them. Of the others some
 * have an index at the end, MP3 then loses its exact length, and FLAC takes noise for the end of a file.
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

/** Whether a pipe will do, so that a process can wait on it before the recording is there. */
export function isStreamable(encoding: Encoding): boolean {
  return encoding.kind === 'samples' || STREAMABLE.has(encoding.demuxer);
}

/** How ffmpeg reads the file that it was given as standard input: on from where it is, or jumping in it. */
export function inputUrl(encoding: Encoding): string {
  if (isStreamable(encoding)) return 'pipe:0';
  if (!isPart(encoding)) return 'file:/dev/fd/0';
  const { offset, length } = encoding.range;
  return `subfile,,start,${offset},end,${offset + length},,:file:/dev/fd/0`;
}

function isPart(encoding: Encoding): encoding is Encoding & { readonly range: ByteRange } {
  return encoding.kind === 'container' && encoding.range !== undefined;
}

/** No single table of a file needs more; the index of a crafted MP4 of 1 kB can claim gigabytes. */
const MAX_ALLOCATION_BYTES = 128 * 1024 * 1024;

/** Before `-i`: the one format that the input may have, and the one protocol by which it may be read. */
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
  // An MP4 may keep its samples in other files, which it names. Not here.
  const noReferences = demuxer === 'mov' ? ['-enable_drefs', '0', '-use_absolute_path', '0'] : [];
  return ['-f', demuxer, ...noReferences, '-format_whitelist', demuxer, '-protocol_whitelist', protocol];
}

/**
 * For the output beside its format: 24 kHz, and nothing that the file says of itself. Of a container it has all channels,
 * for which of them are the voice shows only when they are decoded; bare samples become mono.
 */
export function outputOptions(encoding: Encoding, maxBytes: number, track: Track): string[] {
  // Only in a filter graph a label takes the first of the streams that it fits, here those of a known codec.
  const map =
    track === 'first' ? ['-map', '0:a:0'] : ['-filter_complex', '[0:a:u]anull[audio]', '-map', '[audio]'];
  const isMono = encoding.kind === 'samples';
  return [
    ...['-sn', '-dn', ...map, '-ar', String(SAMPLE_RATE), ...(isMono ? ['-ac', '1'] : [])],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact'],
    // A limit by size counts samples; one by time (-t) would cut a short recording that has a long pause in its
    // timestamps. A second more than asked for, so that "too long" and "just as long" stay apart.
    ...['-fs', String((maxBytes + BYTES_PER_SECOND) * (isMono ? 1 : MAX_CHANNELS))],
    // Else each packet of a fortieth of a second is written, and read by us, by itself.
    ...['-flush_packets', '0'],
  ];
}

/**
 * ffmpeg's own way to mono scales so that nothing clips, but drops the channel that it takes for a subwoofer (of three
 * nameless channels the third), and gives up on layouts it has no name for: those are averaged.
 */
export function audioFilters(encoding: Encoding): string[] {
  if (encoding.kind === 'container' || encoding.channels === 1) return [];
  if (encoding.channels <= 8) return ['aresample=lfe_mix_level=1'];
  const sum = Array.from({ length: encoding.channels }, (_, index) => `c${index}`).join('+');
  return ['aformat=sample_fmts=flt', `pan=mono|c0<${sum}`];
}
