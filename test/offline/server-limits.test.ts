/** What one socket can make the offline server hold: slow readers, floods, endless audio. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Responder } from '../../src/offline/server/responder.js';
import { startOfflineServer, type OfflineServer } from '../../src/offline/server/server.js';
import { BareClient } from '../support/offline-client.js';
import { requestFault, startScripted } from '../support/offline.js';
import { GA, outOfBand } from '../support/offline-spelling.js';

let server: OfflineServer | undefined;

afterEach(() => server?.destroy());

describe('back-pressure', () => {
  it('stops asking for samples while the reader does not read, and goes on when it does', async () => {
    const pieces = 2_000;
    const given = new Map<string, number>();
    const responder: Responder = {
      async *respond({ metadata }, signal) {
        const who = metadata.who ?? '';
        for (let piece = 1; piece <= pieces && !signal.aborted; piece += 1) {
          given.set(who, piece);
          yield await Promise.resolve({ type: 'audio' as const, pcm: Buffer.alloc(9_600) });
        }
      },
      transcribe: () => Promise.resolve({ text: '' }),
      capabilities: () =>
        Promise.resolve({ languages: [], chains: [], speechSources: [], voices: [], missing: [] }),
      close: () => Promise.resolve(),
    };
    server = await startOfflineServer({ dialect: 'ga', responder });
    const slow = await BareClient.open(server.url);
    const quick = await BareClient.open(server.url);
    const ask = (who: string) => ({
      type: 'response.create',
      response: outOfBand(GA, 'long', { ...GA.output('audio'), metadata: { who } }),
    });
    slow.send(ask('slow'));
    await slow.next('response.created');
    slow.socket.pause();
    quick.send(ask('quick'));
    await quick.until(() => quick.types().includes('response.done'), 'the quick one', 20_000);
    expect(given.get('quick')).toBe(pieces);
    expect(given.get('slow')).toBeLessThan(pieces / 1.5);
    slow.socket.resume();
    await slow.until(() => slow.types().includes('response.done'), 'the slow one', 20_000);
    expect(slow.types().filter((type) => type === GA.audioDelta)).toHaveLength(pieces);
  });

  it('stops reading events from a client that does not read their answers, and serves them all when it does', async () => {
    const scripted = await startScripted();
    server = scripted.server;
    const client = await BareClient.open(scripted.url);
    client.send(GA.update({ vad: null }));
    const audio = Buffer.alloc(1024 * 1024).toString('base64');
    const item = { id: 'big', type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] };
    client.send({ type: 'conversation.item.create', item });
    await client.next('conversation.item.done');
    client.socket.pause();
    for (let count = 0; count < 100; count += 1) {
      client.send({ type: 'conversation.item.retrieve', item_id: 'big' });
    }
    const [socket] = scripted.script.sockets;
    await scripted.script.until(() => (socket?.frames.length ?? 0) > 10);
    const quick = await BareClient.open(scripted.url);
    for (let count = 0; count < 20; count += 1) await quick.settled();
    expect(socket?.frames.length).toBeLessThan(60);
    client.socket.resume();
    await client.next('conversation.item.retrieved', 100);
  });
});

describe('limits of one socket', () => {
  it('refuses more responses at a time than any client needs', async () => {
    const scripted = await startScripted();
    server = scripted.server;
    scripted.script.requests.every(requestFault.hang());
    const client = await BareClient.open(scripted.url);
    for (let number = 0; number < 1_025; number += 1) {
      client.send({ type: 'response.create', event_id: `e${number}`, response: outOfBand(GA, 'x') });
    }
    expect(await client.error()).toMatchObject({ code: 'rate_limit_exceeded', event_id: 'e1024' });
  });

  it('refuses audio beyond what the input buffer holds, and takes more once it is cleared', async () => {
    const scripted = await startScripted();
    server = scripted.server;
    const client = await BareClient.open(scripted.url);
    client.send(GA.update({ vad: null }));
    const audio = Buffer.alloc(8 * 1024 * 1024).toString('base64');
    for (let count = 0; count < 5; count += 1) {
      client.send({ type: 'input_audio_buffer.append', event_id: `a${count}`, audio });
    }
    expect(await client.error()).toMatchObject({ code: 'input_audio_buffer_full', event_id: 'a4' });
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    client.send({ type: 'input_audio_buffer.append', audio });
    await client.settled();
    expect(client.types().filter((type) => type === 'error')).toHaveLength(2);
  });

  it('closes a socket whose frame is larger than any event may be', async () => {
    const scripted = await startScripted();
    server = scripted.server;
    const client = await BareClient.open(scripted.url);
    client.socket.send('x'.repeat(25 * 1024 * 1024));
    expect((await client.untilClosed()).code).toBe(1009);
  });
});
