/** The openai package's own Realtime client, driving the offline server as it drives the real one. */
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import { startScripted, type Scripted } from '../support/offline.js';

let scripted: Scripted;
let realtime: OpenAIRealtimeWS;

beforeEach(async () => {
  scripted = await startScripted({
    dialect: 'ga',
    answer: ({ items }) => `${items.length} items: buenos días`,
  });
  const { port } = scripted.server;
  const client = new OpenAI({ apiKey: 'any', baseURL: `http://127.0.0.1:${port}/v1` });
  // The client insists on wss; the connection underneath is ours to make, and loopback needs no TLS.
  const createConnection = () => connect(port, '127.0.0.1');
  realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { createConnection } }, client);
});

afterEach(async () => {
  realtime.close();
  await scripted.close();
});

/** The next event of that type. Rejects with the error event that comes before it. */
function next<T extends Exclude<RealtimeServerEvent['type'], 'error'>>(type: T) {
  return new Promise<Extract<RealtimeServerEvent, { type: T }>>((resolve, reject) => {
    realtime.once('error', reject);
    realtime.once(type, resolve as Parameters<typeof realtime.once<T>>[1]);
  });
}

async function configured(): Promise<void> {
  await next('session.created');
  realtime.send({
    type: 'session.update',
    session: { type: 'realtime', output_modalities: ['text'], audio: { input: { turn_detection: null } } },
  });
  const { session } = await next('session.updated');
  expect(session).toMatchObject({ type: 'realtime', output_modalities: ['text'] });
}

describe('the openai client', () => {
  it('holds a text conversation', async () => {
    await configured();
    let text = '';
    realtime.on('response.output_text.delta', ({ delta }) => (text += delta));
    realtime.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Good morning' }] },
    });
    realtime.send({ type: 'response.create' });
    const { response } = await next('response.done');
    expect(response.status).toBe('completed');
    expect(text).toBe('1 items: buenos días');
    expect(response.usage?.total_tokens).toBeGreaterThan(0);
  });

  it('asks out-of-band, with a reference and metadata', async () => {
    await configured();
    realtime.send({
      type: 'conversation.item.create',
      item: {
        id: 'seed_1',
        type: 'message',
        role: 'system',
        content: [{ type: 'input_text', text: 'Translate.' }],
      },
    });
    realtime.send({
      type: 'response.create',
      response: {
        conversation: 'none',
        output_modalities: ['text'],
        metadata: { request_id: 'r1' },
        input: [
          { type: 'item_reference', id: 'seed_1' } as never,
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Good morning' }] },
        ],
      },
    });
    const { response } = await next('response.done');
    expect(response.metadata).toEqual({ request_id: 'r1' });
    expect(response.output?.[0]).toMatchObject({ content: [{ text: '2 items: buenos días' }] });
  });

  it('gets audio with its transcript when it asks for audio', async () => {
    await next('session.created');
    const pieces: Buffer[] = [];
    realtime.on('response.output_audio.delta', ({ delta }) => pieces.push(Buffer.from(delta, 'base64')));
    realtime.send({ type: 'response.create', response: { conversation: 'none', input: [] } });
    const [{ transcript }] = await Promise.all([
      next('response.output_audio_transcript.done'),
      next('response.done'),
    ]);
    expect(transcript).toBe('0 items: buenos días');
    expect(Buffer.concat(pieces)).toHaveLength(transcript.length * 50 * 48);
  });

  it('is told of an error by its error event, with the id of its own event', async () => {
    await configured();
    const refused = new Promise<unknown>((resolve) => realtime.once('error', resolve));
    realtime.send({ type: 'response.cancel', event_id: 'c1' });
    expect(await refused).toMatchObject({
      error: { type: 'invalid_request_error', code: 'response_cancel_not_active', event_id: 'c1' },
    });
  });
});
