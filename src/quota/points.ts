/** What requests, texts, recordings and conversations cost in points, the unit of the rate limit. */

const CHARS_PER_POINT = 1_000;
const AUDIO_MS_PER_POINT = 10_000;

/** Every request, whatever it asks for. */
export const REQUEST_POINTS = 1;

/** A conversation occupies an upstream socket of its own, while requests share sockets. */
export const CONVERSATION_POINTS = 10;

/** A response that a client requests in a conversation. */
export const RESPONSE_POINTS = 1;

/** The prices in words, for a client that has spent its points. */
export const POINT_PRICES =
  `A request or response costs one point, a conversation ${CONVERSATION_POINTS}, ` +
  `and every ${CHARS_PER_POINT} characters and every ${AUDIO_MS_PER_POINT / 1_000} s of audio one more.`;

/** The price of a text, in addition to the request; not an integer. */
export function textPoints(chars: number): number {
  return chars / CHARS_PER_POINT;
}

/** The price of a recording, in addition to the request; not an integer. */
export function audioPoints(durationMs: number): number {
  return durationMs / AUDIO_MS_PER_POINT;
}
