/** Two nodes with one Redis are one service: sessions, deletions, tickets and limits are everybody's. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { post } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import { BareClient } from '../support/offline-client.js';
import { refusal, wsUrl } from '../support/relay.js';
import { startCluster, type Cluster } from '../support/nodes/cluster.js';

const KEY = 'first-key-of-this-test';
const OTHER_KEY = 'other-key-of-this-test';
const LIMIT = 200;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ API_KEYS: `${KEY},${OTHER_KEY}`, RATE_LIMIT_PER_MINUTE: String(LIMIT) });
}, 120_000);
afterAll(() => cluster.close());

function withKey(key = KEY): RequestInit {
  return { headers: { authorization: `Bearer ${key}` } };
}

async function newSession(url: string): Promise<string> {
  const response = await post(`${url}/api/realtime/sessions`, { target: 'es' }, withKey());
  return ((await response.json()) as { connectId: string }).connectId;
}

async function newTicket(url: string): Promise<string> {
  const response = await post(`${url}/api/realtime/tickets`, {}, withKey());
  return ((await response.json()) as { ticket: string }).ticket;
}

describe('a session', () => {
  it('made on one node is used, shown and counted on the other', async () => {
    const { a, b } = cluster;
    const connectId = await newSession(a.url);
    const answer = await post(`${b.url}/api/realtime/translate`, { connectId, text: 'Hello' }, withKey());
    expect(await answer.json()).toMatchObject({ connectId, text: 'Hello', target: 'es' });
    const shown = await fetch(`${a.url}/api/realtime/sessions/${connectId}`, withKey());
    expect(await shown.json()).toMatchObject({ connectId, requests: 1 });
  });

  it('of one key does not exist for another, on any node', async () => {
    const connectId = await newSession(cluster.a.url);
    for (const { url } of [cluster.a, cluster.b]) {
      const response = await fetch(`${url}/api/realtime/sessions/${connectId}`, withKey(OTHER_KEY));
      expect(response.status).toBe(404);
    }
  });

  it('deleted on one node ends what runs on the other with 410, and is unknown to both', async () => {
    const { a, b, upstream } = cluster;
    const connectId = await newSession(a.url);
    upstream.script.requests.next(requestFault.hang({ after: 0 }));
    const running = post(`${b.url}/api/realtime/translate`, { connectId, text: 'Hello' }, withKey());
    await upstream.script.until(() => upstream.script.answering === 1);
    const init = { ...withKey(), method: 'DELETE' };
    expect((await fetch(`${a.url}/api/realtime/sessions/${connectId}`, init)).status).toBe(204);
    const ended = await running;
    expect(ended.status).toBe(410);
    expect(await ended.json()).toMatchObject({ code: 'session-closed' });
    for (const { url } of [a, b])
      expect((await fetch(`${url}/api/realtime/sessions/${connectId}`, init)).status).toBe(404);
  });
});

describe('a ticket', () => {
  it('issued by one node opens a conversation on the other', async () => {
    const ticket = await newTicket(cluster.a.url);
    const client = await BareClient.open(wsUrl(cluster.b.url, `/text-chat?ticket=${ticket}`));
    await client.close();
  });

  it('lets one in, though both nodes are asked at the same time', async () => {
    const { a, b } = cluster;
    for (let n = 0; n < 10; n += 1) {
      const path = `/text-chat?ticket=${await newTicket(a.url)}`;
      const clients = [a, b, a, b].map(({ url }) => new BareClient(wsUrl(url, path)));
      const entered = await Promise.all(
        clients.map((client) =>
          client.next('session.created').then(
            () => true,
            () => false,
          ),
        ),
      );
      expect(entered.filter(Boolean)).toHaveLength(1);
      expect((await refusal(a.url, path)).status).toBe(401);
      await Promise.all(clients.map((client) => client.close()));
    }
  });
});

describe('a rate limit', () => {
  it('is one for all nodes', async () => {
    const { a, b } = cluster;
    const statuses = { [a.port]: [] as number[], [b.port]: [] as number[] };
    const ask = async ({ url, port }: { url: string; port: number }): Promise<void> => {
      const { status } = await fetch(`${url}/api/realtime/sessions`, withKey(OTHER_KEY));
      statuses[port]?.push(status);
    };
    for (let n = 0; n < LIMIT / 10; n += 1)
      await Promise.all(Array.from({ length: 16 }, (_, i) => ask(i % 2 === 0 ? a : b)));
    const all = Object.values(statuses).flat();
    expect(new Set(all)).toEqual(new Set([200, 429]));
    // Two were spent above, on the sessions of the other key.
    expect(all.filter((status) => status === 200)).toHaveLength(LIMIT - 2);
    for (const each of Object.values(statuses)) expect(each.at(-1)).toBe(429);
  });
});
