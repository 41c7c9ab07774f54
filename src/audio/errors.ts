/** Why a recording is rejected, as its sender reads it. */
import { GatewayError } from '../errors.js';

/** @param message what is wrong, and how to export or send the recording instead. */
export function undecodableAudio(message: string): GatewayError {
  return new GatewayError('undecodable-audio', message);
}

/** @param seconds how long the recording is, if that is known before it is decoded. */
export function audioTooLong(maxSeconds: number, seconds?: number): GatewayError {
  const length = seconds === undefined ? 'longer' : `${seconds.toFixed(1)} s long`;
  return new GatewayError(
    'audio-too-long',
    `A recording may last ${maxSeconds} s at most; this one is ${length}. Send it in parts.`,
  );
}

/** An error of the file system, or of our own. */
export function unreadableRecording(cause: unknown): GatewayError {
  return new GatewayError('internal', 'The server could not read the recording; send it again.', { cause });
}

/** Rejects work that arrives after `close()`. */
export function decoderClosed(): GatewayError {
  return new GatewayError('draining', 'The service is shutting down; try again in a moment.');
}

export function emptyAudio(): GatewayError {
  return new GatewayError('empty-audio', 'The recording contains no samples. Record it again.');
}
