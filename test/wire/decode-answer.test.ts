/** Answers are decoded without a schema if they are as simple as nearly all are; the result must be what the schema gives. */
import { describe, expect, it } from '@jest/globals';
import { clientDialects, type Decoded, type Dialect, type ServerEvent } from '../../src/wire/index.js';
import { serverFixtures } from '../support/wire/fixtures.js';
import { mutate, randomOf } from '../support/wire/mutations.js';

const ROUNDS = 20_000;

/** The events that a caller waiting for an answer needs. */
const NEEDED = new Set([
  ...['session.created', 'session.updated', 'fault', 'response.started', 'response.finished'],
  ...['text.delta', 'transcript.delta', 'audio.delta'],
]);

/** As the schemas of all frames decode it, without a response's settings, which only they read. */
function bySchema(dialect: Dialect, frame: string): Decoded<ServerEvent> {
  const decoded = dialect.decodeServer(frame);
  if (decoded.kind !== 'event' || !('response' in decoded.event)) return decoded;
  const response = { ...decoded.event.response };
  delete response.outputKind;
  delete response.voice;
  delete response.outputFormat;
  delete response.maxOutputTokens;
  return { kind: 'event', event: { ...decoded.event, response } };
}

function expectSame(dialect: Dialect, frame: string): string {
  const answer = dialect.decodeAnswer(frame);
  const full = bySchema(dialect, frame);
  const isNeeded = full.kind === 'event' && NEEDED.has(full.event.type);
  if (isNeeded) expect({ frame, ...answer }).toStrictEqual({ frame, ...full });
  else expect({ frame, kind: answer.kind }).not.toMatchObject({ kind: 'event' });
  return answer.kind;
}

const done = {
  type: 'response.done',
  event_id: 'event_1',
  response: {
    object: 'realtime.response',
    id: 'resp_1',
    status: 'completed',
    output: [
      {
        object: 'realtime.item',
        id: 'item_1',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Buenos días' }],
      },
    ],
    usage: {
      total_tokens: 12,
      input_tokens: 8,
      output_tokens: 4,
      input_token_details: { text_tokens: 8, audio_tokens: 0, cached_tokens: 0 },
      output_token_details: { text_tokens: 4, audio_tokens: 0 },
    },
    metadata: { request_id: 'req_1' },
  },
};

describe.each(Object.values(clientDialects))('in $name', (dialect) => {
  const frames = serverFixtures(dialect.name).map(({ frame }) => frame);

  it.each(frames.map((frame) => [(frame as { type: string }).type, frame]))(
    'a frame of the reference decodes to the same: %s',
    (_type, frame) => {
      expectSame(dialect, JSON.stringify(frame));
    },
  );

  it.each([
    ['that is complete', done],
    [
      'with the older dialect’s conversation_id',
      { ...done, response: { ...done.response, conversation_id: null } },
    ],
    ['that counts no tokens', { ...done, response: { ...done.response, usage: null } }],
    [
      'that counts spoken tokens',
      {
        ...done,
        response: {
          ...done.response,
          usage: { ...done.response.usage, input_token_details: { audio_tokens: 5 } },
        },
      },
    ],
    [
      'without all its tokens',
      { ...done, response: { ...done.response, usage: { input_tokens: 1, output_tokens: 2 } } },
    ],
    ['without an item', { ...done, response: { ...done.response, output: null } }],
    [
      'with a function call',
      { ...done, response: { ...done.response, output: [{ type: 'function_call', name: 'x' }] } },
    ],
    [
      'with metadata other than strings',
      { ...done, response: { ...done.response, metadata: { request_id: 'r', n: 1 } } },
    ],
    [
      'that failed',
      {
        ...done,
        response: {
          ...done.response,
          status: 'failed',
          status_details: { type: 'failed', error: { type: 'server_error', code: 'x', message: 'y' } },
        },
      },
    ],
    ['without a status', { ...done, response: { id: 'resp_1' } }],
  ])('a response.done %s decodes to the same', (_what, frame) => {
    expect(expectSame(dialect, JSON.stringify(frame))).toBe('event');
    expect(expectSame(dialect, JSON.stringify({ ...frame, type: 'response.created' }))).toBe('event');
  });

  it.each([1, 2])('mutated frames decode to the same, seed %i', (seed) => {
    const random = randomOf(seed);
    const kinds = new Map<string, number>();
    const originals = [...frames.filter((frame) => isAnswer(dialect, frame)), done, done];
    for (let round = 0; round < ROUNDS; round += 1) {
      const kind = expectSame(dialect, mutate(originals[round % originals.length], random));
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(kinds.get('event') ?? 0).toBeGreaterThan(ROUNDS / 10);
    expect(kinds.get('malformed') ?? 0).toBeGreaterThan(ROUNDS / 10);
  });
});

function isAnswer(dialect: Dialect, frame: unknown): boolean {
  return dialect.decodeAnswer(JSON.stringify(frame)).kind === 'event';
}
