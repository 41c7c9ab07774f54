/** Clients that leave in the middle, and requests that are refused. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Failure } from './ledger.js';
import { wavOf } from './question.js';
import { inPieces, type Recording } from './recordings.js';
import { checkText, streamText, TRANSLATE } from './texts.js';
import { expectProblem, type Answer, type Trip } from './trip.js';

class Left extends Error {}

/** Runs until the client leaves or the answer is there, whichever is first. */
async function unlessLeft(doing: Promise<unknown>): Promise<string> {
  try {
    await doing;
    return 'ok';
  } catch (error) {
    if (error instanceof Left) return 'left';
    throw error;
  }
}

export function leaveWhileSending(trip: Trip, { file, name }: Recording): Promise<string> {
  const leaving = new AbortController();
  setTimeout(
    () => {
      leaving.abort(new Left());
    },
    trip.random.between(5, 700),
  );
  const { type, body } = inPieces(file, name, 50);
  const init = { method: 'POST', headers: { 'content-type': type }, body: ReadableStream.from(body) };
  return unlessLeft(trip.ask(TRANSLATE, { ...init, duplex: 'half', signal: leaving.signal }));
}

export function leaveWhileWaiting(trip: Trip, { file, name }: Recording): Promise<string> {
  const leaving = new AbortController();
  setTimeout(
    () => {
      leaving.abort(new Left());
    },
    trip.random.between(1, 300),
  );
  const { signal } = leaving;
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(file)]), name);
  if (trip.random.next() < 0.5)
    return unlessLeft(trip.ask(TRANSLATE, { method: 'POST', body: form, signal }));
  return unlessLeft(trip.post(TRANSLATE, { text: `!slow ${trip.words(20)}` }, { signal }));
}

export async function leaveWhileReading(trip: Trip): Promise<string> {
  const leaving = new AbortController();
  const text = `!slow ${trip.words(40)}`;
  const enough = trip.random.between(1, 12);
  let seen = 0;
  let words = '';
  return await unlessLeft(
    (async () => {
      for await (const { event, data } of streamText(trip, { text, output: 'audio' }, leaving.signal)) {
        if (event === 'error') throw new Failure(String(data.code), 'in a stream that was to be left');
        if (event === 'translation.text.delta') words += String(data.delta);
        if (++seen === enough) leaving.abort(new Left());
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

/** What each must be answered with. */
const BAD: readonly [[string, string, RequestInit], ...[string, string, RequestInit][]] = [
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
  ['unauthorized', '/api/realtime/sessions', { headers: { 'x-api-key': 'nobody' } }],
];

export async function badInput(trip: Trip): Promise<string> {
  const [code, path, init] = trip.random.pick(BAD);
  const answer: Answer = await trip.ask(path, init);
  expectProblem(answer, code);
  return code;
}

/** Bytes that are no HTTP, and a request that stops in its head and then leaves. */
export async function badBytes(trip: Trip): Promise<string> {
  const { hostname, port } = new URL(trip.next().url);
  const socket = connect(Number(port), hostname);
  // Followed by `close`, which is all that is waited for.
  let lost: Error | undefined;
  socket.on('error', (error) => (lost = error));
  socket.resume();
  const isHalf = trip.random.next() < 0.5;
  const half = `POST ${TRANSLATE} HTTP/1.1\r\nHost: soak\r\nContent-Le`;
  socket.write(isHalf ? half : '\x16\x03\x01 this is no HTTP\r\n\r\n');
  if (isHalf) setTimeout(() => socket.end(), trip.random.between(50, 500));
  const late = AbortSignal.timeout(20_000);
  await once(socket, 'close', { signal: late }).catch((error: unknown) => {
    if (late.aborted) throw new Failure('hang', 'the connection of a broken request stays open');
    throw error;
  });
  const { code } = (lost ?? {}) as { code?: string };
  if (code === 'ECONNREFUSED') throw new Failure('connection-lost', code);
  return isHalf ? 'left' : 'refused';
}

/** What watches a service asks it all the time. */
export async function watched(trip: Trip): Promise<string> {
  const path = trip.random.pick(['/health', '/livez', '/api/capabilities']);
  const { status } = await trip.ask(path);
  if (status !== 200) throw new Failure(`status-${status}`, path);
  return 'ok';
}
