/** How many conversations there may be, of one client and in all, even if they are opened at once. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import { BareClient } from '../support/offline-client.js';
import { connectionFault } from '../support/offline.js';
import { eventually } from '../support/pool.js';
import { converse, refusal, RawUpgrade, wsUrl } from '../support/relay.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

function conversations(): number {
  return running.gateway.stats().relay.conversations;
}

/** Opens all at once: those that were accepted, and the responses of the others. */
async function rush(
  count: number,
  headers: Record<string, string> = {},
): Promise<{ inside: BareClient[]; statuses: number[] }> {
  const statuses: number[] = [];
  const inside: BareClient[] = [];
  await Promise.all(
    Array.from({ length: count }, async () => {
      const client = new BareClient(wsUrl(running.url, '/text-chat'), [], { headers });
      client.socket.on('unexpected-response', (request, response) => {
        statuses.push(response.statusCode ?? 0);
        request.destroy();
      });
      client.socket.on('open', () => inside.push(client));
      await eventually(() => statuses.length + inside.length === count);
    }),
  );
  return { inside, statuses };
}

describe('the number of conversations', () => {
  it('is limited for each client, even if all are opened at once', async () => {
    running = await startBeforeScript({ RELAY_MAX_PER_CLIENT: '3' });
    const { inside, statuses } = await rush(10);
    expect(inside).toHaveLength(3);
    expect(statuses).toEqual(Array(7).fill(429));
    const refused = await refusal(running.url, '/text-chat');
    expect(refused.body).toMatchObject({ code: 'rate-limited', retryable: true });
    expect(refused.headers['retry-after']).toBe('1');
    expect(conversations()).toBe(3);
  });

  it('is limited for all clients together', async () => {
    running = await startBeforeScript({ RELAY_MAX: '4', RELAY_MAX_PER_CLIENT: '4', API_KEYS: 'one,two' });
    const first = await rush(3, { 'X-API-Key': 'one' });
    const second = await rush(3, { 'X-API-Key': 'two' });
    expect([first.inside.length, second.inside.length]).toEqual([3, 1]);
    expect(second.statuses).toEqual([503, 503]);
    const refused = await refusal(running.url, '/text-chat', { 'X-API-Key': 'two' });
    expect(refused.body).toMatchObject({ code: 'pool-saturated', retryable: true });
    expect(refused.headers['retry-after']).toBe('10');
  });

  it('counts those whose upstream is not ready yet, and has room again when they end', async () => {
    running = await startBeforeScript({ RELAY_MAX: '1', POOL_WARM: '0' });
    running.script.connections.every(connectionFault.silent());
    const early = new RawUpgrade(running.url, '/text-chat');
    await running.script.until(() => running.script.open.length === 1);
    expect((await refusal(running.url, '/text-chat')).status).toBe(503);
    early.socket.destroy();
    await running.script.until(() => running.script.open.length === 0);
    running.script.connections.clear();
    await (await converse(running.url, '/text-chat')).close();
  });

  it('does not count upgrades that are rejected', async () => {
    running = await startBeforeScript({ RELAY_MAX: '1' });
    for (let n = 0; n < 3; n += 1) {
      await refusal(running.url, '/text-chat', { 'Sec-WebSocket-Key': undefined });
      await refusal(running.url, '/text-chat', { Origin: 'https://elsewhere.example' });
      await refusal(running.url, '/text-chat?target=none');
    }
    expect(conversations()).toBe(0);
    const client = await converse(running.url, '/text-chat');
    expect(conversations()).toBe(1);
    expect(await (await fetch(`${running.url}/health`)).json()).toMatchObject({
      relay: { conversations: 1 },
    });
    await client.close();
    await running.script.until(() => running.script.open.length === 1);
    while (conversations() > 0) await new Promise(setImmediate);
  });

  it('is independent of the pool: translations go on at the limit of conversations', async () => {
    running = await startBeforeScript({ RELAY_MAX: '1', POOL_MAX_SOCKETS: '1' });
    const client = await converse(running.url, '/text-chat');
    const answer = await fetch(`${running.url}/api/realtime/translate`, {
      method: 'POST',
      body: new URLSearchParams({ text: 'Hello' }),
    });
    expect(await answer.json()).toMatchObject({ text: 'Hello' });
    expect(running.script.open).toHaveLength(2);
    await client.close();
  });
});
