/** Peers that disappeared without a close frame, and peers that only seem to have. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { connectionFault, startScripted, type Script } from '../support/offline.js';
import { message } from '../support/offline-spelling.js';
import { eventually } from '../support/pool.js';
import {
  clientFrame,
  converse,
  Flood,
  poured,
  RawUpgrade,
  startRelay,
  type RelayAlone,
} from '../support/relay.js';

const PING_MS = 400;
/** A missed ping is noticed at the next; timers of a busy machine are late. */
const DROPPED_WITHIN_MS = 2 * PING_MS + 1_500;

let joined: RelayAlone & { script: Script };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(): Promise<void> {
  const upstream = await startScripted();
  const alone = await startRelay(upstream.url, { pingMs: PING_MS });
  opened.push(upstream, alone);
  joined = { ...alone, script: upstream.script };
}

async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

describe('a peer that does not answer pings', () => {
  it('is dropped if it is the client, and upstream is closed', async () => {
    await start();
    const client = new RawUpgrade(joined.url, '/');
    await eventually(() => client.received.includes('session.created'));
    const startedAt = performance.now();
    client.socket.pause();
    await joined.script.until(() => joined.script.open.length === 0);
    expect(performance.now() - startedAt).toBeGreaterThan(PING_MS - 20);
    expect(performance.now() - startedAt).toBeLessThan(DROPPED_WITHIN_MS);
    await eventually(() => joined.relay.stats.conversations === 0);
    client.socket.destroy();
  });

  it('is dropped if it is upstream, and the client gets 1011', async () => {
    await start();
    joined.script.connections.next(connectionFault.halfOpen());
    const client = await converse(joined.url, '/');
    const startedAt = performance.now();
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'upstream lost' });
    expect(performance.now() - startedAt).toBeLessThan(DROPPED_WITHIN_MS);
    await eventually(() => joined.relay.stats.conversations === 0);
  });

  it('is dropped if it is the client, even while upstream is paused because of it', async () => {
    await start();
    joined.script.answer = () => 'word '.repeat(400_000);
    const client = await converse(joined.url, '/');
    client.send({ type: 'conversation.item.create', item: message('Go on.') });
    client.send({ type: 'response.create', response: { output_modalities: ['text'] } });
    await client.next('response.output_text.delta');
    client.socket.pause();
    // This many deltas keep this process, which is all three of them, from its timers for seconds.
    await joined.script.until(() => joined.script.open.length === 0, 20_000);
    await eventually(() => joined.relay.stats.conversations === 0);
    await client.close();
  });

  it('is dropped if it is a client that sends and reads nothing, though it is not read from either', async () => {
    await start();
    const client = new RawUpgrade(joined.url, '/');
    await eventually(() => client.received.includes('session.created'));
    client.socket.pause();
    new Flood(poured(client.socket), clientFrame('{"type":"x"}'), 64 * 1024 * 1024);
    await joined.script.until(() => joined.script.open.length === 0, 20_000);
    await eventually(() => joined.relay.stats.conversations === 0);
    client.socket.destroy();
  });
});

describe('a peer that answers its pings', () => {
  it('stays, without other traffic on either side', async () => {
    await start();
    const client = await converse(joined.url, '/');
    await after(4 * PING_MS);
    expect(client.closed).toBeUndefined();
    expect(joined.script.open).toHaveLength(1);
    await client.close();
  });

  it('stays while it is paused because of the other side', async () => {
    await start();
    const client = await converse(joined.url, '/');
    // Upstream does not read, so the client is not read from; its pongs wait with the rest.
    const audio = Buffer.alloc(480_000, 1).toString('base64');
    joined.script.sockets[0]?.goSilent();
    for (let n = 0; n < 20; n += 1) client.send({ type: 'input_audio_buffer.append', audio });
    // It is upstream that is dropped, not the client that waits for it.
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'upstream lost' });
  });
});
