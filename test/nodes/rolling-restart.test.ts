/** What users notice when nodes are restarted, and when one is killed, under load through nginx. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { BareClient } from '../support/offline-client.js';
import { wsUrl } from '../support/relay.js';
import type { ServiceProcess } from '../support/service.js';
import { startCluster, type Cluster } from '../support/nodes/cluster.js';
import { Load } from '../support/nodes/load.js';

const CLIENTS = 12;

let cluster: Cluster;
afterEach(() => cluster.close());

/** Stopped as an operator does it, and back. */
async function restart(node: ServiceProcess): Promise<void> {
  expect(await node.stop()).toEqual({ code: 0, signal: null });
  node.spawn();
  await node.ready();
}

/** Requests that a node met while it was stopping; each was answered by the other. */
function refusals(node: ServiceProcess): number {
  return node.log.filter(({ code }) => code === 'draining').length;
}

function converse(): Promise<BareClient> {
  return BareClient.open(wsUrl(cluster.nginx.url, '/text-chat'));
}

describe('a rolling restart under load', () => {
  it('fails no request, mixes up none, and breaks no stream off', async () => {
    cluster = await startCluster();
    const { a, b, upstream, nginx } = cluster;
    upstream.script.requests.when(() => true, requestFault.slow({ firstMs: 20, betweenMs: 30 }));
    const load = await Load.start(nginx.url, CLIENTS);
    const from = performance.now();
    let cycles = 0;
    while (cycles < 2 || (load.count < 1_000 && cycles < 8)) {
      await restart(a);
      await restart(b);
      cycles += 1;
    }
    const seconds = Math.round((performance.now() - from) / 1_000);
    await load.end();
    const figures = { cycles, seconds, ...load.figures, passedOn: refusals(a) + refusals(b) };
    process.stdout.write(`rolling restart under load: ${JSON.stringify(figures)}\n`);
    expect(load.failures).toEqual([]);
    expect(load.count).toBeGreaterThanOrEqual(1_000);
    expect(figures.passedOn).toBeGreaterThan(0);
  }, 300_000);

  it('says goodbye to conversations, which go on with the other node', async () => {
    cluster = await startCluster();
    const { a, b } = cluster;
    for (const node of [a, b]) {
      const clients = await Promise.all([converse(), converse(), converse(), converse()]);
      const ended = node.stop();
      const moved = clients.map(async (client) => {
        await Promise.race([once(client), ended]);
        if (client.closed === undefined) return 'stayed';
        expect(client.closed).toEqual({ code: 1001, reason: 'The service is shutting down.' });
        expect(client.frames.at(-1)).toMatchObject({ type: 'error', error: { code: 'draining' } });
        const again = await converse();
        await again.close();
        return 'moved';
      });
      expect(new Set(await Promise.all(moved))).toEqual(new Set(['stayed', 'moved']));
      expect(await ended).toEqual({ code: 0, signal: null });
      await Promise.all(clients.map((client) => client.close()));
      node.spawn();
      await node.ready();
    }
  }, 120_000);
});

/** Whenever it closes; never, if it does not. */
function once({ socket }: BareClient): Promise<void> {
  return new Promise((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
}

describe('a node that is killed under load', () => {
  it('takes nothing with it but the streams that it was writing', async () => {
    cluster = await startCluster();
    const { a, upstream, nginx } = cluster;
    upstream.script.requests.when(() => true, requestFault.slow({ firstMs: 20, betweenMs: 30 }));
    const load = await Load.start(nginx.url, CLIENTS);
    const kills = 3;
    for (let n = 0; n < kills; n += 1) {
      await load.untilMore(80);
      await a.stop('SIGKILL');
      await load.untilMore(80);
      a.spawn();
      await a.ready();
    }
    await load.end();
    process.stdout.write(`a node killed ${kills} times under load: ${JSON.stringify(load.figures)}\n`);
    // Whoever had no word yet was answered by the other node, in sessions too; the rest could not be.
    expect(load.failures.filter((failure) => !failure.startsWith('stream broken off'))).toEqual([]);
    expect(load.failures.length).toBeLessThanOrEqual(kills * CLIENTS);
  }, 120_000);
});
