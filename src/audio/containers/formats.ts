/** The recordings that are taken: the one list that the API, its description, the page and the errors show. */

/** Usual file extensions. The content decides what a file is, never its name. */
export const AUDIO_FORMATS = [
  ...['wav', 'mp3', 'm4a', 'mp4', 'mov', 'aac', 'ogg', 'opus', 'webm', 'mka', 'mkv'],
  ...['flac', 'amr', 'aiff', 'caf', 'w64', 'au', 'wma', 'ts'],
] as const;

/**
 * ffmpeg's names of the demuxers that may ever run. All of them hold samples; none of them holds a list of other
 * files, a script, text or pictures only.
 */
export type Demuxer =
  | 'wav'
  | 'mp3'
  | 'aac'
  | 'mov'
  | 'ogg'
  | 'matroska'
  | 'flac'
  | 'amr'
  | 'aiff'
  | 'caf'
  | 'w64'
  | 'au'
  | 'asf'
  | 'mpegts';
