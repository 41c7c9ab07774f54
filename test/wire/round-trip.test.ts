/** Every neutral event is decoded as it was encoded, in both dialects. */
import { describe, expect, it } from '@jest/globals';
import { dialects } from '../../src/wire/index.js';
import { CLIENT_EVENTS, SERVER_EVENTS } from '../support/wire/samples.js';

describe.each(Object.values(dialects))('in $name', (dialect) => {
  it.each(CLIENT_EVENTS)('a client’s $type is decoded as it was encoded', (event) => {
    expect(dialect.decodeClient(dialect.encodeClient(event))).toStrictEqual({ kind: 'event', event });
  });

  it.each(SERVER_EVENTS.filter(({ type }) => type !== 'item.done'))(
    'a server’s $type is decoded as it was encoded',
    (event) => {
      expect(dialect.decodeServer(dialect.encodeServer(event) ?? '')).toStrictEqual({ kind: 'event', event });
    },
  );

  it('every server event has an id of its own', () => {
    const ids = SERVER_EVENTS.flatMap((event) => {
      const frame = dialect.encodeServer(event);
      return frame === undefined ? [] : [(JSON.parse(frame) as { event_id: unknown }).event_id];
    });
    expect(ids.every((id) => typeof id === 'string' && id.startsWith('event_'))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('240 seconds of audio travel in one append, byte for byte', () => {
    const audio = Buffer.alloc(240 * 48_000, Buffer.from('00017f80ff', 'hex'));
    const frame = dialect.encodeClient({ type: 'buffer.append', audio });
    const decoded = dialect.decodeClient(frame);
    expect(decoded.kind === 'event' && decoded.event.type === 'buffer.append').toBe(true);
    expect(decoded).toMatchObject({ event: { audio: { length: audio.length } } });
    expect(
      decoded.kind === 'event' && decoded.event.type === 'buffer.append' && decoded.event.audio.equals(audio),
    ).toBe(true);
  });
});

describe('what only one dialect has', () => {
  const done = SERVER_EVENTS.filter(({ type }) => type === 'item.done');

  it.each(done)('ga reports that an item is done', (event) => {
    expect(dialects.ga.decodeServer(dialects.ga.encodeServer(event) ?? '')).toStrictEqual({
      kind: 'event',
      event,
    });
  });

  it.each(done)('preview has no event for an item that is done', (event) => {
    expect(dialects.preview.encodeServer(event)).toBeUndefined();
  });

  it('ga has an idle timeout of turn detection, preview leaves it out', () => {
    const turnDetection = { type: 'server_vad', idleTimeoutMs: 6000 } as const;
    const event = { type: 'session.configure', session: { turnDetection } } as const;
    expect(dialects.ga.decodeClient(dialects.ga.encodeClient(event))).toStrictEqual({ kind: 'event', event });
    expect(dialects.preview.decodeClient(dialects.preview.encodeClient(event))).toStrictEqual({
      kind: 'event',
      event: { type: 'session.configure', session: { turnDetection: { type: 'server_vad' } } },
    });
  });

  it('preview is selected by a header of the upgrade request, ga by none', () => {
    expect(dialects.preview.headers).toEqual({ 'OpenAI-Beta': 'realtime=v1' });
    expect(dialects.ga.headers).toEqual({});
  });
});
