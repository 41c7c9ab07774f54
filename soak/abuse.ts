/** Clients that disconnect early, and requests that must be rejected. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Failure } from './results.js';
import { wavOf } from './oracle.js';
import { inPieces, type Recording } from './recordings.js';
import { checkText, streamText, TRANSLATE } from './texts.js';
import { expectProblem, type Answer, type Scenario } from './scenario.js';

class ClientLeft extends Error {}

/** Resolves to `left` if the client disconnected before the answer was complete, otherwise to `ok`. */
async function untilClientLeaves(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    if (error instanceof ClientLeft) return 'left';
    throw error;
  }
}

export function leaveWhileSending(scenario: Scenario, { file, name }: Recording): Promise<string> {
  const client = new AbortController();
  setTimeout(
    () => {
      client.abort(new ClientLeft());
    },
    scenario.random.between(5, 700),
  );
  const { type, body } = inPieces(file, name, 50);
  const init = { method: 'POST', headers: { 'content-type': type }, body: ReadableStream.from(body) };
  return untilClientLeaves(scenario.request(TRANSLATE, { ...init, duplex: 'half', signal: client.signal }));
}

export function leaveWhileWaiting(scenario: Scenario, { file, name }: Recording): Promise<string> {
  const client = new AbortController();
  setTimeout(
    () => {
      client.abort(new ClientLeft());
    },
    scenario.random.between(1, 300),
  );
  const { signal } = client;
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(file)]), name);
  if (scenario.random.next() < 0.5)
    return untilClientLeaves(scenario.request(TRANSLATE, { method: 'POST', body: form, signal }));
  return untilClientLeaves(
    scenario.post(TRANSLATE, { text: `!slow ${scenario.uniqueText(20)}` }, { signal }),
  );
}

export async function leaveWhileReading(scenario: Scenario): Promise<string> {
  const client = new AbortController();
  const text = `!slow ${scenario.uniqueText(40)}`;
  const leaveAfter = scenario.random.between(1, 12);
  let seen = 0;
  let words = '';
  return await untilClientLeaves(
    (async () => {
      for await (const { event, data } of streamText(scenario, { text, output: 'audio' }, client.signal)) {
        if (event === 'error')
          throw new Failure(String(data.code), 'in a stream that the client was about to leave');
        if (event === 'translation.text.delta') words += String(data.delta);
        if (++seen === leaveAfter) client.abort(new ClientLeft());
      }
      checkText(text, words);
    })(),
  );
}

const html = Buffer.from('<!doctype html><html><body>no sound</body></html>'.repeat(20));
const playlist = Buffer.from('#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/secret.ts\n');

function form(file: Buffer, name = 'a.mp3', more: Record<string, string> = {}): RequestInit {
  const body = new FormData();
  for (const [field, value] of Object.entries(more)) body.append(field, value);
  body.append('file', new Blob([new Uint8Array(file)]), name);
  return { method: 'POST', body };
}

function json(body: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body };
}

/** The expected problem code, the path and the request. */
const INVALID_REQUESTS: readonly [[string, string, RequestInit], ...[string, string, RequestInit][]] = [
  ['invalid-request', TRANSLATE, json('{"text":')],
  ['invalid-request', TRANSLATE, json('{"text":"a","colour":"red"}')],
  ['invalid-request', TRANSLATE, json('{}')],
  ['invalid-request', TRANSLATE, json('{"text":"a","target":"no tag"}')],
  ['payload-too-large', TRANSLATE, json(JSON.stringify({ text: 'x'.repeat(20_001) }))],
  ['session-not-found', TRANSLATE, json(`{"text":"a","connectId":"${'0'.repeat(32)}"}`)],
  ['unsupported-media-type', TRANSLATE, form(html)],
  ['unsupported-media-type', TRANSLATE, form(playlist, '../../a.m3u8')],
  ['empty-audio', TRANSLATE, form(wavOf(Buffer.alloc(0)), 'a.wav')],
  ['invalid-request', TRANSLATE, form(wavOf(Buffer.alloc(4_800)), 'a.wav', { text: 'both' })],
  ['method-not-allowed', TRANSLATE, { method: 'DELETE' }],
  ['not-found', '/api/nothing', {}],
  ['unauthorized', '/api/realtime/sessions', { headers: { 'x-api-key': 'unknown' } }],
];

export async function invalidRequest(scenario: Scenario): Promise<string> {
  const [code, path, init] = scenario.random.pick(INVALID_REQUESTS);
  const answer: Answer = await scenario.request(path, init);
  expectProblem(answer, code);
  return code;
}

/** Sends bytes that are not HTTP, or a request that stops within its header section and then disconnects. */
export async function invalidHttp(scenario: Scenario): Promise<string> {
  const { hostname, port } = new URL(scenario.nextNode().url);
  const socket = connect(Number(port), hostname);
  // `close` follows and is what the code below waits for.
  let socketError: Error | undefined;
  socket.on('error', (error) => (socketError = error));
  socket.resume();
  const isHalf = scenario.random.next() < 0.5;
  const half = `POST ${TRANSLATE} HTTP/1.1\r\nHost: soak\r\nContent-Le`;
  socket.write(isHalf ? half : '\x16\x03\x01 this is not HTTP\r\n\r\n');
  if (isHalf) setTimeout(() => socket.end(), scenario.random.between(50, 500));
  const timeout = AbortSignal.timeout(20_000);
  await once(socket, 'close', { signal: timeout }).catch((error: unknown) => {
    if (timeout.aborted) throw new Failure('hang', 'the connection of a broken request stays open');
    throw error;
  });
  const { code } = (socketError ?? {}) as { code?: string };
  if (code === 'ECONNREFUSED') throw new Failure('connection-lost', code);
  return isHalf ? 'left' : 'rejected';
}

/** The endpoints that a monitoring system polls. */
export async function statusEndpoint(scenario: Scenario): Promise<string> {
  const path = scenario.random.pick(['/health', '/livez', '/api/capabilities']);
  const { status } = await scenario.request(path);
  if (status !== 200) throw new Failure(`status-${status}`, path);
  return 'ok';
}
