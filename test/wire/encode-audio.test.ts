/** A frame with recordings is assembled around their base64: no string in any other field may be taken for one. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dialects, type ClientEvent, type Item } from '../../src/wire/index.js';

/** Any text, and text that looks like the hole for a recording in a frame. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    'null',
    '"audio":null',
    '\\"audio\\":null',
    '","audio":null,"',
    '"audio":""',
  ),
);
const name = fc.oneof(fc.constantFrom('audio', 'audio":null', 'x"audio', '"audio"'), text);
const audio = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const textPart = text.map((content) => ({ type: 'text' as const, text: content }));
const recording = fc.record(
  { type: fc.constant('audio' as const), audio, transcript: text },
  { requiredKeys: ['type', 'audio'] },
);

const item = fc.oneof(
  fc.record({ id: text, role: fc.constant('system' as const), parts: fc.array(textPart, { maxLength: 2 }) }),
  fc.record({
    id: text,
    role: fc.constantFrom('user' as const, 'assistant' as const),
    parts: fc.array(fc.oneof(textPart, recording), { maxLength: 3 }),
  }),
) satisfies fc.Arbitrary<Item>;

const metadata = fc
  .dictionary(name, text, { maxKeys: 3, noNullPrototype: true })
  .filter((pairs) => Object.getPrototypeOf(pairs) === Object.prototype);

const creating = fc.record({
  type: fc.constant('response.create' as const),
  eventId: text,
  response: fc.record({
    conversation: fc.constant('none' as const),
    voice: text,
    instructions: text,
    metadata,
    input: fc.array(fc.oneof(item, fc.record({ reference: text })), { minLength: 1, maxLength: 4 }),
  }),
}) satisfies fc.Arbitrary<ClientEvent>;

const adding = fc.record({
  type: fc.constant('item.create' as const),
  eventId: text,
  previousItemId: text,
  item,
}) satisfies fc.Arbitrary<ClientEvent>;

const appending = fc.record({ type: fc.constant('buffer.append' as const), eventId: text, audio });

describe.each(Object.values(dialects))('in $name', (dialect) => {
  it('an event with recordings is decoded as it was encoded, whatever strings are in its fields', () => {
    fc.assert(
      fc.property(fc.oneof(creating, adding, appending), (event: ClientEvent) => {
        const frame = dialect.encodeClientFrame(event).toString();
        expect(dialect.decodeClient(frame)).toEqual({ kind: 'event', event });
        expect(dialect.encodeClient(event)).toBe(frame);
      }),
      { numRuns: 2_000 },
    );
  });

  it('metadata that looks like the hole for a recording does not take it', () => {
    const event = {
      type: 'response.create',
      response: {
        metadata: { audio: '' },
        input: [{ role: 'user', parts: [{ type: 'audio', audio: Buffer.from('Good morning') }] }],
      },
    } satisfies ClientEvent;
    expect(dialect.decodeClient(dialect.encodeClient(event))).toStrictEqual({ kind: 'event', event });
  });
});
