/** session.update on the offline server: acknowledged with the full view, or refused whole. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BareClient, at } from '../support/offline-client.js';
import { startScripted, type Scripted } from '../support/offline.js';
import { outOfBand, SPELLINGS } from '../support/offline-spelling.js';

describe.each(SPELLINGS)('session.update in $name', (spelling) => {
  let scripted: Scripted;
  let client: BareClient;

  beforeEach(async () => {
    scripted = await startScripted({ dialect: spelling.name, speech: () => Buffer.alloc(9_600) });
    client = await BareClient.open(scripted.url);
  });

  afterEach(() => scripted.close());

  it('changes what is there, keeps the rest and shows it all', async () => {
    client.send(spelling.update({ output: 'text', vad: null }));
    client.send(spelling.update({ instructions: 'Be brief.', voice: 'sage' }));
    const session = at(await client.next('session.updated', 2), 'session');
    expect(session).toMatchObject({ instructions: 'Be brief.', ...spelling.output('text') });
    expect(at(session, spelling.vadPath)).toBeNull();
    expect(at(session, spelling.voicePath)).toBe('sage');
    expect(at(session, 'id')).toBe(at(client.frames[0], 'session.id'));
  });

  it('fills the defaults into a detection that is only named', async () => {
    client.send(spelling.update({ vad: { type: 'server_vad', threshold: 0.9 } }));
    const shown = at(await client.next('session.updated'), `session.${spelling.vadPath}`);
    expect(shown).toMatchObject({
      type: 'server_vad',
      threshold: 0.9,
      prefix_padding_ms: 300,
      create_response: true,
    });
    client.send(spelling.update({ vad: { type: 'semantic_vad', eagerness: 'high' } }));
    const semantic = at(await client.next('session.updated', 2), `session.${spelling.vadPath}`);
    expect(semantic).toMatchObject({ type: 'semantic_vad', eagerness: 'high', interrupt_response: true });
  });

  it.each<[string, object, object]>([
    ['an unknown field', { foo: 1 }, { code: 'unknown_parameter', param: 'session.foo' }],
    ['both or no output kind at once', { [outputField(spelling.name)]: [] }, { code: 'invalid_value' }],
    ['another model', { model: 'other' }, { code: 'invalid_value', param: 'session.model' }],
  ])('refuses %s whole, naming the event', async (_what, field, expected) => {
    const update = spelling.update({ instructions: 'must not stick' });
    client.send({ ...update, event_id: 'u1', session: { ...(at(update, 'session') as object), ...field } });
    expect(await client.error()).toMatchObject({ ...expected, event_id: 'u1' });
    client.send(spelling.update({ vad: null }));
    expect(at(await client.next('session.updated'), 'session.instructions')).toBe('');
  });

  it('refuses a voice that nobody has', async () => {
    client.send({ ...spelling.update({ voice: 'hal' }), event_id: 'v1' });
    const error = await client.error();
    expect(error).toMatchObject({ code: 'invalid_value', event_id: 'v1' });
  });

  it('locks the voice once it was heard, for the session and for single responses', async () => {
    client.send(spelling.update({ vad: null, voice: 'sage' }));
    client.send({
      type: 'response.create',
      response: outOfBand(spelling, 'hello', spelling.output('audio')),
    });
    await client.next('response.done');
    client.send({ ...spelling.update({ voice: 'ash' }), event_id: 'v1' });
    expect(await client.error(1)).toMatchObject({ code: 'cannot_update_voice', event_id: 'v1' });
    client.send(spelling.update({ voice: 'sage' }));
    await client.next('session.updated', 2);
    const voice = spelling.name === 'ga' ? { audio: { output: { voice: 'ash' } } } : { voice: 'ash' };
    client.send({ type: 'response.create', event_id: 'v2', response: outOfBand(spelling, 'hello', voice) });
    expect(await client.error(2)).toMatchObject({ code: 'cannot_update_voice', event_id: 'v2' });
  });
});

describe('session.update of the other dialect', () => {
  it('is refused by GA without session.type, with flat fields, and with both output kinds', async () => {
    const scripted = await startScripted({ dialect: 'ga' });
    const client = await BareClient.open(scripted.url);
    client.send({ type: 'session.update', event_id: 'a', session: { instructions: 'x' } });
    expect(await client.error(1)).toMatchObject({
      code: 'missing_required_parameter',
      param: 'session.type',
      event_id: 'a',
    });
    client.send({
      type: 'session.update',
      event_id: 'b',
      session: { type: 'realtime', modalities: ['text'] },
    });
    expect(await client.error(2)).toMatchObject({
      code: 'unknown_parameter',
      param: 'session.modalities',
      event_id: 'b',
    });
    client.send({
      type: 'session.update',
      event_id: 'c',
      session: { type: 'realtime', output_modalities: ['text', 'audio'] },
    });
    expect(await client.error(3)).toMatchObject({ code: 'invalid_value', event_id: 'c' });
    await scripted.close();
  });

  it('is refused by preview with nested fields', async () => {
    const scripted = await startScripted({ dialect: 'preview' });
    const client = await BareClient.open(scripted.url);
    client.send({
      type: 'session.update',
      event_id: 'a',
      session: { audio: { input: { turn_detection: null } } },
    });
    expect(await client.error(1)).toMatchObject({
      code: 'unknown_parameter',
      param: 'session.audio',
      event_id: 'a',
    });
    await scripted.close();
  });
});

function outputField(dialect: 'ga' | 'preview'): string {
  return dialect === 'ga' ? 'output_modalities' : 'modalities';
}
