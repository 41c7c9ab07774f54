/** A side that does not read pauses the other: what is buffered here stays small, whichever side sends. */
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { ClientDialectName } from '../../src/wire/index.js';
import { connectionFault, startScripted } from '../support/offline.js';
import { eventually } from '../support/pool.js';
import {
  clientFrame,
  Flood,
  poured,
  RawUpgrade,
  startBareUpstream,
  startRelay,
  wsUrl,
  type BareUpstream,
} from '../support/relay.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const MB = 1024 * 1024;
const FLOOD_BYTES = 96 * MB;
/** What the kernel buffers of two connections, and this process of one conversation and of the test's own ends. */
const BOUND_BYTES = 24 * MB;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Memory of this process, which is both ends and the service between them. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A client that parses nothing and counts frames. */
class Counter {
  readonly socket: WebSocket;
  frames = 0;

  constructor(url: string) {
    this.socket = new WebSocket(wsUrl(url, '/'));
    this.socket.on('error', () => undefined);
    this.socket.on('message', () => (this.frames += 1));
  }
}

async function startBare(
  dialect: ClientDialectName,
  received?: Parameters<typeof startBareUpstream>[0],
): Promise<{ url: string; upstream: BareUpstream }> {
  const upstream = await startBareUpstream(received);
  const relay = await startRelay(upstream.url, {}, { wish: { dialect } });
  opened.push(upstream, relay);
  return { url: relay.url, upstream };
}

async function joinedCounter(
  url: string,
  upstream: BareUpstream,
): Promise<{ client: Counter; server: WebSocket }> {
  const client = new Counter(url);
  await eventually(() => client.frames === 1);
  const [server] = upstream.sockets;
  if (server === undefined) throw new Error('no upstream');
  return { client, server };
}

/** The flood stalls early, and little is buffered. */
async function expectStalled(flood: Flood, heldBefore: number): Promise<void> {
  expect(await flood.stalled()).toBeLessThan(BOUND_BYTES);
  expect(heldBytes() - heldBefore).toBeLessThan(BOUND_BYTES);
}

describe.each<ClientDialectName>(['ga', 'preview'])('over GA, a client of %s', (dialect) => {
  it('that does not read pauses a flooding upstream, and misses nothing when it reads again', async () => {
    const { url, upstream } = await startBare(dialect);
    const { client, server } = await joinedCounter(url, upstream);
    const place = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
    const delta = Buffer.alloc(9_600, 1).toString('base64');
    const frame = Buffer.from(
      JSON.stringify({ type: 'response.output_audio.delta', event_id: 'event_1', ...place, delta }),
    );
    client.socket.pause();
    const before = heldBytes();
    const flood = new Flood(poured(server), frame, FLOOD_BYTES);
    await expectStalled(flood, before);

    client.socket.resume();
    await flood.done;
    await eventually(() => client.frames === 1 + flood.bytes / frame.length, 20_000);
  });

  it('is paused while it floods an upstream that does not read, which then misses nothing', async () => {
    let received = 0;
    const { url, upstream } = await startBare(dialect, () => (received += 1));
    const { client, server } = await joinedCounter(url, upstream);
    const audio = Buffer.alloc(48_000, 1).toString('base64');
    const frame = Buffer.from(JSON.stringify({ type: 'input_audio_buffer.append', audio }));
    server.pause();
    const before = heldBytes();
    const flood = new Flood(poured(client.socket), frame, FLOOD_BYTES);
    await expectStalled(flood, before);

    server.resume();
    await flood.done;
    // Upstream's first frame was its configuration.
    await eventually(() => received === 1 + flood.bytes / frame.length, 20_000);
  });
});

describe('a client', () => {
  it('is paused while it sends rejected events without reading the errors, and gets all when it reads', async () => {
    const { url } = await startBare('ga');
    const client = new RawUpgrade(url, '/');
    await eventually(() => client.received.includes('session.created'));
    client.socket.pause();
    const frame = clientFrame(JSON.stringify({ type: 'x', event_id: 'x'.repeat(90) }));
    const before = heldBytes();
    const flood = new Flood(poured(client.socket), frame, FLOOD_BYTES);
    await expectStalled(flood, before);

    const refused = client.received.length;
    client.socket.resume();
    await eventually(() => client.received.length > refused + 2 * MB);
    client.socket.destroy();
  });

  it('is paused while it floods an upstream that is not ready, even with empty frames', async () => {
    const upstream = await startScripted();
    upstream.script.connections.next(connectionFault.silent());
    const relay = await startRelay(upstream.url, { connectTimeoutMs: 4_000 });
    opened.push(upstream, relay);
    const client = new RawUpgrade(relay.url, '/');
    await upstream.script.until(() => upstream.script.open.length === 1);
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => clientFrame('')));
    const before = heldBytes();
    await expectStalled(new Flood(poured(client.socket), chunk, FLOOD_BYTES), before);
    client.socket.destroy();
    await upstream.script.until(() => upstream.script.open.length === 0);
    await eventually(() => relay.relay.stats.conversations === 0);
  });

  it('that sent much before upstream was ready is read to the end, in order, and after it', async () => {
    const upstream = await startScripted();
    upstream.script.connections.next(connectionFault.slowConfiguration(300));
    const relay = await startRelay(upstream.url);
    opened.push(upstream, relay);
    const client = new Counter(relay.url);
    await once(client.socket, 'open');
    const audio = Buffer.alloc(48_000, 1).toString('base64');
    for (let number = 0; number < 40; number += 1)
      client.socket.send(
        JSON.stringify({ type: 'input_audio_buffer.append', event_id: String(number), audio }),
      );
    await eventually(() => client.frames === 1);
    client.socket.send(JSON.stringify({ type: 'input_audio_buffer.append', event_id: '40', audio }));

    const [server] = upstream.script.sockets;
    await upstream.script.until(() => server?.events.length === 42);
    const numbers = server?.events.slice(1).map(({ eventId }) => Number(eventId));
    expect(numbers).toEqual(Array.from({ length: 41 }, (_, number) => number));
    client.socket.terminate();
  });
});
