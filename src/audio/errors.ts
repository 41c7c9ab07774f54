/** Why a recording is rejected, as its sender reads it. */
import { GatewayError } from '../errors.js';

/** @param message what is wrong, and how to export or send the recording instead. */
export function undecodableAudio(message: string): GatewayError {
  return new GatewayError('undecodable-audio', message);
}

export function emptyAudio(): GatewayError {
  return new GatewayError('empty-audio', 'The recording contains no samples. Record it again.');
}
