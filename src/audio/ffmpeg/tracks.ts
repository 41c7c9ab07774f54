/** The sound tracks of a film, read from what ffmpeg prints of its input: only that names the one marked as default. */
import type { Demuxer } from '../containers/formats.js';
import type { Encoding, Track } from './arguments.js';

/** Containers that can mark a track as default. */
const MARKING: ReadonlySet<Demuxer> = new Set<Demuxer>(['mov', 'matroska']);

export function canMarkTracks(encoding: Encoding): boolean {
  return encoding.kind === 'container' && MARKING.has(encoding.demuxer);
}

/** `  Stream #0:2[0x3](eng): Audio: aac (LC), 48000 Hz, stereo, fltp (default)`: lines of metadata are indented deeper. */
const AUDIO_STREAM = /^ {2}Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\([^)\n]*\))?: Audio: (.*)$/gm;

/** @param banner what `ffmpeg -i` prints. @returns the track marked as default, if it is not the first anyway. */
export function defaultTrack(banner: string): Track {
  const tracks = [...banner.matchAll(AUDIO_STREAM)];
  const marked = tracks.find(([, , description]) => description?.includes('(default)') === true);
  return marked === undefined || marked === tracks[0] ? 'first' : { stream: Number(marked[1]) };
}
