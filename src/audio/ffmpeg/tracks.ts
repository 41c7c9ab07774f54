/** Finds the audio track of a film that is marked as default, which only the description that ffmpeg prints of its input shows. */
import type { Track } from './arguments.js';
import { hasNoAudioStream, isUnknownCodec, stderrOf } from './errors.js';
import type { DecodeInput } from './input-file.js';
import { streamOutput, type StreamRunner } from './stream-output.js';

/** Films have pages of metadata at most; beyond that the first track is decoded. */
const BANNER_BYTES = 256 * 1024;

/**
 * ffmpeg without an output prints what its input holds, and fails. Where it fails in any other way, so will the decoding
 * that follows, which has the error to report.
 *
 * @returns the track to try first. @throws `signal.reason` when aborted.
 */
export async function findDefaultTrack(
  runner: StreamRunner,
  source: DecodeInput,
  signal: AbortSignal,
): Promise<Track> {
  if (source.mayHaveSeveralTracks !== true) return 'first';
  const args = { global: ['-loglevel', 'info'], output: [], stderrBytes: BANNER_BYTES };
  try {
    for await (const chunk of streamOutput(runner, source, args, signal)) if (chunk.length > 0) break;
    return 'first';
  } catch (error) {
    signal.throwIfAborted();
    return defaultTrack(stderrOf(error));
  }
}

/** @param error of a decode of `track`. @returns whether another track may be decodable. */
export function mayTryAnother(track: Track, error: unknown): boolean {
  return isUnknownCodec(error) || (track !== 'first' && hasNoAudioStream(error));
}

/** A line of metadata is indented deeper, unless the name of a tag or a language has a line break in it. */
const STREAM = /^ {2}Stream #0:(\d+)(.*)$/gm;
/** `[0x3](eng): Audio: aac (LC), 48000 Hz, stereo, fltp (default) (forced)` */
const KIND = /^(?:\[0x[0-9a-f]+\])?(?:\([^()]*\))?: ([A-Z][a-z]+)(?:: |$)/;
const MARKED = /\(default\)(?: \([a-z -]+\))*\s*$/;

/**
 * Streams are numbered in order. If they are not, a line of the metadata looks like a stream, and the whole banner is ignored.
 *
 * @param banner what `ffmpeg -i` prints. @returns `first` if no later track is marked as default.
 */
export function defaultTrack(banner: string): Track {
  let marked: number | undefined;
  let audioTracks = 0;
  for (const [expected, [, index, description = '']] of [...banner.matchAll(STREAM)].entries()) {
    const kind = KIND.exec(description)?.[1];
    if (Number(index) !== expected || kind === undefined) return 'first';
    if (kind !== 'Audio') continue;
    if (MARKED.test(description)) marked ??= audioTracks;
    audioTracks += 1;
  }
  return marked === undefined || marked === 0 ? 'first' : { audioIndex: marked };
}
