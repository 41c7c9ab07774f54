/** Client frames: what the schema allows is decoded, everything else is rejected with the real servers' codes and messages. */
import { describe, expect, it } from '@jest/globals';
import { clientDialects } from '../../src/wire/index.js';
import { clientFixtures, refusedFixtures } from '../support/wire/fixtures.js';

describe.each(Object.values(clientDialects))('in $name', (dialect) => {
  const decode = (frame: unknown) => dialect.decodeClient(JSON.stringify(frame));

  it.each(clientFixtures(dialect.name))('is decoded: $source', ({ frame, event }) => {
    expect(decode(frame)).toStrictEqual({ kind: 'event', event });
  });

  it.each(refusedFixtures(dialect.name))('is rejected: $source', ({ source, frame, ...refusal }) => {
    const decoded = decode(frame);
    expect(decoded).toMatchObject({ kind: 'malformed', ...refusal });
    if (refusal.eventId === undefined) expect(decoded).not.toHaveProperty('eventId');
    expect(source).not.toBe('');
  });

  it('an unknown type is answered with the list of types', () => {
    const decoded = decode({ type: 'x' });
    const reason = decoded.kind === 'malformed' ? decoded.reason : '';
    expect(reason).toMatch(/^Invalid value: 'x'\. Supported values are: 'session\.update', /);
    expect(reason).toContain("'conversation.item.create' and 'response.create'.");
  });

  it('a frame that is not JSON is rejected as such', () => {
    expect(dialect.decodeClient('{"type":')).toMatchObject({ kind: 'malformed', code: 'invalid_json' });
  });

  it('a binary frame is rejected', () => {
    const frame = Buffer.from('{"type":"input_audio_buffer.commit"}');
    expect(dialect.decodeClient(frame)).toMatchObject({ kind: 'malformed', code: 'invalid_event' });
  });

  it('an event id may have 512 characters, not one more', () => {
    const eventId = 'e'.repeat(512);
    expect(decode({ type: 'input_audio_buffer.commit', event_id: eventId })).toMatchObject({
      event: { eventId },
    });
    const tooLong = decode({ type: 'input_audio_buffer.commit', event_id: `${eventId}e` });
    expect(tooLong).toMatchObject({ code: 'string_above_max_length', param: 'event_id' });
    expect(tooLong).not.toHaveProperty('eventId');
  });

  it('an item id may have 32 characters', () => {
    const id = 'm'.repeat(32);
    const item = { type: 'message', id, role: 'user', content: [] };
    expect(decode({ type: 'conversation.item.create', item })).toMatchObject({ event: { item: { id } } });
  });

  it('text may have 256 000 characters, not one more', () => {
    const say = (length: number) =>
      decode({
        type: 'conversation.item.create',
        item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x'.repeat(length) }] },
      });
    expect(say(256_000)).toMatchObject({ kind: 'event' });
    expect(say(256_001)).toMatchObject({ code: 'string_above_max_length', param: 'item.content[0].text' });
  });

  it('an append may carry 15 MiB of base64, not more', () => {
    const append = (length: number) =>
      decode({ type: 'input_audio_buffer.append', audio: 'A'.repeat(length) });
    const max = 15 * 1024 * 1024;
    expect(append(max)).toMatchObject({ kind: 'event' });
    expect(append(max + 4)).toMatchObject({ code: 'string_above_max_length', param: 'audio' });
  });

  it('metadata may have 16 pairs, keys of 64 and values of 512 characters', () => {
    const create = (metadata: Record<string, string>) =>
      decode({ type: 'response.create', response: { metadata } });
    const sixteen = Object.fromEntries(
      Array.from({ length: 16 }, (_, n) => [String(n).padStart(64, 'k'), 'v'.repeat(512)]),
    );
    expect(create(sixteen)).toMatchObject({ event: { response: { metadata: sixteen } } });
    expect(create({ a: 'v'.repeat(513) })).toMatchObject({
      code: 'string_above_max_length',
      param: 'response.metadata.a',
    });
    expect(create({ ['k'.repeat(65)]: 'v' })).toMatchObject({
      code: 'string_above_max_length',
      reason: expect.stringContaining('maximum length 64'),
    });
  });

  it('a name that would change a prototype is an unknown parameter', () => {
    expect(dialect.decodeClient('{"type":"response.create","response":{"__proto__":{"a":1}}}')).toMatchObject(
      {
        code: 'unknown_parameter',
        param: 'response.__proto__',
      },
    );
  });

  it('an error quotes only the beginning of a long value', () => {
    const decoded = decode({ type: 'x'.repeat(100_000) });
    expect(decoded.kind === 'malformed' && decoded.reason.length).toBeLessThan(500);
  });
});
