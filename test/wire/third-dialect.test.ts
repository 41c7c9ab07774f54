/** A dialect costs one file: a third one, made of names, headers and codecs alone, does all that the first two do. */
import { describe, expect, it } from '@jest/globals';
import { voicelive, type ClientEvent } from '../../src/wire/index.js';
import { CLIENT_EVENTS, SERVER_EVENTS } from '../support/wire/samples.js';

const audio = Buffer.from('Good morning');
const request = {
  type: 'response.create',
  eventId: 'req_42',
  response: {
    conversation: 'none',
    voice: 'alloy',
    metadata: { audio: '', 'x"audio': 'null' },
    input: [{ reference: 'prompt_1' }, { role: 'user', parts: [{ type: 'audio', audio }] }],
  },
} satisfies ClientEvent;

describe('a third dialect', () => {
  it.each(CLIENT_EVENTS)('reads the $type that its client writes', (event) => {
    const decoded = voicelive.decodeClient(voicelive.encodeClient(event));
    expect(decoded).toStrictEqual({ kind: 'event', event });
  });

  it.each(SERVER_EVENTS.filter(({ type }) => type !== 'item.done'))(
    'reads the $type that its server writes',
    (event) => {
      const decoded = voicelive.decodeServer(voicelive.encodeServer(event) ?? '');
      expect(decoded).toStrictEqual({ kind: 'event', event });
    },
  );

  it('writes names, voices and requests as it alone has them', () => {
    const { response } = JSON.parse(voicelive.encodeClient(request)) as { response: object };
    expect(response).toEqual({
      commit: false,
      cancel_previous: false,
      voice: { type: 'openai', name: 'alloy' },
      metadata: request.response.metadata,
      input_items: [
        { type: 'item_reference', id: 'prompt_1' },
        {
          type: 'message',
          role: 'user',
          content: [{ type: 'input_audio', audio: audio.toString('base64') }],
        },
      ],
    });
    const configure = voicelive.encodeClient({ type: 'session.configure', session: { voice: 'alloy' } });
    expect(JSON.parse(configure)).toMatchObject({ session: { voice: { type: 'openai', name: 'alloy' } } });
    expect(voicelive.headers).toEqual({});
    expect([...voicelive.vocabulary.server.keys()]).toContain('response.text.delta');
  });

  it('encodes recordings into the bytes of a frame', () => {
    const frame = voicelive.encodeClientFrame(request);
    expect(Buffer.isBuffer(frame)).toBe(true);
    expect(frame.toString()).toBe(voicelive.encodeClient(request));
  });

  it('reads the answers to a request and ignores the rest', () => {
    const kinds = SERVER_EVENTS.map((event) => {
      const { kind } = voicelive.decodeAnswer(voicelive.encodeServer(event) ?? '{"type":"none"}');
      return [event.type, kind] as const;
    });
    const answers = new Set(kinds.flatMap(([type, kind]) => (kind === 'event' ? [type] : [])));
    expect(answers).toEqual(
      new Set([
        ...['session.created', 'session.updated', 'response.started', 'response.finished'],
        ...['text.delta', 'transcript.delta', 'audio.delta', 'fault'],
      ]),
    );
  });

  it('lacks what it has no name for, and refuses the fields of other dialects', () => {
    expect(voicelive.finishesItems).toBe(false);
    expect(SERVER_EVENTS.filter((event) => voicelive.encodeServer(event) === undefined)).toMatchObject([
      { type: 'item.done' },
    ]);
    const frame = JSON.stringify({ type: 'response.create', response: { conversation: 'none' } });
    expect(voicelive.decodeClient(frame)).toMatchObject({
      code: 'unknown_parameter',
      param: 'response.conversation',
    });
  });
});
