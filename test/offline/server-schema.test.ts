/** Every frame that the offline server sends in GA, held against the published schema of the protocol. */
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ResponderError } from '../../src/offline/server/errors.js';
import { babble, silence } from '../support/offline-audio.js';
import { at, BareClient, type Frame } from '../support/offline-client.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { GA, message, outOfBand } from '../support/offline-spelling.js';

const SCHEMA = new URL('../fixtures/wire/openai-realtime.schema.json', import.meta.url);

/** All that the server knows to say. */
const EVERYTHING = [
  'conversation.item.added',
  'conversation.item.deleted',
  'conversation.item.done',
  'conversation.item.input_audio_transcription.completed',
  'conversation.item.input_audio_transcription.delta',
  'conversation.item.input_audio_transcription.failed',
  'conversation.item.retrieved',
  'conversation.item.truncated',
  'error',
  'input_audio_buffer.cleared',
  'input_audio_buffer.committed',
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'rate_limits.updated',
  'response.content_part.added',
  'response.content_part.done',
  'response.created',
  'response.done',
  'response.output_audio.delta',
  'response.output_audio.done',
  'response.output_audio_transcript.delta',
  'response.output_audio_transcript.done',
  'response.output_item.added',
  'response.output_item.done',
  'response.output_text.delta',
  'response.output_text.done',
  'session.created',
  'session.updated',
];

let scripted: Scripted;

afterEach(() => scripted.close());

/** One client that makes the server say everything it knows. */
async function hearEverything(): Promise<Frame[]> {
  scripted = await startScripted();
  const { script } = scripted;
  const client = await BareClient.open(scripted.url);
  const append = (pcm: Buffer) => {
    client.send({ type: 'input_audio_buffer.append', audio: pcm.toString('base64') });
  };

  // Spoken to, with detection and transcription, in audio and in text.
  client.send(
    GA.update({ transcription: { model: 'whisper-1' }, vad: { type: 'semantic_vad', eagerness: 'high' } }),
  );
  append(Buffer.concat([silence(300), babble(800), silence(800)]));
  const spoken = await client.next('response.done', 1);
  await client.next('conversation.item.input_audio_transcription.completed');
  script.transcript = () => {
    throw new ResponderError('unsupported_language', 'English only.');
  };
  client.send(GA.update({ output: 'text', vad: null, instructions: 'Be brief.' }));
  append(silence(200));
  client.send({ type: 'input_audio_buffer.commit' });
  await client.next('conversation.item.input_audio_transcription.failed');
  append(silence(200));
  client.send({ type: 'input_audio_buffer.clear' });

  // Written to, with every kind of item; then every way an answer can end.
  client.send({ type: 'conversation.item.create', item: message('hello', 'a') });
  client.send({
    type: 'conversation.item.create',
    item: { id: 'b', type: 'message', role: 'system', content: [{ type: 'input_text', text: 's' }] },
  });
  client.send({
    type: 'conversation.item.create',
    item: { id: 'c', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 't' }] },
  });
  const audio = silence(100).toString('base64');
  client.send({
    type: 'conversation.item.create',
    item: { id: 'd', type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] },
  });
  for (const id of ['a', 'b', 'c', 'd']) client.send({ type: 'conversation.item.retrieve', item_id: id });
  client.send({ type: 'conversation.item.delete', item_id: 'a' });
  const answer = at(spoken, 'response.output.0.id');
  client.send({ type: 'conversation.item.truncate', item_id: answer, content_index: 0, audio_end_ms: 100 });
  client.send({ type: 'conversation.item.retrieve', item_id: answer });
  client.send({ type: 'response.create', response: { metadata: { k: 'v' }, max_output_tokens: 900 } });
  await client.next('response.done', 2);
  script.requests
    .next(requestFault.fail('rate_limit_exceeded'))
    .next(requestFault.incomplete('content_filter'))
    .next(requestFault.incomplete('max_output_tokens'))
    .next(requestFault.cancelUnasked());
  for (let count = 0; count < 4; count += 1)
    client.send({ type: 'response.create', response: outOfBand(GA, 'one two') });
  await client.next('response.done', 6);

  // Refused.
  client.socket.send('{');
  client.send({ type: 'nonsense', event_id: 'n' });
  client.send({ type: 'session.update', session: {} });
  client.send({ type: 'conversation.item.delete', item_id: 'a', event_id: 'x' });
  await client.settled();
  return client.frames;
}

/** Live sessions show null for a part that is switched off, where the schema has an object whose default is null. */
function allowNull(parent: unknown, ...names: string[]): void {
  const properties = at(parent, 'properties') as Record<string, unknown>;
  for (const name of names) properties[name] = { anyOf: [properties[name], { type: 'null' }] };
}

describe('every GA frame', () => {
  it('is valid by the published schema', async () => {
    const schema = JSON.parse(await readFile(SCHEMA, 'utf8')) as {
      $defs: Record<string, { title?: string }>;
    };
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const input = at(schema, '$defs.RealtimeSessionCreateResponseGA.properties.audio.properties.input');
    allowNull(input, 'transcription', 'noise_reduction');
    ajv.addSchema(schema, 'realtime');
    const byType = new Map<string, string>();
    for (const [name, definition] of Object.entries(schema.$defs)) {
      const types = at(definition, 'properties.type.enum') ?? [at(definition, 'properties.type.const')];
      if (name.startsWith('RealtimeServerEvent'))
        for (const type of types as string[]) byType.set(type, name);
    }

    const frames = await hearEverything();
    const faults = frames.flatMap((frame) => {
      const definition = byType.get(frame.type);
      if (definition === undefined) return [`no definition of ${frame.type}`];
      const valid = ajv.validate(`realtime#/$defs/${definition}`, frame);
      return valid ? [] : [`${ajv.errorsText()} in ${JSON.stringify(frame).slice(0, 600)}`];
    });
    expect(faults).toEqual([]);
    expect([...new Set(frames.map(({ type }) => type))].sort()).toEqual(EVERYTHING);
  });
});
