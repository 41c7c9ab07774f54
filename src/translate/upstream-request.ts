/** What is asked upstream for one piece: a sentence, a recording or a segment of one. */
import type { Session } from '../session/profile.js';
import type { UpstreamRequest } from '../upstream/pending-response.js';

/** The parts of a session that a request needs. */
export type RequestProfile = Pick<Session, 'prompt' | 'source' | 'target' | 'voice'>;

/** The prompt is the only instruction; the languages beside it are metadata. */
export function toUpstreamRequest(
  { prompt, source, target, voice }: RequestProfile,
  piece: Pick<UpstreamRequest, 'context' | 'question' | 'output' | 'onlyWhole'>,
): UpstreamRequest {
  return {
    prompt,
    ...piece,
    voice: voice ?? undefined,
    metadata: {
      ...(source !== null && { source_language: source }),
      ...(target !== null && { target_language: target }),
    },
  };
}
