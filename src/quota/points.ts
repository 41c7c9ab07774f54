/** What work costs, in the points that limit a client; the same over HTTP and in conversations. */

const CHARS_PER_POINT = 1_000;
const AUDIO_MS_PER_POINT = 10_000;

/** A conversation takes an upstream session of its own, where requests share one. */
export const CONVERSATION_POINTS = 10;

/** A response that a conversation's client asks for, as a request does. */
export const RESPONSE_POINTS = 1;

/** The rule in words, for a client that has spent its points. */
export const POINT_PRICES =
  `A request or response costs one point, a conversation ${CONVERSATION_POINTS}, ` +
  'and one more each 1 000 characters and each 10 s of audio.';

/** What a text costs beside the request itself; not a whole number. */
export function textPoints(chars: number): number {
  return chars / CHARS_PER_POINT;
}

/** What a recording costs beside the request itself; not a whole number. */
export function audioPoints(durationMs: number): number {
  return durationMs / AUDIO_MS_PER_POINT;
}
