/** A call with the offline engine: English speech is transcribed, translated and spoken in Spanish. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type Running } from '../support/gateway.js';
import { silence } from '../support/offline-audio.js';
import { at, type BareClient, type Frame } from '../support/offline-client.js';
import { converse } from '../support/relay.js';
import { speakSamples } from '../support/speech.js';

const FRAME_BYTES = 40 * 48;
const SENTENCE = 'We have two dogs and three cats.';

let running: Running;
let speech: Buffer;
beforeAll(async () => {
  running = await startGateway();
  speech = await speakSamples(SENTENCE);
});
afterAll(() => running.close());

function stream(client: BareClient, pcm: Buffer): void {
  for (let byte = 0; byte < pcm.length; byte += FRAME_BYTES) {
    const audio = pcm.subarray(byte, byte + FRAME_BYTES).toString('base64');
    client.send({ type: 'input_audio_buffer.append', audio });
  }
}

/** The nth frame of that type. Recognition is slow on a busy machine. */
async function nextOf(client: BareClient, type: string, nth = 1): Promise<Frame> {
  await client.until(() => client.types().filter((each) => each === type).length >= nth, type, 25_000);
  return client.next(type, nth);
}

/** Of all deltas of one response. */
function joined(client: BareClient, type: string, responseId: unknown): string[] {
  return client.frames
    .filter((frame) => frame.type === type && frame.response_id === responseId)
    .map(({ delta }) => String(delta));
}

describe('a call', () => {
  it('is interpreted: transcribed on both sides, and answered in audio', async () => {
    const client = await converse(running.url, '/realtime-voice?source=en&target=es');
    stream(client, Buffer.concat([silence(300), speech, silence(900)]));
    await client.next('input_audio_buffer.speech_started');
    await client.next('input_audio_buffer.speech_stopped');
    const transcription = await nextOf(client, 'conversation.item.input_audio_transcription.completed');
    expect(String(transcription.transcript).toLowerCase()).toContain('two dogs and three cats');

    const done = await nextOf(client, 'response.done');
    expect(at(done, 'response.status')).toBe('completed');
    const id = at(done, 'response.id');
    expect(joined(client, 'response.output_audio_transcript.delta', id).join('').toLowerCase()).toContain(
      'dos perros y tres gatos',
    );
    const sound = Buffer.concat(
      joined(client, 'response.output_audio.delta', id).map((delta) => Buffer.from(delta, 'base64')),
    );
    // More than a second of PCM16 at 24 kHz, and not silence.
    expect(sound.length).toBeGreaterThan(48_000);
    const samples = new Int16Array(sound.buffer.slice(sound.byteOffset, sound.byteOffset + sound.length));
    expect(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeGreaterThan(3_000);
    await client.close();
  });

  it('lets the speaker break in: the reply is cancelled, and the new sentence answered', async () => {
    const client = await converse(running.url, '/realtime-voice?source=en&target=es&interrupt=true');
    stream(client, Buffer.concat([speech, silence(900)]));
    await client.next('response.created');
    stream(client, Buffer.concat([speech, silence(900)]));
    await client.next('input_audio_buffer.speech_started', 2);
    const first = await nextOf(client, 'response.done');
    expect(at(first, 'response.status_details')).toMatchObject({
      type: 'cancelled',
      reason: 'turn_detected',
    });

    const second = await nextOf(client, 'response.done', 2);
    expect(at(second, 'response.status')).toBe('completed');
    expect(
      joined(client, 'response.output_audio_transcript.delta', at(second, 'response.id'))
        .join('')
        .toLowerCase(),
    ).toContain('dos perros y tres gatos');
    // Nothing of the first comes after its end.
    const after = client.frames.slice(client.frames.indexOf(first) + 1);
    expect(after.filter((frame) => frame.response_id === at(first, 'response.id'))).toEqual([]);
    await client.close();
  });

  it('takes text in its middle, and speaks its translation, too', async () => {
    const client = await converse(running.url, '/realtime-voice?source=en&target=es');
    const content = [{ type: 'input_text', text: 'Good morning' }];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    client.send({ type: 'response.create' });
    const done = await nextOf(client, 'response.done');
    const id = at(done, 'response.id');
    expect(joined(client, 'response.output_audio_transcript.delta', id).join('')).toContain('Buenos');
    expect(joined(client, 'response.output_audio.delta', id).length).toBeGreaterThan(0);
    await client.close();
  });
});

describe('a chat', () => {
  it('is answered in text, word by word', async () => {
    const client = await converse(running.url, '/text-chat?target=es&dialect=preview');
    const content = [{ type: 'input_text', text: 'The red house has a big garden.' }];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    client.send({ type: 'response.create' });
    const done = await nextOf(client, 'response.done');
    const words = joined(client, 'response.text.delta', at(done, 'response.id'));
    expect(words.join('')).toContain('casa roja');
    expect(words.length).toBeGreaterThan(3);
    await client.close();
  });
});
