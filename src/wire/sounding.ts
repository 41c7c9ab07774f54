/** Frames that carry a recording, whose samples are all but a few bytes of them. */
import type { ClientEvent, Item, ItemReference } from './events.js';
import { writeSamples } from './samples.js';

/** No text of anybody's can hold this: within a string of JSON its quotes would be escaped. */
const ROOM = '"audio":""';
const NOTHING = Buffer.alloc(0);

type Entry = Item | ItemReference;

/**
 * JSON of a client event. Base64 holds nothing that JSON escapes, so samples are not handed to `JSON.stringify`, which
 * would look at every letter, but put where it left room for them.
 *
 * @param write gives the event as the dialect spells it.
 */
export function stringifyEvent(event: ClientEvent, write: (event: ClientEvent) => object): string {
  if (event.type !== 'response.create') return JSON.stringify(write(event));
  const { input = [] } = event.response;
  const samples = input.flatMap(samplesOf);
  if (samples.length === 0) return JSON.stringify(write(event));
  const silent = { ...event, response: { ...event.response, input: input.map(silenced) } };
  const [head = '', ...rest] = JSON.stringify(write(silent)).split(ROOM);
  return rest.reduce(
    (json, piece, index) => `${json}"audio":"${writeSamples(samples[index] ?? NOTHING)}"${piece}`,
    head,
  );
}

function samplesOf(entry: Entry): Buffer[] {
  if ('reference' in entry) return [];
  return entry.parts.flatMap((part) => (part.type === 'audio' && part.audio ? [part.audio] : []));
}

function silenced(entry: Entry): Entry {
  if ('reference' in entry) return entry;
  const parts = entry.parts.map((part) =>
    part.type === 'audio' && part.audio ? { ...part, audio: NOTHING } : part,
  );
  return { ...entry, parts };
}
