/** Speaking to the offline server: the input buffer, voice activity detection, interruption, transcription. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ResponderError } from '../../src/offline/server/errors.js';
import { BareClient, at } from '../support/offline-client.js';
import { babble, silence } from '../support/offline-audio.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { message, outOfBand, SPELLINGS } from '../support/offline-spelling.js';

describe.each(SPELLINGS)('speech in $name', (spelling) => {
  let scripted: Scripted;
  let client: BareClient;

  beforeEach(async () => {
    scripted = await startScripted({ dialect: spelling.name });
    client = await BareClient.open(scripted.url);
  });

  afterEach(() => scripted.close());

  /** In pieces of 100 ms, as a microphone would. */
  function speak(...sounds: Buffer[]): void {
    const pcm = Buffer.concat(sounds);
    for (let start = 0; start < pcm.length; start += 4_800) {
      const audio = pcm.subarray(start, start + 4_800).toString('base64');
      client.send({ type: 'input_audio_buffer.append', audio });
    }
  }

  async function configure(settings: Parameters<typeof spelling.update>[0]): Promise<void> {
    const seen = client.types().filter((type) => type === 'session.updated').length;
    client.send(spelling.update(settings));
    await client.next('session.updated', seen + 1);
  }

  it('commits by hand what was appended, as an item, without answering', async () => {
    await configure({ vad: null, output: 'text' });
    speak(silence(250));
    client.send({ type: 'input_audio_buffer.commit' });
    const committed = await client.next('input_audio_buffer.committed');
    expect(committed.previous_item_id).toBeNull();
    const added = await client.next(spelling.itemAdded);
    expect(at(added, 'item')).toMatchObject({
      id: committed.item_id,
      role: 'user',
      content: [{ type: 'input_audio' }],
    });
    await client.settled();
    expect(client.types()).not.toContain('response.created');
    client.send({ type: 'response.create' });
    const done = await client.next('response.done');
    expect(at(done, 'response.output.0.content.0.text')).toBe('250 ms of audio');
    expect(at(done, 'response.usage.input_token_details.audio_tokens')).toBe(3);
  });

  it('refuses to commit less than 100 ms, and what was cleared', async () => {
    await configure({ vad: null });
    speak(silence(90));
    client.send({ type: 'input_audio_buffer.commit', event_id: 'c1' });
    expect(await client.error(1)).toMatchObject({ code: 'input_audio_buffer_commit_empty', event_id: 'c1' });
    speak(silence(500));
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    client.send({ type: 'input_audio_buffer.commit', event_id: 'c2' });
    const error = await client.error(2);
    expect(error).toMatchObject({ code: 'input_audio_buffer_commit_empty', event_id: 'c2' });
    expect(error.message).toContain('buffer only has 0.00ms of audio');
  });

  it('finds a turn, commits it with its padding, and answers it by itself', async () => {
    await configure({ output: 'text', vad: { type: 'server_vad', silence_duration_ms: 400 } });
    speak(silence(1_000), babble(1_500), silence(1_000));
    const done = await client.next('response.done');
    const started = await client.next('input_audio_buffer.speech_started');
    const stopped = await client.next('input_audio_buffer.speech_stopped');
    const committed = await client.next('input_audio_buffer.committed');
    expect(new Set([started.item_id, stopped.item_id, committed.item_id]).size).toBe(1);
    const startMs = Number(started.audio_start_ms);
    const endMs = Number(stopped.audio_end_ms);
    expect(startMs).toBeGreaterThanOrEqual(650);
    expect(startMs).toBeLessThanOrEqual(760);
    expect(endMs).toBeGreaterThanOrEqual(2_850);
    expect(endMs).toBeLessThanOrEqual(2_980);
    expect(at(done, 'response.output.0.content.0.text')).toBe(`${endMs - startMs} ms of audio`);
    expect(client.types().indexOf('input_audio_buffer.committed')).toBeLessThan(
      client.types().indexOf('response.created'),
    );
  });

  it('finds two turns in one append, and counts both from the start of the session', async () => {
    await configure({ output: 'text', vad: { type: 'server_vad', silence_duration_ms: 300 } });
    const audio = Buffer.concat([silence(500), babble(800), silence(600), babble(800), silence(600)]);
    client.send({ type: 'input_audio_buffer.append', audio: audio.toString('base64') });
    const second = await client.next('input_audio_buffer.speech_started', 2);
    await client.next('input_audio_buffer.committed', 2);
    expect(Number(second.audio_start_ms)).toBeGreaterThan(1_500);
    expect(Number(second.audio_start_ms)).toBeLessThan(1_900);
  });

  it('lets create_response=false commit without answering', async () => {
    await configure({ output: 'text', vad: { type: 'server_vad', create_response: false } });
    speak(babble(800), silence(800));
    await client.next('input_audio_buffer.committed');
    await client.settled();
    expect(client.types()).not.toContain('response.created');
  });

  it('interrupts the answer of the conversation when someone speaks, and no answer beside it', async () => {
    await configure({ output: 'text', vad: { type: 'server_vad', create_response: false } });
    scripted.script.requests.next(requestFault.hang({ after: 1 }), 2);
    client.send({
      type: 'response.create',
      response: { input: [message('in band')], metadata: { which: 'in band' } },
    });
    client.send({
      type: 'response.create',
      response: outOfBand(spelling, 'aside', { metadata: { which: 'aside' } }),
    });
    await client.next(spelling.textDelta, 2);
    speak(babble(400));
    const done = await client.next('response.done');
    expect(at(done, 'response')).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
      metadata: { which: 'in band' },
    });
    await client.settled();
    expect(client.types().filter((type) => type === 'response.done')).toHaveLength(1);
    expect(scripted.script.answering).toBe(1);
  });

  it('lets interrupt_response=false finish its answer, and refuses the second one aloud', async () => {
    await configure({ output: 'text', vad: { type: 'server_vad', interrupt_response: false } });
    scripted.script.requests.next(requestFault.hang());
    client.send({ type: 'response.create', response: { input: [message('in band')] } });
    await client.next('response.created');
    speak(babble(800), silence(800));
    expect(await client.error()).toMatchObject({ code: 'conversation_already_has_active_response' });
    await client.settled();
    expect(client.types()).not.toContain('response.done');
  });

  it('loses no turn because an earlier one could not be answered', async () => {
    await configure({
      output: 'text',
      vad: { type: 'server_vad', silence_duration_ms: 300, interrupt_response: false },
    });
    scripted.script.requests.next(requestFault.hang());
    client.send({ type: 'response.create', response: { input: [message('in band')] } });
    await client.next('response.created');
    const audio = Buffer.concat([babble(600), silence(600), babble(600), silence(600)]).toString('base64');
    client.send({ type: 'input_audio_buffer.append', event_id: 'a1', audio });
    await client.next('input_audio_buffer.committed', 2);
    await client.settled();
    const errors = client.frames.filter(({ type }) => type === 'error').map((frame) => at(frame, 'error'));
    expect(errors.slice(0, 2)).toMatchObject([{ event_id: null }, { event_id: null }]);
  });

  it('transcribes what was committed, beside the answer, when asked to', async () => {
    await configure({ output: 'text', transcription: { model: 'whisper-1', language: 'en' } });
    scripted.script.transcript = () => 'good morning';
    scripted.script.requests.next(requestFault.hang());
    speak(babble(1_200), silence(800));
    const completed = await client.next('conversation.item.input_audio_transcription.completed');
    const committed = await client.next('input_audio_buffer.committed');
    expect(completed).toMatchObject({
      item_id: committed.item_id,
      content_index: 0,
      transcript: 'good morning',
    });
    const deltas = client.frames.filter(
      ({ type }) => type === 'conversation.item.input_audio_transcription.delta',
    );
    expect(deltas.map((frame) => frame.delta).join('')).toBe('good morning');
    client.send({ type: 'conversation.item.retrieve', item_id: committed.item_id });
    expect(at(await client.next('conversation.item.retrieved'), 'item.content.0.transcript')).toBe(
      'good morning',
    );
  });

  it('says why a transcription failed', async () => {
    await configure({ vad: null, transcription: { model: 'whisper-1' } });
    scripted.script.transcript = () => {
      throw new ResponderError('unsupported_language', 'English only.');
    };
    speak(silence(200));
    client.send({ type: 'input_audio_buffer.commit' });
    const failed = await client.next('conversation.item.input_audio_transcription.failed');
    expect(failed.error).toMatchObject({ code: 'unsupported_language', message: 'English only.' });
  });

  it('keeps no silence while it waits for someone to speak', async () => {
    await configure({
      output: 'text',
      vad: { type: 'server_vad', prefix_padding_ms: 100, silence_duration_ms: 300 },
    });
    speak(silence(20_000), babble(600), silence(600));
    const committed = await client.next('response.done');
    const heardMs = Number.parseInt(String(at(committed, 'response.output.0.content.0.text')), 10);
    expect(heardMs).toBeLessThan(1_200);
  });
});
