/** What the end of an ffmpeg process means to the client who sent the recording. */
import { GatewayError } from '../../errors.js';

/** No process could be started; the cause is the system's error. */
export class FfmpegStartError extends Error {
  override readonly name = 'StartFailure';

  constructor(cause: unknown) {
    super('ffmpeg could not be started', { cause });
  }
}

/** Whether there is no ffmpeg to start, as opposed to no room for one more process. */
export function isFfmpegMissing(error: unknown): boolean {
  if (!(error instanceof FfmpegStartError)) return false;
  const { cause } = error;
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false;
  return cause.code === 'ENOENT' || cause.code === 'EACCES' || cause.code === 'ENOTDIR';
}

/**
 * Whether the audio stream that was asked for is of a codec that this ffmpeg has no decoder for; another of the file may
 * be of one that it has.
 */
export function isUnknownCodec(error: unknown): boolean {
  // Up to version 6.0, and since.
  return /Decoder \(.*\) not found for|no decoder found for/.test(stderrOf(error));
}

/** Whether the file has no audio stream of those that were asked for. */
export function hasNoAudioStream(error: unknown): boolean {
  return saysNoStreams(stderrOf(error));
}

/** @returns what ffmpeg said, of an error of `asGatewayError`. */
function stderrOf(error: unknown): string {
  return error instanceof GatewayError && error.cause instanceof Error ? error.cause.message : '';
}

function saysNoStreams(said: string): boolean {
  return said.includes('matches no streams');
}

/** What a run's failure means to the client. ffmpeg's words, which hold paths, stay in the cause. */
export function toDecodeError(error: unknown): GatewayError {
  const said = error instanceof Error ? error.message : '';
  if (isFfmpegMissing(error)) {
    return new GatewayError(
      'unsupported-media-type',
      'ffmpeg is missing on the server, so that it takes only WAV with 16-bit PCM, mono, 24 kHz. Send that, or ask for ffmpeg to be installed.',
      { cause: error },
    );
  }
  if (error instanceof FfmpegStartError) {
    return new GatewayError('internal', 'The server could not start ffmpeg; try again.', { cause: error });
  }
  if (saysNoStreams(said)) {
    return new GatewayError(
      'unsupported-media-type',
      'There is no audio in this file. Send a recording with sound.',
      { cause: error },
    );
  }
  if (/: End of file\s*$/.test(said)) {
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
