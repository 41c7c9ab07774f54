/** Frames that carry a recording, whose samples are all but a few bytes of them. */
import type { ClientEvent, Item, ItemReference } from './events.js';
import { base64Length, writeSamplesInto } from './shared/samples.js';

/** Where samples go. Within a string its quotes would be escaped, but a field of somebody's own, in metadata, may look like it. */
const ROOM = '"audio":""';
const NOTHING = Buffer.alloc(0);

type Entry = Item | ItemReference;

/**
 * JSON of a client event. Base64 holds nothing that JSON escapes, so samples are not handed to `JSON.stringify`, which
 * would look at every letter, but written where it left room for them: into the bytes of the frame, since text would be
 * gone through once more on its way to the socket.
 *
 * @param write gives the event as the dialect spells it.
 */
export function encodeEvent(event: ClientEvent, write: (event: ClientEvent) => object): string | Buffer {
  if (event.type !== 'response.create') return JSON.stringify(write(event));
  const { input = [] } = event.response;
  if (!input.some(hasAudio)) return JSON.stringify(write(event));
  const samples = input.flatMap(samplesOf);
  const silent = { ...event, response: { ...event.response, input: input.map(withoutAudio) } };
  const pieces = JSON.stringify(write(silent)).split(ROOM);
  // More room than there are samples: it is not known which of it is theirs.
  if (pieces.length !== samples.length + 1) return JSON.stringify(write(event));
  return fill(pieces, samples);
}

/** Samples stand between the pieces. */
function fill(pieces: readonly string[], samples: readonly Buffer[]): Buffer {
  const sounds = samples.reduce((length, each) => length + ROOM.length + base64Length(each), 0);
  const frame = Buffer.allocUnsafe(
    pieces.reduce((length, piece) => length + Buffer.byteLength(piece), sounds),
  );
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) {
      at += frame.write(ROOM.slice(0, -1), at, 'latin1');
      at = writeSamplesInto(frame, at, samples[index - 1] ?? NOTHING);
      at += frame.write('"', at, 'latin1');
    }
    at += frame.write(piece, at);
  }
  return frame;
}

function hasAudio(entry: Entry): boolean {
  return !('reference' in entry) && entry.parts.some(({ type }) => type === 'audio');
}

function samplesOf(entry: Entry): Buffer[] {
  if ('reference' in entry) return [];
  return entry.parts.flatMap((part) => (part.type === 'audio' && part.audio ? [part.audio] : []));
}

function withoutAudio(entry: Entry): Entry {
  if ('reference' in entry) return entry;
  const parts = entry.parts.map((part) =>
    part.type === 'audio' && part.audio ? { ...part, audio: NOTHING } : part,
  );
  return { ...entry, parts };
}
