/** Thousands of frames gone wrong, of clients and of an upstream: nobody hangs, and nobody hears another's words. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { converse } from '../support/relay.js';
import { clientFixtures } from '../support/wire/fixtures.js';
import { mutate } from '../support/wire/mutations.js';
import { outcome } from '../support/hostile/answers.js';
import { randomFor, runCases, SEED } from '../support/hostile/mutants.js';
import { startTarget, type Target } from '../support/hostile/target.js';

const CONVERSATIONS = 40;
const FRAMES_EACH = 60;
const TRANSLATIONS = 300;

let target: Target;
afterAll(() => target.close());

describe(`with FUZZ_SEED=${SEED}`, () => {
  it(`${CONVERSATIONS * FRAMES_EACH} client frames gone wrong leave each conversation able to hear the next`, async () => {
    target = await startTarget({ RELAY_MAX_PER_CLIENT: '50' });
    const failures = await runCases(CONVERSATIONS, 4, async (number, random) => {
      const dialect = number % 2 === 0 ? 'ga' : 'preview';
      const path = number % 3 === 0 ? '/realtime-voice' : '/text-chat';
      const client = await converse(target.url, `${path}?dialect=${dialect}`);
      const events = clientFixtures(dialect).map(({ frame }) => frame);
      for (let sent = 0; sent < FRAMES_EACH; sent += 1)
        client.socket.send(mutate(events[Math.floor(random() * events.length)], random));
      try {
        await client.settled();
      } finally {
        await client.close();
      }
    });
    expect(failures).toEqual([]);
    await target.settle();
    await target.close();
  }, 120_000);

  it(`${TRANSLATIONS} translations of an upstream that speaks wrong end in what is documented`, async () => {
    const upstream = await startGarbler();
    target = await startTarget({
      REALTIME_URL: upstream.url,
      RESPONSE_TIMEOUT_MS: '3000',
      CONNECT_TIMEOUT_MS: '3000',
    });
    upstream.target = target.upstream.url;
    // A first handshake that is garbled would keep the service from translating at all for a while.
    const { share } = upstream;
    upstream.share = 0;
    while ((await fetch(`${target.url}/readyz`)).status !== 200) await new Promise(setImmediate);
    upstream.share = share;
    const failures = await runCases(TRANSLATIONS, 24, async (number) => {
      const text = `sentence ${number} of all`;
      const heard: string[] = [];
      const told = await outcome(
        `${target.url}/api/realtime/translate`,
        {
          method: 'POST',
          headers: { Accept: number % 2 === 0 ? 'application/json' : 'text/event-stream' },
          body: new URLSearchParams({ text }),
        },
        (body) => heard.push(...(body.match(/sentence \d+ of all/g) ?? [])),
      );
      if (!/^(200|50[234] .*)$/.test(told)) throw new Error(told);
      if (heard.some((words) => words !== text)) throw new Error(`The words of another: ${heard.join()}`);
    });
    expect(failures).toEqual([]);
    expect(upstream.garbled).toBeGreaterThan(TRANSLATIONS / 2);
    upstream.share = 0;
    await target.settle();
    await upstream.close();
  }, 120_000);
});

interface Garbler {
  readonly url: string;
  /** Where what is said comes from. */
  target: string;
  /** Of the frames that are told, those that are garbled. */
  share: number;
  readonly garbled: number;
  close(): Promise<void>;
}

/** Stands between the service and its upstream, and tells some of the frames wrong: in place of the right one, or before it. */
async function startGarbler(): Promise<Garbler> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const random = randomFor(0);
  let garbled = 0;
  const garbler: Garbler = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/realtime`,
    target: '',
    share: 0.1,
    get garbled() {
      return garbled;
    },
    close: async () => {
      const closed = once(server, 'close');
      for (const client of server.clients) client.terminate();
      server.close();
      await closed;
    },
  };
  server.on('connection', (near) => {
    if (garbler.target === '') {
      near.terminate();
      return;
    }
    const far = new WebSocket(garbler.target);
    const waiting: string[] = [];
    for (const side of [near, far]) side.on('error', () => undefined);
    near.on('close', () => {
      far.terminate();
    });
    far.on('close', () => {
      near.terminate();
    });
    near.on('message', (data: Buffer) => {
      if (far.readyState === WebSocket.OPEN) far.send(data.toString());
      else waiting.push(data.toString());
    });
    far.on('open', () => {
      for (const frame of waiting) far.send(frame);
    });
    far.on('message', (data: Buffer) => {
      const frame = data.toString();
      if (random() < garbler.share) {
        garbled += 1;
        near.send(mutate(JSON.parse(frame), random));
        if (random() < 0.5) return;
      }
      near.send(frame);
    });
  });
  return garbler;
}
