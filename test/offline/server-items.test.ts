/** The default conversation on the offline server: items are placed, referenced, retrieved, deleted and truncated. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BareClient, at } from '../support/offline-client.js';
import { startScripted, type Scripted } from '../support/offline.js';
import { message, outOfBand, SPELLINGS } from '../support/offline-spelling.js';

describe.each(SPELLINGS)('items in $name', (spelling) => {
  let scripted: Scripted;
  let client: BareClient;
  const texts = () => {
    const { items } = scripted.script.asked.at(-1) ?? { items: [] };
    return items.flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : 'audio')));
  };

  beforeEach(async () => {
    scripted = await startScripted({ dialect: spelling.name, speech: () => Buffer.alloc(48_000) });
    client = await BareClient.open(scripted.url);
    client.send(spelling.update({ vad: null, output: 'text' }));
    await client.next('session.updated');
  });

  afterEach(() => scripted.close());

  function create(item: object, more: object = {}): void {
    client.send({ type: 'conversation.item.create', item, ...more });
  }

  it('acknowledges an item under its own id, after the one before it', async () => {
    create(message('one', 'a'));
    create(message('two', 'b'));
    const first = await client.next(spelling.itemAdded, 1);
    expect(first).toMatchObject({
      previous_item_id: null,
      item: { id: 'a', type: 'message', role: 'user', status: 'completed' },
    });
    expect(await client.next(spelling.itemAdded, 2)).toMatchObject({
      previous_item_id: 'a',
      item: { id: 'b' },
    });
    await client.settled();
    const acknowledgements = client.types().filter((type) => type.startsWith('conversation.item.'));
    expect(acknowledgements).toEqual(
      spelling.itemDone
        ? [spelling.itemAdded, spelling.itemDone, spelling.itemAdded, spelling.itemDone]
        : [spelling.itemAdded, spelling.itemAdded],
    );
  });

  it('places an item first, in between and last, and the context follows that order', async () => {
    create(message('last', 'c'));
    create(message('first', 'a'), { previous_item_id: 'root' });
    create(message('between', 'b'), { previous_item_id: 'a' });
    client.send({ type: 'response.create' });
    await client.next('response.done');
    expect(texts()).toEqual(['first', 'between', 'last']);
  });

  it('refuses an unknown predecessor and an id that is taken', async () => {
    create(message('one', 'a'));
    create(message('two', 'b'), { previous_item_id: 'nowhere', event_id: 'e1' });
    expect(await client.error(1)).toMatchObject({
      code: 'invalid_value',
      param: 'previous_item_id',
      event_id: 'e1',
    });
    create(message('again', 'a'), { event_id: 'e2' });
    expect(await client.error(2)).toMatchObject({ code: 'invalid_value', param: 'item.id', event_id: 'e2' });
  });

  it('retrieves an item with its audio, which its acknowledgement leaves out', async () => {
    const audio = Buffer.alloc(9_600, 7).toString('base64');
    create({ id: 'a', type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] });
    const added = await client.next(spelling.itemAdded);
    expect(at(added, 'item.content.0.type')).toBe('input_audio');
    expect(at(added, 'item.content.0.audio')).toBeUndefined();
    client.send({ type: 'conversation.item.retrieve', item_id: 'a' });
    const retrieved = await client.next('conversation.item.retrieved');
    expect(at(retrieved, 'item.content.0')).toMatchObject({ type: 'input_audio', audio });
  });

  it('deletes an item, after which nothing can refer to it', async () => {
    create(message('one', 'a'));
    client.send({ type: 'conversation.item.delete', item_id: 'a' });
    expect(await client.next('conversation.item.deleted')).toMatchObject({ item_id: 'a' });
    client.send({ type: 'conversation.item.delete', item_id: 'a', event_id: 'e1' });
    expect(await client.error(1)).toMatchObject({ code: 'item_delete_invalid_item_id', event_id: 'e1' });
    client.send({ type: 'conversation.item.retrieve', item_id: 'a', event_id: 'e2' });
    expect(await client.error(2)).toMatchObject({ code: 'item_retrieve_invalid_item_id', event_id: 'e2' });
    const input = [{ type: 'item_reference', id: 'a' }];
    client.send({ type: 'response.create', event_id: 'e3', response: { conversation: 'none', input } });
    expect(await client.error(3)).toMatchObject({
      code: 'invalid_value',
      param: 'response.input',
      event_id: 'e3',
    });
    client.send({
      type: 'conversation.item.truncate',
      item_id: 'a',
      content_index: 0,
      audio_end_ms: 0,
      event_id: 'e4',
    });
    expect(await client.error(4)).toMatchObject({ code: 'item_truncate_invalid_item_id', event_id: 'e4' });
  });

  it('resolves references in the order of the input, and reads nothing else', async () => {
    create({
      id: 'seed',
      type: 'message',
      role: 'system',
      content: [{ type: 'input_text', text: 'the prompt' }],
    });
    create(message('not asked for', 'other'));
    const input = [{ type: 'item_reference', id: 'seed' }, message('the question')];
    client.send({ type: 'response.create', response: { conversation: 'none', input } });
    await client.next('response.done');
    expect(texts()).toEqual(['the prompt', 'the question']);
  });

  it('reads the default conversation out-of-band without input, and nothing with an empty one', async () => {
    create(message('here'));
    client.send({ type: 'response.create', response: { conversation: 'none' } });
    await client.next('response.done', 1);
    expect(texts()).toEqual(['here']);
    client.send({ type: 'response.create', response: { conversation: 'none', input: [] } });
    await client.next('response.done', 2);
    expect(texts()).toEqual([]);
  });

  it('keeps answers of the default conversation as context, and out-of-band ones not', async () => {
    create(message('question'));
    client.send({ type: 'response.create' });
    await client.next('response.done', 1);
    client.send({ type: 'response.create', response: outOfBand(spelling, 'aside') });
    await client.next('response.done', 2);
    client.send({ type: 'response.create' });
    await client.next('response.done', 3);
    expect(texts()).toEqual(['question', 'question']);
  });

  it('truncates spoken answers only, within their length, and forgets their transcript', async () => {
    create(message('hello', 'q'));
    client.send({ type: 'response.create', response: spelling.output('audio') });
    const itemId = at(await client.next('response.done'), 'response.output.0.id');
    const truncate = { type: 'conversation.item.truncate', content_index: 0 };
    client.send({ ...truncate, item_id: itemId, audio_end_ms: 1_001, event_id: 'e1' });
    expect(await client.error(1)).toMatchObject({ code: 'invalid_value', event_id: 'e1' });
    client.send({ ...truncate, item_id: 'q', audio_end_ms: 0, event_id: 'e2' });
    expect(await client.error(2)).toMatchObject({ code: 'unsupported_content_type', event_id: 'e2' });
    client.send({ ...truncate, item_id: itemId, audio_end_ms: 400 });
    expect(await client.next('conversation.item.truncated')).toMatchObject({
      item_id: itemId,
      content_index: 0,
      audio_end_ms: 400,
    });
    client.send({ type: 'conversation.item.retrieve', item_id: itemId });
    const retrieved = await client.next('conversation.item.retrieved');
    expect(at(retrieved, 'item.content.0.transcript') ?? '').toBe('');
  });

  it('tells when the conversation is full instead of growing for ever', async () => {
    for (let count = 0; count < 4_096; count += 1) create(message('x'));
    create(message('one too many'), { event_id: 'full' });
    expect(await client.error()).toMatchObject({ code: 'conversation_full', event_id: 'full' });
    client.send({ type: 'response.create', response: { input: [message('no room for an answer')] } });
    const done = await client.next('response.done');
    expect(at(done, 'response')).toMatchObject({
      status: 'failed',
      status_details: { error: { code: 'conversation_full' } },
      output: [],
    });
  });
});
