/** Keys, tickets and users' words never leak: the output of a whole service at level debug is searched for them. */
import { afterEach, expect, it } from '@jest/globals';
import { createLogger } from '../src/telemetry/logger.js';
import { startGateway, type Running } from './support/gateway.js';
import { at } from './support/offline-client.js';
import { requestFault, startScripted, type Scripted } from './support/offline.js';
import { eventually } from './support/pool.js';
import { converse, refusal } from './support/relay.js';

const KEY = 'canary-api-key-1';
const TOKEN = 'canary-metrics-token-2';
const PROVIDER_KEY = 'canary-provider-key-3';
const SAID = 'canary-spoken-words-4';

let upstream: Scripted;
let running: Running;

afterEach(async () => {
  await running.close();
  await upstream.close();
});

it('no key, token, ticket or word of a user is in the log, in a problem or in a metric', async () => {
  const log: string[] = [];
  upstream = await startScripted();
  running = await startGateway(
    {
      REALTIME_PROVIDER: 'compatible',
      REALTIME_URL: upstream.url,
      REALTIME_API_KEY: PROVIDER_KEY,
      API_KEYS: KEY,
      METRICS_TOKEN: TOKEN,
      RATE_LIMIT_PER_MINUTE: '1000',
    },
    createLogger('debug', { write: (line) => void log.push(line) }),
  );
  const { url } = running;
  const problems: string[] = [];
  const ask = async (
    body: object,
    headers: Record<string, string> = { 'X-API-Key': KEY },
  ): Promise<number> => {
    const answer = await fetch(`${url}/api/realtime/translate?echo=${SAID}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    // The part of the translation that had arrived belongs to the user; everything else is written by the service.
    if (!answer.ok) problems.push(text.replace(/"partial":"[^"]*"/, ''));
    return answer.status;
  };
  const question = { text: SAID, prompt: `prompt ${SAID}`, context: `context ${SAID}` };

  expect(await ask(question)).toBe(200);
  expect(await ask(question, { 'X-API-Key': `${KEY}-wrong` })).toBe(401);
  expect(await ask({ ...question, [SAID.slice(0, 6)]: 1, target: 'x y' })).toBe(400);
  const { requests } = upstream.script;
  const ends: [ReturnType<typeof requestFault.drop>, number, number?][] = [
    [requestFault.requestError('invalid_value'), 502],
    [requestFault.fail('server_error'), 502],
    [requestFault.drop(1, { code: 1011, reason: `bye ${PROVIDER_KEY}` }), 502, 2],
    [requestFault.insert([JSON.stringify({ type: 'response.done', response: SAID }), `${SAID}{`]), 200],
    [requestFault.insert([JSON.stringify({ type: 'error', error: { code: 'odd', message: SAID } })]), 200],
  ];
  for (const [fault, status, times] of ends) {
    requests.next(fault, times);
    expect(await ask(question)).toBe(status);
  }

  const ticketAnswer = await fetch(`${url}/api/realtime/tickets`, {
    method: 'POST',
    headers: { 'X-API-Key': KEY },
  });
  const { ticket } = (await ticketAnswer.json()) as { ticket: string };
  const client = await converse(url, `/text-chat?ticket=${ticket}&prompt=${SAID}`);
  client.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: SAID }] },
  });
  client.send({ type: SAID, event_id: 'e-1' });
  expect(at(await client.next('error'), 'error.event_id')).toBe('e-1');
  client.socket.close(4321, `leaving ${SAID}`);
  await eventually(() => log.some((line) => line.includes('conversation ended')));
  // It has been used.
  const again = await refusal(url, `/text-chat?ticket=${ticket}`);
  expect(again.status).toBe(401);
  problems.push(JSON.stringify(again.body));

  const refused = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}-wrong` } });
  expect(refused.status).toBe(401);
  problems.push(await refused.text());
  const exposed = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(exposed.status).toBe(200);
  const metrics = await exposed.text();

  expect(log.length).toBeGreaterThan(20);
  for (const [where, text] of Object.entries({ log: log.join(''), problems: problems.join('\n'), metrics })) {
    for (const secret of [KEY, TOKEN, PROVIDER_KEY, SAID, ticket])
      expect({ where, lines: text.split('\n').filter((line) => line.includes(secret)) }).toEqual({
        where,
        lines: [],
      });
  }
}, 60_000);
