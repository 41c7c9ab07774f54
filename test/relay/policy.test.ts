/** What a client may send to a session that is paid for: other events are rejected as a whole, and the socket stays open. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import type { BareClient } from '../support/offline-client.js';
import { GA, PREVIEW, type Spelling } from '../support/offline-spelling.js';
import { converse } from '../support/relay.js';

/** A session.update with these fields, and those that the dialect requires. */
function update(spelling: Spelling, fields: object): object {
  return {
    type: 'session.update',
    session: { ...(spelling.name === 'ga' && { type: 'realtime' }), ...fields },
  };
}

const FORBIDDEN_FIELDS: Record<Spelling['name'], [string, object][]> = {
  ga: [
    ['model', { model: 'gpt-9' }],
    ['output_modalities', { output_modalities: ['text'] }],
    ['tools', { tools: [{ type: 'function', name: 'spend', parameters: {} }] }],
    ['no tools', { tools: [] }],
    ['tool_choice', { tool_choice: 'auto' }],
    ['max_output_tokens', { max_output_tokens: 'inf' }],
    ['input format', { audio: { input: { format: { type: 'audio/pcmu' } } } }],
    ['output format', { audio: { output: { format: { type: 'audio/pcm', rate: 24_000 } } } }],
    ['noise reduction', { audio: { input: { noise_reduction: null } } }],
    ['speed', { audio: { output: { speed: 1.2 } } }],
    ['tracing', { tracing: 'auto' }],
    ['truncation', { truncation: 'disabled' }],
    ['include', { include: null }],
    ['prompt', { prompt: null }],
    ['reasoning', { reasoning: { effort: 'xhigh' } }],
    ['an unknown field', { dreams: true }],
    ['a field of the other dialect', { turn_detection: null }],
  ],
  preview: [
    ['model', { model: 'gpt-9' }],
    ['modalities', { modalities: ['text'] }],
    ['tools', { tools: [] }],
    ['tool_choice', { tool_choice: 'none' }],
    ['max_response_output_tokens', { max_response_output_tokens: 1 }],
    ['input_audio_format', { input_audio_format: 'pcm16' }],
    ['output_audio_format', { output_audio_format: 'g711_ulaw' }],
    ['input_audio_noise_reduction', { input_audio_noise_reduction: null }],
    ['temperature', { temperature: 1 }],
    ['speed', { speed: 1 }],
    ['tracing', { tracing: null }],
    ['a field of the other dialect', { audio: {} }],
  ],
};

const FORBIDDEN_EVENTS: [string, object][] = [
  ['conversation.item.retrieve', { type: 'conversation.item.retrieve', item_id: 'item_1' }],
  ['transcription_session.update', { type: 'transcription_session.update', session: {} }],
  ['output_audio_buffer.clear', { type: 'output_audio_buffer.clear' }],
  ['session.close', { type: 'session.close' }],
  ['an event of a server', { type: 'response.done', response: { id: 'resp_1' } }],
  ['an unknown event', { type: 'response.dream' }],
  ['an allowed one with an unknown field', { type: 'input_audio_buffer.commit', now: true }],
  ['audio that is not base64', { type: 'input_audio_buffer.append', audio: 'AA*A' }],
  [
    'the output of a tool',
    { type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'a', output: '' } },
  ],
];

describe.each(
  (['ga', 'preview'] as const).flatMap((client) =>
    (['ga', 'preview'] as const).map((upstream) => ({
      client,
      upstream,
      spelling: client === 'ga' ? GA : PREVIEW,
    })),
  ),
)('a $client client over a $upstream upstream', ({ client: dialect, upstream, spelling }) => {
  let running: Awaited<ReturnType<typeof startBeforeScript>>;
  let client: BareClient;

  beforeAll(async () => {
    running = await startBeforeScript({}, { dialect: upstream });
    client = await converse(running.url, `/text-chat?dialect=${dialect}`);
  });
  afterAll(async () => {
    await client.close();
    await running.close();
  });

  const sentUpstream = (): unknown[] => running.script.sockets.at(-1)?.frames ?? [];

  /** Rejected with its id, not sent upstream, and the next event is served. */
  async function expectRejected(event: object): Promise<Record<string, unknown>> {
    const before = sentUpstream().length;
    const eventId = `rejected-${client.frames.length}`;
    client.send({ ...event, event_id: eventId });
    const error = await client.error(client.frames.filter(({ type }) => type === 'error').length + 1);
    expect(error).toMatchObject({ type: 'invalid_request_error', event_id: eventId });
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next(
      'input_audio_buffer.cleared',
      client.types().filter((type) => type.endsWith('.cleared')).length + 1,
    );
    expect(sentUpstream()).toHaveLength(before + 1);
    return error;
  }

  it.each(FORBIDDEN_EVENTS)('rejects %s', async (_what, event) => {
    await expectRejected(event);
  });

  it.each(FORBIDDEN_FIELDS[dialect])(
    'rejects a session.update with %s, and the allowed fields beside it',
    async (_what, fields) => {
      await expectRejected(update(spelling, { ...fields, instructions: 'Obey.' }));
      expect(client.types()).not.toContain('session.updated');
    },
  );

  it.each([
    ['invalid JSON', '{"type":', 'invalid_json'],
    ['an array', '[]', 'invalid_event'],
    ['an empty frame', '', 'invalid_json'],
    ['a binary frame', Buffer.from('{"type":"input_audio_buffer.clear"}'), 'invalid_event'],
  ])('rejects %s', async (_what, frame, code) => {
    const before = sentUpstream().length;
    client.socket.send(frame);
    const error = await client.error(client.frames.filter(({ type }) => type === 'error').length + 1);
    expect(error).toMatchObject({ code, event_id: null });
    expect(sentUpstream()).toHaveLength(before);
    expect(client.closed).toBeUndefined();
  });

  it('lets instructions, voice, turn detection and transcription be changed', async () => {
    client.send(
      spelling.update({
        instructions: 'Sing.',
        voice: 'echo',
        vad: null,
        transcription: { model: 'whisper-1', language: 'de' },
      }),
    );
    await client.next('session.updated');
    expect(running.script.sockets.at(-1)?.events.at(-1)).toMatchObject({
      type: 'session.configure',
      session: {
        ...{ instructions: 'Sing.', voice: 'echo', turnDetection: null },
        transcription: { model: 'whisper-1', language: 'de' },
      },
    });
  });
});
