/** The supported audio formats: the list that the API, its description, the page and the errors show, and their demuxers. */

/** Usual file extensions. The content decides what a file is, never its name. */
export const AUDIO_FORMATS = [
  ...['wav', 'mp3', 'm4a', 'mp4', 'mov', 'aac', 'ogg', 'opus', 'webm', 'mka', 'mkv'],
  ...['flac', 'amr', 'aiff', 'caf', 'w64', 'au', 'wma', 'wmv', 'ts'],
] as const;

/**
 * ffmpeg's names of the demuxers that may run. All of them read samples; none of them reads a list of other files, a
 * script, text or only pictures.
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

/** Magic numbers that are not text. */
export const W64_GUID = Buffer.from('726966662e91cf11a5d628db04c10000', 'hex');
export const ASF_GUID = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex');
export const EBML_ID = Buffer.from('1a45dfa3', 'hex');
