/** Responses of the offline server: their events in order, in parallel, cancelled, cut short, spoken. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BareClient, at } from '../support/offline-client.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { message, outOfBand, SPELLINGS } from '../support/offline-spelling.js';

describe.each(SPELLINGS)('responses in $name', (spelling) => {
  let scripted: Scripted;
  let client: BareClient;

  beforeEach(async () => {
    scripted = await startScripted({ dialect: spelling.name });
    client = await BareClient.open(scripted.url);
    client.send(spelling.update({ vad: null, output: 'text' }));
    await client.next('session.updated');
    client.frames.length = 0;
  });

  afterEach(() => scripted.close());

  function ask(text: string, more: object = {}, eventId?: string): void {
    client.send({
      type: 'response.create',
      ...(eventId && { event_id: eventId }),
      response: outOfBand(spelling, text, more),
    });
  }

  const known = (types: (string | undefined)[]): string[] => types.filter((type) => type !== undefined);

  it('tells a text response of the conversation in the published order', async () => {
    client.send({ type: 'conversation.item.create', item: message('Guten Morgen') });
    client.send({ type: 'response.create' });
    await client.next('rate_limits.updated');
    expect(client.types()).toEqual(
      known([
        spelling.itemAdded,
        spelling.itemDone,
        'response.created',
        'response.output_item.added',
        spelling.itemAdded,
        'response.content_part.added',
        spelling.textDelta,
        spelling.textDelta,
        spelling.textDone,
        'response.content_part.done',
        spelling.itemDone,
        'response.output_item.done',
        'response.done',
        'rate_limits.updated',
      ]),
    );
    const done = await client.next('response.done');
    expect(at(done, 'response')).toMatchObject({ status: 'completed' });
    expect(at(done, 'response.status_details') ?? null).toBeNull();
    expect(at(done, 'response.conversation_id')).toMatch(/^conv_/);
    expect(at(done, 'response.output.0')).toMatchObject({
      role: 'assistant',
      status: 'completed',
      content: [{ text: 'Guten Morgen' }],
    });
    expect(at(await client.next(spelling.textDone), 'text')).toBe('Guten Morgen');
  });

  it('stores nothing of an out-of-band response, and echoes its metadata at start and end', async () => {
    ask('aside', { metadata: { request_id: 'r1', k: 'v' } });
    await client.next('response.done');
    expect(client.types()).not.toContain(spelling.itemAdded);
    const created = at(await client.next('response.created'), 'response');
    expect(created).toMatchObject({
      status: 'in_progress',
      output: [],
      metadata: { request_id: 'r1', k: 'v' },
    });
    expect(at(created, 'conversation_id') ?? null).toBeNull();
    expect(at(await client.next('response.done'), 'response.metadata')).toEqual({ request_id: 'r1', k: 'v' });
  });

  it('reports usage that is the same for the same request', async () => {
    ask('a sentence of some length', { instructions: 'Translate.' });
    ask('a sentence of some length', { instructions: 'Translate.' });
    const first = at(await client.next('response.done', 1), 'response.usage');
    expect(first).toMatchObject({ input_tokens: 10, output_tokens: 7, total_tokens: 17 });
    expect(at(await client.next('response.done', 2), 'response.usage')).toMatchObject(first as object);
  });

  it('runs many out-of-band responses at a time beside one of the conversation, each with its own answer', async () => {
    scripted.script.requests.every(requestFault.slow({ firstMs: 20, betweenMs: 1 }));
    client.send({ type: 'response.create', response: { input: [message('in band')] } });
    for (let number = 0; number < 200; number += 1)
      ask(`answer to ${number}`, { metadata: { number: String(number) } });
    await client.next('response.done', 201);
    expect(scripted.script.sockets[0]?.maxInFlight).toBe(201);
    const answers = client.frames
      .filter(({ type }) => type === 'response.done')
      .map((frame) => [at(frame, 'response.metadata.number'), at(frame, 'response.output.0.content.0.text')]);
    for (let number = 0; number < 200; number += 1)
      expect(answers).toContainEqual([String(number), `answer to ${number}`]);
    expect(answers.at(0)?.length).toBe(2);
  });

  it('refuses a second response in the default conversation, and takes the next once the first has ended', async () => {
    scripted.script.requests.next(requestFault.hang());
    client.send({ type: 'response.create', response: { input: [message('one')] } });
    const first = at(await client.next('response.created'), 'response.id');
    client.send({ type: 'response.create', event_id: 'second', response: { input: [message('two')] } });
    const error = await client.error();
    expect(error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'second' });
    expect(error.message).toContain(String(first));
    client.send({ type: 'response.cancel' });
    await client.next('response.done', 1);
    client.send({ type: 'response.create', response: { input: [message('three')] } });
    expect(at(await client.next('response.done', 2), 'response.status')).toBe('completed');
  });

  it('cancels by id, closing what was open and telling who cancelled', async () => {
    scripted.script.requests.next(requestFault.hang({ after: 2 }));
    ask('one two three four');
    await client.next(spelling.textDelta, 2);
    client.send({
      type: 'response.cancel',
      response_id: at(await client.next('response.created'), 'response.id'),
    });
    const done = await client.next('response.done');
    expect(at(done, 'response')).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'client_cancelled' },
      output: [{ status: 'incomplete', content: [{ text: 'one two' }] }],
    });
    expect(client.types().slice(-5)).toEqual([
      spelling.textDone,
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
    await scripted.script.until(() => scripted.script.answering === 0);
  });

  it('cancels without an id the response of the conversation only', async () => {
    scripted.script.requests.next(requestFault.hang(), 2);
    ask('aside', { metadata: { which: 'aside' } });
    client.send({
      type: 'response.create',
      response: { input: [message('in band')], metadata: { which: 'in band' } },
    });
    await client.next('response.created', 2);
    client.send({ type: 'response.cancel', event_id: 'c1' });
    expect(at(await client.next('response.done'), 'response.metadata.which')).toBe('in band');
    client.send({ type: 'response.cancel', event_id: 'c2' });
    expect(await client.error()).toMatchObject({ code: 'response_cancel_not_active', event_id: 'c2' });
    expect(scripted.script.answering).toBe(1);
  });

  it('refuses to cancel a response that has ended', async () => {
    ask('short');
    const id = at(await client.next('response.done'), 'response.id');
    client.send({ type: 'response.cancel', response_id: id, event_id: 'late' });
    expect(await client.error()).toMatchObject({ code: 'response_cancel_not_active', event_id: 'late' });
  });

  it('ends as incomplete at the limit of tokens, with what fitted', async () => {
    const field = spelling.name === 'ga' ? 'max_output_tokens' : 'max_response_output_tokens';
    ask('one two three four five', { [field]: 3 });
    expect(at(await client.next('response.done'), 'response')).toMatchObject({
      status: 'incomplete',
      status_details: { type: 'incomplete', reason: 'max_output_tokens' },
      output: [{ content: [{ text: 'one two' }] }],
    });
  });

  it('speaks: words first, then samples of 24 kHz PCM in pieces of 200 ms, complete', async () => {
    const pcm = Buffer.from(Array.from({ length: 24_010 }, (_, index) => index % 251));
    await scripted.close();
    scripted = await startScripted({ dialect: spelling.name, speech: () => pcm });
    client = await BareClient.open(scripted.url);
    ask('say this', spelling.output('audio'));
    const done = await client.next('response.done');
    const types = client.types();
    expect(types.indexOf(spelling.transcriptDelta)).toBeLessThan(types.indexOf(spelling.audioDelta));
    const deltas = client.frames.filter(({ type }) => type === spelling.audioDelta);
    const pieces = deltas.map((frame) => Buffer.from(String(frame.delta), 'base64'));
    expect(pieces.map(({ length }) => length)).toEqual([9_600, 9_600, 4_810]);
    expect(Buffer.concat(pieces).equals(pcm)).toBe(true);
    expect(types.slice(-7)).toEqual([
      spelling.audioDelta,
      spelling.audioDone,
      spelling.transcriptDone,
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
    expect(at(done, 'response.output.0.content.0')).toMatchObject({ transcript: 'say this' });
    expect(JSON.stringify(done)).not.toContain(pieces[0]?.toString('base64').slice(0, 40));
  });

  it('answers an empty text as a whole response with empty words', async () => {
    scripted.script.answer = () => '';
    ask('anything');
    expect(at(await client.next('response.done'), 'response')).toMatchObject({
      status: 'completed',
      output: [{ content: [{ text: '' }] }],
    });
  });

  it('fails a response whose answer broke unforeseen, without telling why', async () => {
    scripted.script.answer = () => Promise.reject(new Error('secret path /srv/x'));
    ask('anything');
    const done = await client.next('response.done');
    expect(at(done, 'response')).toMatchObject({
      status: 'failed',
      output: [],
      status_details: { type: 'failed', error: { code: 'server_error' } },
    });
    expect(JSON.stringify(done)).not.toContain('secret');
  });

  it('stops every answer when the socket closes', async () => {
    scripted.script.requests.every(requestFault.hang({ after: 1 }));
    for (let number = 0; number < 20; number += 1) ask('one two');
    await scripted.script.until(() => scripted.script.answering === 20);
    client.socket.terminate();
    await scripted.script.until(() => scripted.script.answering === 0 && scripted.script.open.length === 0);
    expect(scripted.script.sockets[0]?.inFlight).toBe(0);
  });
});
