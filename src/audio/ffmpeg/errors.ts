/** Maps failures of an ffmpeg process to the errors that the sender of the recording receives. */
import { GatewayError } from '../../errors.js';

/** The process could not be started; the cause is the system's error. */
export class FfmpegStartError extends Error {
  override readonly name = 'FfmpegStartError';

  constructor(cause: unknown) {
    super('ffmpeg could not be started', { cause });
  }
}

/** Whether ffmpeg is not installed, as opposed to a system that cannot start one more process. */
export function isFfmpegMissing(error: unknown): boolean {
  if (!(error instanceof FfmpegStartError)) return false;
  const { cause } = error;
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false;
  return cause.code === 'ENOENT' || cause.code === 'EACCES' || cause.code === 'ENOTDIR';
}

/** Whether this ffmpeg has no decoder for the selected audio stream; it may have one for another stream of the file. */
export function isUnknownCodec(error: unknown): boolean {
  // Up to version 6.0, and since.
  return /Decoder \(.*\) not found for|no decoder found for/.test(stderrOf(error));
}

/** Whether the file has none of the selected audio streams. */
export function hasNoAudioStream(error: unknown): boolean {
  return matchesNoStreams(stderrOf(error));
}

/** @returns the standard error of ffmpeg behind an error of `toDecodeError`. */
export function stderrOf(error: unknown): string {
  return error instanceof GatewayError && error.cause instanceof Error ? error.cause.message : '';
}

function matchesNoStreams(stderr: string): boolean {
  return stderr.includes('matches no streams');
}

/** The standard error of ffmpeg, which contains paths, stays in the cause. */
export function toDecodeError(error: unknown): GatewayError {
  const stderr = error instanceof Error ? error.message : '';
  if (isFfmpegMissing(error)) {
    return new GatewayError(
      'unsupported-media-type',
      'ffmpeg is missing on the server, so that it accepts only WAV with 16-bit PCM, mono, 24 kHz. Send that, or ask for ffmpeg to be installed.',
      { cause: error },
    );
  }
  if (error instanceof FfmpegStartError) {
    return new GatewayError('internal', 'The server could not start ffmpeg; try again.', { cause: error });
  }
  if (matchesNoStreams(stderr)) {
    return new GatewayError(
      'unsupported-media-type',
      'The file contains no audio. Send a recording with sound.',
      { cause: error },
    );
  }
  if (/: End of file\s*$/.test(stderr)) {
    return new GatewayError('empty-audio', 'The recording ends before its first sample. Record it again.', {
      cause: error,
    });
  }
  return new GatewayError(
    'undecodable-audio',
    'The recording is damaged or in a variant that cannot be decoded. Export it again, for example as WAV.',
    { cause: error },
  );
}
