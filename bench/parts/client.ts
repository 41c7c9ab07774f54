/** Calls that the bench itself makes to the service, such as creating sessions. */
import { API_KEY } from '../test-bed.js';

export const HEADERS = { Authorization: `Bearer ${API_KEY}` };
export const SENTENCE = 'The weather is beautiful today.';
/** The upstream's answer to every request. */
export const ANSWER = 'El tiempo es bello hoy.';

export async function makeSession(url: string, fields: object = {}): Promise<string> {
  const response = await fetch(`${url}/api/realtime/sessions`, {
    method: 'POST',
    headers: { ...HEADERS, 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return ((await response.json()) as { connectId: string }).connectId;
}

export function makeSessions(url: string, count: number, fields: object = {}): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => makeSession(url, fields)));
}
