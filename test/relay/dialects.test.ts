/** Clients of each dialect over upstreams of each: every event of a conversation, both ways. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import { babble, silence } from '../support/offline-audio.js';
import { at, type BareClient } from '../support/offline-client.js';
import { requestFault } from '../support/offline.js';
import { GA, message, PREVIEW, type Spelling } from '../support/offline-spelling.js';
import { converse } from '../support/relay.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

/** Names that only one dialect has. */
const OF_ONE = {
  ga: /^(conversation\.item\.(added|done)|response\.output_(text|audio)|response\.output_audio_transcript)/,
  preview: /^(conversation\.item\.created|response\.(text|audio|audio_transcript)\.)/,
};

function audioIn(client: BareClient, type: string): Buffer {
  const deltas = client.frames.filter((frame) => frame.type === type);
  return Buffer.concat(deltas.map(({ delta }) => Buffer.from(String(delta), 'base64')));
}

function textIn(client: BareClient, type: string): string {
  return client.frames
    .filter((frame) => frame.type === type)
    .map(({ delta }) => String(delta))
    .join('');
}

/** 700 ms of something like speech and enough silence to end the turn, in frames of 40 ms. */
function speak(client: BareClient): void {
  const pcm = Buffer.concat([babble(700), silence(800)]);
  for (let byte = 0; byte < pcm.length; byte += 1_920) {
    const audio = pcm.subarray(byte, byte + 1_920).toString('base64');
    client.send({ type: 'input_audio_buffer.append', audio });
  }
}

const PAIRS: [Spelling, Spelling][] = [
  [GA, GA],
  [GA, PREVIEW],
  [PREVIEW, GA],
  [PREVIEW, PREVIEW],
];

describe.each(
  PAIRS.map(([client, upstream]) => ({ client: client.name, upstream: upstream.name, spelling: client })),
)('a $client client over a $upstream upstream', ({ client: dialect, upstream, spelling }) => {
  const other = dialect === 'ga' ? 'preview' : 'ga';
  const query = dialect === 'ga' ? '' : '?dialect=preview';

  it('converses in text', async () => {
    running = await startBeforeScript({}, { dialect: upstream, answer: () => 'one two three' });
    const client = await converse(running.url, `/text-chat${query}`);
    expect(
      at(client.frames[0], dialect === 'ga' ? 'session.output_modalities' : 'session.modalities'),
    ).toEqual(['text']);
    expect(at(client.frames[0], `session.${spelling.vadPath}`)).toBeNull();

    client.send({ type: 'conversation.item.create', item: message('Hello', 'msg_hello') });
    client.send({ type: 'response.create', response: { metadata: { topic: 'greeting' } } });
    const done = await client.next('response.done');
    expect(textIn(client, spelling.textDelta)).toBe('one two three');
    expect((await client.next(spelling.textDone)).text).toBe('one two three');
    expect(at(done, 'response.status')).toBe('completed');
    expect(at(done, 'response.metadata')).toEqual({ topic: 'greeting' });
    expect(at(done, 'response.output.0.content.0')).toEqual({
      type: spelling.assistantText,
      text: 'one two three',
    });
    expect(running.script.asked.at(-1)?.items[0]).toMatchObject({ id: 'msg_hello', role: 'user' });
    expect(client.types().filter((type) => OF_ONE[other].test(type))).toEqual([]);
    await client.close();
  });

  it('gets each item once as added, and in GA once as done', async () => {
    running = await startBeforeScript({}, { dialect: upstream });
    const client = await converse(running.url, `/text-chat${query}`);
    client.send({ type: 'conversation.item.create', item: message('Hello', 'msg_hello') });
    client.send({ type: 'response.create' });
    await client.next('response.done');
    const idsOf = (type: string): unknown[] =>
      client.frames.filter((frame) => frame.type === type).map((frame) => at(frame, 'item.id'));
    const answerId = at(await client.next('response.output_item.added'), 'item.id');
    expect(idsOf(spelling.itemAdded)).toEqual(['msg_hello', answerId]);
    if (spelling.itemDone === undefined) return;
    expect(idsOf(spelling.itemDone)).toEqual(['msg_hello', answerId]);
    const done = await client.next(spelling.itemDone, 2);
    expect(done.previous_item_id).toBe('msg_hello');
    expect(at(done, 'item.content.0.text')).toBe('Hello');
    const order = client.types();
    expect(order.lastIndexOf(spelling.itemDone)).toBeLessThan(order.indexOf('response.output_item.done'));
    await client.close();
  });

  it('converses in speech', async () => {
    const sound = babble(900);
    running = await startBeforeScript(
      { REALTIME_VOICE: 'verse' },
      {
        dialect: upstream,
        transcript: () => 'good morning',
        answer: () => 'buenos días',
        speech: () => sound,
      },
    );
    const client = await converse(running.url, `/realtime-voice${query}`);
    expect(at(client.frames[0], `session.${spelling.voicePath}`)).toBe('verse');
    expect(at(client.frames[0], `session.${spelling.vadPath}.type`)).toBe('server_vad');

    speak(client);
    const started = await client.next('input_audio_buffer.speech_started');
    const stopped = await client.next('input_audio_buffer.speech_stopped');
    const committed = await client.next('input_audio_buffer.committed');
    const transcription = await client.next('conversation.item.input_audio_transcription.completed');
    await client.next('response.done');
    expect([stopped.item_id, committed.item_id, transcription.item_id]).toEqual(
      Array(3).fill(started.item_id),
    );
    expect(stopped.audio_end_ms).toBeGreaterThan(Number(started.audio_start_ms));
    expect(transcription.transcript).toBe('good morning');
    expect(textIn(client, 'conversation.item.input_audio_transcription.delta')).toBe('good morning');
    expect(textIn(client, spelling.transcriptDelta)).toBe('buenos días');
    expect((await client.next(spelling.transcriptDone)).transcript).toBe('buenos días');
    expect(audioIn(client, spelling.audioDelta).equals(sound)).toBe(true);
    expect(client.types()).toContain(spelling.audioDone);
    expect(client.types()).toContain('rate_limits.updated');
    expect(client.types().filter((type) => OF_ONE[other].test(type))).toEqual([]);
    await client.close();
  });

  it('updates, cancels, truncates, deletes and clears', async () => {
    running = await startBeforeScript({}, { dialect: upstream });
    const client = await converse(running.url, `/realtime-voice${query}`);
    const vad = { type: 'server_vad', silence_duration_ms: 300 };
    client.send(spelling.update({ instructions: 'Be brief.', vad, transcription: null, voice: 'echo' }));
    const updated = await client.next('session.updated');
    expect(at(updated, 'session.instructions')).toBe('Be brief.');
    expect(at(updated, `session.${spelling.voicePath}`)).toBe('echo');
    expect(at(updated, `session.${spelling.vadPath}.silence_duration_ms`)).toBe(300);

    client.send({ type: 'conversation.item.create', item: message('Hello', 'msg_hello') });
    client.send({ type: 'response.create' });
    await client.next('response.done');
    const answerId = at(await client.next('response.output_item.added'), 'item.id');
    client.send({
      type: 'conversation.item.truncate',
      item_id: answerId,
      content_index: 0,
      audio_end_ms: 40,
    });
    expect(await client.next('conversation.item.truncated')).toMatchObject({
      item_id: answerId,
      audio_end_ms: 40,
    });
    client.send({ type: 'conversation.item.delete', item_id: 'msg_hello' });
    expect(await client.next('conversation.item.deleted')).toMatchObject({ item_id: 'msg_hello' });

    running.script.requests.next(requestFault.hang({ after: 1 }));
    client.send({ type: 'response.create' });
    await client.next(spelling.transcriptDelta, 2);
    client.send({ type: 'response.cancel' });
    const cancelled = await client.next('response.done', 2);
    expect(at(cancelled, 'response.status')).toBe('cancelled');
    expect(at(cancelled, 'response.status_details.reason')).toBe('client_cancelled');

    client.send({ type: 'input_audio_buffer.append', audio: babble(40).toString('base64') });
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    await client.close();
  });

  it('gets upstream’s errors, with the id of the event that caused each', async () => {
    running = await startBeforeScript({}, { dialect: upstream });
    const client = await converse(running.url, `/text-chat${query}`);
    client.send({ type: 'conversation.item.delete', event_id: 'mine_1', item_id: 'none' });
    expect(await client.error()).toMatchObject({ code: 'item_delete_invalid_item_id', event_id: 'mine_1' });
    client.send({ type: 'input_audio_buffer.commit', event_id: 'mine_2' });
    expect(await client.error(2)).toMatchObject({
      code: 'input_audio_buffer_commit_empty',
      event_id: 'mine_2',
    });
    await client.close();
  });
});

describe('what needs no translation', () => {
  it('is passed on as it came, both ways, even if it is unknown to us', async () => {
    running = await startBeforeScript();
    const client = await converse(running.url, '/text-chat');
    const odd = '{ "event_id":"odd",\n "type" : "input_audio_buffer.clear" }';
    client.socket.send(odd);
    await client.next('input_audio_buffer.cleared');
    expect(running.script.sockets.at(-1)?.frames.at(-1)).toBe(odd);

    running.script.requests.next(requestFault.unknownEvent());
    client.send({ type: 'conversation.item.create', item: message('Hello there') });
    client.send({ type: 'response.create' });
    expect(await client.next('response.dreamt')).toEqual({
      type: 'response.dreamt',
      event_id: 'event_1',
      dream: { of: 'sheep' },
    });
    await client.close();
  });

  it('is dropped if it is unknown and the client’s dialect is another', async () => {
    running = await startBeforeScript();
    const client = await converse(running.url, '/text-chat?dialect=preview');
    running.script.requests.next(requestFault.malformedFrames());
    running.script.requests.next(requestFault.unknownEvent());
    for (const turn of [1, 2]) {
      client.send({ type: 'conversation.item.create', item: message('Hello there') });
      client.send({ type: 'response.create' });
      expect(at(await client.next('response.done', turn), 'response.status')).toBe('completed');
    }
    expect(client.types()).not.toContain('response.dreamt');
    await client.close();
  });
});
