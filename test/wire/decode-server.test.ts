/** Server frames: those of the reference are decoded, optional fields may be absent, unknown events are ignored. */
import { describe, expect, it } from '@jest/globals';
import { clientDialects } from '../../src/wire/index.js';
import { serverFixtures } from '../support/wire/fixtures.js';

describe.each(Object.values(clientDialects))('in $name', (dialect) => {
  const decode = (frame: unknown) => dialect.decodeServer(JSON.stringify(frame));
  const { textDelta, audioDelta, added } = {
    ga: {
      textDelta: 'response.output_text.delta',
      audioDelta: 'response.output_audio.delta',
      added: 'conversation.item.added',
    },
    preview: {
      textDelta: 'response.text.delta',
      audioDelta: 'response.audio.delta',
      added: 'conversation.item.created',
    },
  }[dialect.name];

  it.each(serverFixtures(dialect.name))('is decoded: $source', ({ frame, event }) => {
    expect(decode(frame)).toStrictEqual({ kind: 'event', event });
  });

  it('a delta needs only its response and its text', () => {
    expect(decode({ type: textDelta, response_id: 'resp_1', delta: 'Gu' })).toStrictEqual({
      kind: 'event',
      event: {
        type: 'text.delta',
        responseId: 'resp_1',
        itemId: '',
        outputIndex: 0,
        contentIndex: 0,
        delta: 'Gu',
      },
    });
  });

  it.each([
    { response_id: 'resp_1' },
    { delta: 'x' },
    { response_id: 7, delta: 'x' },
    { response_id: 'r', delta: 7 },
  ])('a delta without its response or its text is malformed: %j', (fields) => {
    expect(decode({ type: textDelta, ...fields })).toMatchObject({ kind: 'malformed' });
  });

  it('audio that is not base64 is malformed, audio without padding is not', () => {
    const delta = (base64: string) => decode({ type: audioDelta, response_id: 'resp_1', delta: base64 });
    expect(delta('AAD/?w==')).toMatchObject({ kind: 'malformed', code: 'invalid_value', param: 'delta' });
    expect(delta('AAD//w')).toMatchObject({
      kind: 'event',
      event: { audio: Buffer.from('0000ffff', 'hex') },
    });
  });

  it.each(['in_progress', 'completed'])('a response without a status is taken to be %s', (status) => {
    const type = status === 'completed' ? 'response.done' : 'response.created';
    expect(decode({ type, response: { id: 'resp_1' } })).toMatchObject({ event: { response: { status } } });
  });

  it('a response that ends with an error and no status has failed', () => {
    const response = { id: 'resp_1', status_details: { error: { code: 'server_error' } } };
    expect(decode({ type: 'response.done', response })).toMatchObject({
      event: { response: { status: 'failed', error: { code: 'server_error' } } },
    });
  });

  it('a response of an unknown status is malformed, never complete', () => {
    expect(decode({ type: 'response.done', response: { id: 'resp_1', status: 'paused' } })).toMatchObject({
      kind: 'malformed',
      param: 'response.status',
    });
  });

  it('a response without an id is malformed', () => {
    expect(decode({ type: 'response.created', response: { status: 'in_progress' } })).toMatchObject({
      kind: 'malformed',
      code: 'missing_required_parameter',
      param: 'response.id',
    });
  });

  it('metadata other than strings is left out', () => {
    const response = { id: 'resp_1', metadata: { a: 'b', n: 1, o: {} } };
    expect(decode({ type: 'response.created', response })).toMatchObject({
      event: { response: { metadata: { a: 'b' } } },
    });
  });

  it.each(['function_call', 'mcp_call', 'function_call_output', 'something_new'])(
    'an item of type %s is ignored',
    (type) => {
      const item = { id: 'i', type, role: 'assistant' };
      expect(decode({ type: added, item })).toMatchObject({ kind: 'ignored', type: added });
      expect(decode({ type: 'response.output_item.added', response_id: 'r', item })).toMatchObject({
        kind: 'ignored',
      });
    },
  );

  it.each([
    'conversation.created',
    'localai.status',
    'response.function_call_arguments.delta',
    '__proto__',
    'toString',
  ])('an event of type %s is ignored', (type) => {
    expect(decode({ type, event_id: 'e' })).toStrictEqual({ kind: 'ignored', type });
  });

  it('an error whose code is a number or missing still has one', () => {
    expect(decode({ type: 'error', error: { code: 1008, message: 'no' } })).toMatchObject({
      event: { type: 'fault', kind: 'unknown', code: '1008' },
    });
    expect(decode({ type: 'error', error: {} })).toMatchObject({ event: { code: 'unknown', message: '' } });
  });

  it.each(['', '{', 'null', '5', '[]', '"x"', '{}', '{"type":7}'])('%j is malformed', (frame) => {
    expect(dialect.decodeServer(frame)).toMatchObject({ kind: 'malformed' });
  });

  it('the reason of a malformed frame holds none of its payload', () => {
    const secret = 'secret'.repeat(100);
    const decoded = decode({ type: 'response.created', response: secret });
    expect(JSON.stringify(decoded)).not.toContain('secret');
  });
});

describe('each dialect ignores the names of the other', () => {
  it('ga does not know a preview delta', () => {
    const frame = { type: 'response.text.delta', response_id: 'r', delta: 'x' };
    expect(clientDialects.ga.decodeServer(JSON.stringify(frame))).toMatchObject({ kind: 'ignored' });
  });

  it('preview does not know a ga delta', () => {
    const frame = { type: 'response.output_text.delta', response_id: 'r', delta: 'x' };
    expect(clientDialects.preview.decodeServer(JSON.stringify(frame))).toMatchObject({ kind: 'ignored' });
  });
});

describe('decoding has no state', () => {
  it.each(Object.values(clientDialects))(
    'in $name a frame decodes to the same before and after all others, and no two events share an object',
    (dialect) => {
      const frames = serverFixtures(dialect.name).map(({ frame }) => JSON.stringify(frame));
      const first = frames.map((frame) => dialect.decodeServer(frame));
      dialect.decodeServer('{');
      const again = frames
        .toReversed()
        .map((frame) => dialect.decodeServer(frame))
        .toReversed();
      expect(again).toStrictEqual(first);
      const parts = (value: unknown): object[] =>
        typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(parts)] : [];
      const shared = new Set(parts(first).filter((part) => !Buffer.isBuffer(part)));
      expect(parts(again).filter((part) => shared.has(part))).toEqual([]);
    },
  );
});
