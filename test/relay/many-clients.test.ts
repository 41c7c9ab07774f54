/** Many clients, disconnected without a close frame at any moment: nothing of them is left. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import { BareClient } from '../support/offline-client.js';
import { connectionFault, requestFault } from '../support/offline.js';
import { message } from '../support/offline-spelling.js';
import { eventually } from '../support/pool.js';
import { until } from '../support/http.js';
import { wsUrl } from '../support/relay.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;
afterEach(() => running.close());

const CROWD = 200;

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

describe('two hundred clients', () => {
  it('are disconnected while upstream connects, is slow, responds or waits, and no upstream socket is left', async () => {
    running = await startBeforeScript(
      { RELAY_MAX: String(CROWD), RELAY_MAX_PER_CLIENT: String(CROWD), POOL_WARM: '0' },
      { record: false, answer: () => 'word '.repeat(50) },
    );
    const before = timers();
    running.script.requests.every(requestFault.hang({ after: 20 }));
    running.script.connections.next(connectionFault.silent(), 20);
    running.script.connections.next(connectionFault.slowConfiguration(60_000), 20);
    const clients = Array.from({ length: CROWD }, (_, n) => {
      const path = n % 2 === 0 ? '/realtime-voice' : '/text-chat?dialect=preview';
      return new BareClient(wsUrl(running.url, path));
    });
    await eventually(
      () => clients.filter((client) => client.frames.length > 0).length === CROWD - 40,
      20_000,
    );
    expect(running.gateway.stats().relay.conversations).toBe(CROWD);
    expect(running.script.open).toHaveLength(CROWD);

    clients.forEach((client, n) => {
      if (client.frames.length === 0) return;
      if (n % 3 === 0)
        client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(9_600).toString('base64') });
      if (n % 3 > 0) client.send({ type: 'conversation.item.create', item: message('Go on.') });
      if (n % 3 > 1) client.send({ type: 'response.create' });
    });
    await running.script.until(() => running.script.answering > 20);
    for (const client of clients) client.socket.terminate();

    await running.script.until(() => running.script.open.length === 0, 10_000);
    await until(() => running.gateway.stats().relay.conversations === 0);
    await running.script.until(() => running.script.answering === 0);
    // A keep-alive, a handshake's deadline or a close timer of only one of them would be left over.
    await eventually(() => timers() <= before + 2);
  });
});
