/** An interpreter is heard to its end: what is said meanwhile waits its turn, and each turn is answered in order. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import { hum, silence } from '../support/offline-audio.js';
import { at, type BareClient, type Frame } from '../support/offline-client.js';
import { GA, PREVIEW } from '../support/offline-spelling.js';
import { converse, refusal } from '../support/relay.js';
import { speakSamples } from '../support/speech.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const FRAME_BYTES = 40 * 48;

function stream(client: BareClient, ...pieces: Buffer[]): void {
  const pcm = Buffer.concat(pieces);
  for (let byte = 0; byte < pcm.length; byte += FRAME_BYTES) {
    const audio = pcm.subarray(byte, byte + FRAME_BYTES).toString('base64');
    client.send({ type: 'input_audio_buffer.append', audio });
  }
}

function framesOf(client: BareClient, type: string): Frame[] {
  return client.frames.filter((frame) => frame.type === type);
}

async function nthEnd(client: BareClient, nth: number): Promise<Frame> {
  await client.until(() => framesOf(client, 'response.done').length >= nth, `${nth} ends`, 25_000);
  return client.next('response.done', nth);
}

/** Sounds of 400, 800 and 1200 ms, each a turn of its own. */
const TURNS = [400, 800, 1_200].map((ms) => Buffer.concat([hum(ms, -20), silence(1_500)]));

/** A scripted upstream whose answers end when the test says so, in the order in which they were asked for. */
async function startHeld(dialect: 'ga' | 'preview' = 'ga') {
  const releases: (() => void)[] = [];
  const running = await startBeforeScript(
    {},
    {
      dialect,
      answer: async ({ items }) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        const part = items.at(-1)?.parts.at(-1);
        return part?.type === 'text' ? part.text : `${Math.round((part?.audio?.length ?? 0) / 48)} ms`;
      },
    },
  );
  opened.push(running);
  const release = async (): Promise<void> => {
    await running.script.until(() => releases.length > 0);
    releases.shift()?.();
  };
  return { ...running, release };
}

/** What each answer said, in order. */
function answers(client: BareClient): string[] {
  return framesOf(client, 'response.done').map((frame) =>
    String(at(frame, 'response.output.0.content.0.transcript')),
  );
}

function lengths(client: BareClient): number[] {
  return answers(client).map((answer) => Number.parseInt(answer, 10));
}

function expectInOrder(ms: readonly number[]): void {
  expect(ms).toHaveLength(3);
  expect([...ms].sort((a, b) => a - b)).toEqual(ms);
  expect(new Set(ms).size).toBe(3);
}

describe('an interpreter', () => {
  it('hears every sentence with pauses of 1.5 s to its end, in order', async () => {
    const running = await startGateway();
    opened.push(running);
    const client = await converse(running.url, '/realtime-voice?source=en&target=es');
    const sentences = [
      'We have two dogs and three cats.',
      'I live in a small house with my family.',
      'Can you tell me how to get to the hospital.',
    ];
    const spoken = await Promise.all(sentences.map((sentence) => speakSamples(sentence)));
    stream(client, ...spoken.flatMap((pcm) => [pcm, silence(1_500)]));
    const last = await nthEnd(client, 3);
    const done = framesOf(client, 'response.done');
    expect(done.map((frame) => at(frame, 'response.status'))).toEqual(Array(3).fill('completed'));
    expect(answers(client).map((answer) => answer.toLowerCase())).toEqual([
      expect.stringContaining('dos perros'),
      expect.stringContaining('casa pequeña'),
      expect.stringContaining('hospital'),
    ]);
    expect(client.frames.indexOf(last)).toBeGreaterThan(0);
    expect(framesOf(client, 'error')).toEqual([]);
    await client.close();
  });

  it.each(['ga', 'preview'] as const)(
    'answers turns that end meanwhile one after the other, each by itself (%s upstream)',
    async (dialect) => {
      const { url, script, release } = await startHeld(dialect);
      const client = await converse(url, '/realtime-voice?target=es');
      stream(client, ...TURNS);
      await client.next('input_audio_buffer.committed', 3);
      for (const nth of [1, 2, 3]) {
        await script.until(() => script.asked.length === nth);
        expect(script.answering).toBe(1);
        await release();
        await nthEnd(client, nth);
      }
      expectInOrder(lengths(client));
      // Each is told of what was said before it, with its answer, and not of what came after.
      expect(script.asked.map(({ items }) => items.map(({ role }) => role))).toEqual([
        ['user'],
        ['user', 'assistant', 'user'],
        ['user', 'assistant', 'user', 'assistant', 'user'],
      ]);
      expect(framesOf(client, 'error')).toEqual([]);
      await client.close();
    },
  );

  it('shows the client a turn detection that creates responses and does not interrupt', async () => {
    const { url, script } = await startHeld();
    const client = await converse(url, '/realtime-voice?target=es');
    const wanted = { create_response: true, interrupt_response: false };
    expect(at(client.frames[0], 'session.audio.input.turn_detection')).toMatchObject(wanted);
    client.send(GA.update({ vad: { type: 'server_vad', silence_duration_ms: 300 } }));
    const updated = await client.next('session.updated');
    const detection = at(updated, 'session.audio.input.turn_detection');
    expect(detection).toMatchObject({ ...wanted, silence_duration_ms: 300 });
    expect(script.sockets.at(-1)?.events.at(-1)).toMatchObject({
      session: { turnDetection: { createResponse: false, interruptResponse: false } },
    });
    await client.close();
  });

  it('lets a typed sentence wait its turn too, and answers it by itself', async () => {
    const { url, script, release } = await startHeld();
    const client = await converse(url, '/realtime-voice?target=es');
    const [first = silence(0), second = silence(0)] = TURNS;
    stream(client, first);
    await client.next('response.created');
    const content = [{ type: 'input_text', text: 'typed' }];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    client.send({ type: 'response.create', event_id: 'mine' });
    await client.next('conversation.item.done', 2);
    stream(client, second);
    await client.next('input_audio_buffer.committed', 2);
    for (const nth of [1, 2, 3]) {
      await release();
      await nthEnd(client, nth);
    }
    expect(answers(client)).toEqual([expect.stringMatching(/ms$/), 'typed', expect.stringMatching(/ms$/)]);
    expect(script.sockets.at(-1)?.events.filter(({ eventId }) => eventId === 'mine')).toHaveLength(1);
    expect(framesOf(client, 'error')).toEqual([]);
    await client.close();
  });

  it('drops a turn that waits when its item is deleted', async () => {
    const { url, script, release } = await startHeld();
    const client = await converse(url, '/realtime-voice?target=es');
    stream(client, ...TURNS);
    const { item_id } = await client.next('input_audio_buffer.committed', 2);
    await client.next('input_audio_buffer.committed', 3);
    client.send({ type: 'conversation.item.delete', item_id });
    await client.next('conversation.item.deleted');
    await release();
    await release();
    await nthEnd(client, 2);
    expect(script.asked).toHaveLength(2);
    expect(lengths(client)[1]).toBeGreaterThan(1_100);
    await client.close();
  });

  it('is interrupted from the moment that the client asks for it', async () => {
    const { url } = await startHeld();
    const client = await converse(url, '/realtime-voice?target=es');
    client.send(GA.update({ vad: { type: 'server_vad', interrupt_response: true } }));
    await client.next('session.updated');
    const [first = silence(0), second = silence(0)] = TURNS;
    stream(client, first);
    await client.next('response.created');
    stream(client, second);
    expect(at(await nthEnd(client, 1), 'response.status_details.reason')).toBe('turn_detected');
    await client.close();
  });

  it('creates no response where the client’s turn detection wants none', async () => {
    const { url, script } = await startHeld();
    const client = await converse(url, '/realtime-voice?target=es');
    client.send(GA.update({ vad: { type: 'server_vad', create_response: false } }));
    const updated = await client.next('session.updated');
    expect(at(updated, 'session.audio.input.turn_detection.create_response')).toBe(false);
    stream(client, ...TURNS);
    await client.next('input_audio_buffer.committed', 3);
    await client.settled();
    expect(script.requestCount).toBe(0);
    await client.close();
  });

  it('answers what was said before the service stops, and closes then', async () => {
    const { url, gateway, release } = await startHeld();
    const client = await converse(url, '/realtime-voice?target=es');
    stream(client, ...TURNS.slice(0, 2));
    await client.next('input_audio_buffer.committed', 2);
    const closing = gateway.close();
    await client.next('error');
    await release();
    await release();
    expect((await client.untilClosed()).code).toBe(1001);
    expect(answers(client)).toHaveLength(2);
    await closing;
  });
});

describe('the query', () => {
  it.each([
    ['target=es', false],
    ['', true],
    ['interrupt=false', false],
    ['target=es&interrupt=true', true],
    ['prompt=Translate.', true],
  ])('%s: speech interrupts: %s', async (query, interrupts) => {
    const { url } = await startHeld();
    const client = await converse(url, `/realtime-voice?dialect=preview&${query}`);
    expect(at(client.frames[0], `session.${PREVIEW.vadPath}`)).toMatchObject({
      create_response: true,
      interrupt_response: interrupts,
    });
    await client.close();
  });

  it.each([
    ['/realtime-voice?interrupt=perhaps', 'must be `true` or `false`'],
    ['/text-chat?interrupt=true', 'is not a known field'],
  ])('%s is refused', async (path, detail) => {
    const { url } = await startHeld();
    const told = await refusal(url, path);
    expect([told.status, told.body.code]).toEqual([400, 'invalid-request']);
    expect(told.body.errors).toEqual([{ pointer: '/interrupt', detail: expect.stringContaining(detail) }]);
  });
});
