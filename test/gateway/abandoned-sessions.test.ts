/** A request that fails removes the session that it made, unless the client has learned the session's id. */
import { afterEach, expect, it } from '@jest/globals';
import { startBeforeScript } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import { eventually } from '../support/pool.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

function form(): FormData {
  const fields = new FormData();
  fields.append('text', 'one two three four');
  return fields;
}

const json = JSON.stringify({ text: 'one two three four' });
const JSON_TYPE = { 'Content-Type': 'application/json' };

it.each<[string, RequestInit, number]>([
  ['JSON for JSON', { body: json, headers: JSON_TYPE }, 0],
  ['JSON for a form', { body: form() }, 0],
  ['a recording for a form', { body: form(), headers: { Accept: 'audio/wav' } }, 0],
  ['events for JSON', { body: json, headers: { ...JSON_TYPE, Accept: 'text/event-stream' } }, 1],
  ['events for a form', { body: form(), headers: { Accept: 'text/event-stream' } }, 1],
])('%s: a failure after the start', async (_what, init, sessions) => {
  running = await startBeforeScript();
  running.script.requests.next(requestFault.incomplete('max_output_tokens', { after: 2 }));
  const response = await fetch(`${running.url}/api/realtime/translate`, { method: 'POST', ...init });
  expect(await response.text()).toContain('"translation-incomplete"');
  await eventually(() => running.gateway.stats().sessions === sessions);
});

it.each<[string, RequestInit]>([
  ['JSON', { body: json, headers: JSON_TYPE }],
  ['a form', { body: form() }],
])('a client that leaves after the start, answered whole, for %s', async (_what, init) => {
  running = await startBeforeScript();
  const { script, gateway } = running;
  script.requests.next(requestFault.hang({ after: 1 }));
  const client = new AbortController();
  const response = fetch(`${running.url}/api/realtime/translate`, {
    method: 'POST',
    signal: client.signal,
    ...init,
  });
  await script.until(() => script.answering === 1);
  client.abort();
  await expect(response).rejects.toThrow();
  await script.until(() => script.answering === 0);
  await eventually(() => gateway.stats().sessions === 0);
});
