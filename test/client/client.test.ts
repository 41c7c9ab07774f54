/** The client against the real service, and the offline engine behind it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openAsBlob, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  TranslationClient,
  TranslationError,
  type Translation,
  type TranslationStreamEvent,
} from '../../src/client/index.js';
import { startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import { until } from '../support/until.js';

const FAMILY = new URL('../../samples/family.wav', import.meta.url);
const IN_SPANISH = 'Vivo en una casa pequeña con mi familia.';

let service: Running;
let client: TranslationClient;

beforeAll(async () => {
  service = await startGateway({ API_KEYS: 'key-of-the-client,key-of-another' });
  client = new TranslationClient({ url: service.url, key: 'key-of-the-client' });
});
afterAll(() => service.close());

async function errorOf(answer: Promise<unknown>): Promise<TranslationError> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof TranslationError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

describe('translate', () => {
  it('answers a text with the whole translation', async () => {
    const answer: Translation = await client.translate({
      text: 'Good morning, my friend.',
      source: 'en',
      target: 'es',
    });
    expect(answer).toMatchObject({ text: 'Buenos días, mi amigo.', source: 'en', target: 'es' });
    expect(answer.usage.totalTokens).toBeGreaterThan(0);
  });

  it('takes a recording as a file, a blob or bytes, and answers in the type of the format', async () => {
    const bytes = readFileSync(FAMILY);
    const ways = [
      await openAsBlob(FAMILY),
      new File([bytes], 'family.wav'),
      bytes,
      new Uint8Array(bytes).buffer,
    ];
    for (const file of ways) {
      const text: string = await client.translate({ file, source: 'en', target: 'es', format: 'text' });
      expect(text).toBe(`${IN_SPANISH}\n`);
    }
    const input = { file: bytes, source: 'en', target: 'es' } as const;
    const srt: string = await client.translate({ ...input, format: 'srt' });
    expect(srt).toMatch(/^1\n00:00:00,\d{3} --> [^]*pequeña/);
    const vtt: string = await client.translate({ ...input, format: 'vtt', subtitles: 'both' });
    expect(vtt).toMatch(/^WEBVTT\n[^]*small house[^]*pequeña/);
    const { segments, duration, task } = await client.translate({ ...input, format: 'verbose_json' });
    expect([segments.length, task]).toEqual([1, 'translate']);
    expect(duration).toBeCloseTo(2.66, 1);
  });

  it('translates a recording into several languages, with its words', async () => {
    const file = readFileSync(FAMILY);
    const { translations, transcript } = await client.translate({
      ...{ file, source: 'en', target: ['es', 'fr'], transcript: true },
    });
    expect(translations?.map(({ target }) => target)).toEqual(['es', 'fr']);
    expect(transcript).toMatch(/small house/);
  });

  it('speaks', async () => {
    const { audio } = await client.translate({ text: 'Good morning.', target: 'es', output: 'audio' });
    expect(
      Buffer.from(audio?.base64 ?? '', 'base64')
        .subarray(0, 4)
        .toString(),
    ).toBe('RIFF');
  });

  it('ends with the reason of its signal', async () => {
    const reason = new Error('The user has left.');
    const input = { text: 'Good morning.', target: 'es', signal: AbortSignal.abort(reason) };
    await expect(client.translate(input)).rejects.toBe(reason);
  });
});

describe('stream', () => {
  it('yields typed events from the first to the last', async () => {
    const events: TranslationStreamEvent[] = [];
    const file = readFileSync(FAMILY);
    for await (const event of client.stream({
      file,
      source: 'en',
      target: ['es', 'fr'],
      format: 'verbose_json',
    }))
      events.push(event);
    expect(events[0]?.type).toBe('translation.started');
    const last = events.at(-1);
    expect(last).toMatchObject({ type: 'translation.done', text: IN_SPANISH, duration: 2.66 });
    const segments = events.flatMap((event) => (event.type === 'translation.segment' ? [event.target] : []));
    expect(segments).toEqual(['es', 'fr']);
  });

  it('throws what fails before the first event, and sends nothing until it is asked for', async () => {
    const wrong = new TranslationClient({ url: service.url, key: 'wrong' }).stream({ text: 'x' });
    const error = await errorOf(wrong.next());
    expect(error).toMatchObject({ status: 401, code: 'unauthorized', retryable: false });
  });
});

it('keeps a session, lists it on pages, and ends it', async () => {
  const session = await client.sessions.create({ source: 'en', target: 'es' });
  const { connectId } = session;
  await client.translate({ text: 'Good evening.', connectId });
  await client.sessions.create({ target: 'ca' });
  await client.sessions.create({ target: 'fr' });
  await until('the session counts', async () => (await client.sessions.get(connectId)).requests === 1);
  const other = new TranslationClient({ url: service.url, key: 'key-of-another' });
  expect(await other.sessions.list()).toEqual({ sessions: [], nextCursor: null });
  const ids: string[] = [];
  for await (const each of client.sessions.all({ limit: 1 })) ids.push(each.connectId);
  expect(ids.indexOf(connectId)).toBeGreaterThanOrEqual(2);
  expect(new Set(ids).size).toBe(ids.length);
  await client.sessions.delete(connectId);
  expect(await errorOf(client.sessions.get(connectId))).toMatchObject({ code: 'session-not-found' });
});

it('tells what the service can do', async () => {
  expect((await client.capabilities()).formats).toContain('wav');
});

describe('errors', () => {
  it('have the status, the code and the sentence of the service, and its whole problem', async () => {
    const error = await errorOf(client.translate({ text: 'x', target: 'nonsense-tag-of-no-language' }));
    expect(error).toMatchObject({ status: 400, code: 'invalid-request', name: 'TranslationError' });
    expect(error.message).toBe(error.detail);
    expect(error.problem?.errors?.[0]?.pointer).toBe('/target');
    expect(error.problem?.requestId).toMatch(/./);
  });

  it('tell when there is no service, and when something else answers', async () => {
    const nobody = new TranslationClient({ url: 'http://127.0.0.1:9' });
    expect(await errorOf(nobody.capabilities())).toMatchObject({
      status: 0,
      code: 'unreachable',
      retryable: true,
    });
    const proxy = await answering((_count, res) => res.writeHead(502).end('<h1>Bad Gateway</h1>'));
    const error = await errorOf(new TranslationClient({ url: proxy.url }).capabilities());
    expect(error).toMatchObject({ status: 502, code: 'unexpected-answer', retryable: true });
    proxy.close();
  });

  it('tell when an answer breaks off', async () => {
    const cut = await answering((_count, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('event: translation.started\ndata: {"connectId":"c","requestId":"r"}\n\n', () =>
        res.destroy(),
      );
    });
    const events = new TranslationClient({ url: cut.url }).stream({ text: 'x' });
    expect((await events.next()).value).toEqual({
      type: 'translation.started',
      connectId: 'c',
      requestId: 'r',
    });
    expect(await errorOf(events.next())).toMatchObject({ code: 'connection-lost', retryable: true });
    cut.close();
  });
});

describe('retries', () => {
  it('are made only where they are asked for, and wait as long as the service says', async () => {
    const limited = await startGateway({ RATE_LIMIT_PER_MINUTE: '1', API_KEYS: 'key-of-the-client' });
    const hasty = new TranslationClient({ url: limited.url, key: 'key-of-the-client' });
    await hasty.capabilities();
    const error = await errorOf(hasty.capabilities());
    expect(error).toMatchObject({ status: 429, code: 'rate-limited', retryable: true });
    expect(error.retryAfter).toBeGreaterThan(0);
    await limited.close();
  });

  it('send the same body again after Retry-After', async () => {
    const bodies: string[] = [];
    const busy = await answering((count, res, body) => {
      bodies.push(body.replaceAll(/-{2,}.*/g, ''));
      if (count < 3) res.writeHead(503, { 'retry-after': '0' }).end('{}');
      else res.writeHead(200, { 'content-type': 'application/json' }).end('{"text":"Hola"}');
    });
    const options = { url: `${busy.url}/below/a/path`, maxRetries: 2 };
    const file = new Blob(['the recording']);
    expect(await new TranslationClient(options).translate({ file, target: 'es' })).toEqual({ text: 'Hola' });
    expect(bodies[0]).toContain('the recording');
    expect(bodies).toEqual([bodies[0], bodies[0], bodies[0]]);
    expect(busy.paths[0]).toBe('/below/a/path/api/realtime/translate');
    busy.close();
  });

  it('end with the signal', async () => {
    const busy = await answering((_count, res) => res.writeHead(503, { 'retry-after': '60' }).end('{}'));
    const patient = new TranslationClient({ url: busy.url, maxRetries: 5 });
    const abort = new AbortController();
    const answer = patient.capabilities({ signal: abort.signal });
    await until('the first refusal', () => busy.paths.length === 1);
    abort.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(busy.paths).toHaveLength(1);
    busy.close();
  });
});

it('cancels a translation upstream when the loop is left early, and when the signal is aborted', async () => {
  const scripted = await startBeforeScript();
  const { script } = scripted;
  script.requests.when(() => true, requestFault.hang({ after: 1 }));
  const streaming = new TranslationClient({ url: scripted.url });
  for await (const event of streaming.stream({ text: 'one two three', target: 'es' }))
    if (event.type === 'translation.text.delta') break;
  await script.until(() => script.requestCount === 1 && script.answering === 0);

  const abort = new AbortController();
  const events = streaming.stream({ text: 'one two three', target: 'es', signal: abort.signal });
  await events.next();
  await events.next();
  expect(script.answering).toBe(1);
  abort.abort(new Error('enough'));
  await expect(events.next()).rejects.toThrow('enough');
  await script.until(() => script.answering === 0);
  await scripted.close();
});

/** A server of this test: what stands in front of a service, or in its place. */
async function answering(
  answer: (count: number, res: import('node:http').ServerResponse, body: string) => unknown,
): Promise<{ url: string; paths: string[]; close: () => void }> {
  const paths: string[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      paths.push(req.url ?? '');
      answer(paths.length, res, Buffer.concat(chunks).toString());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
