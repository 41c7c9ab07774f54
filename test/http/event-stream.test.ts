/** A translation as server-sent events. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { GatewayError } from '../../src/errors.js';
import {
  resultOf,
  SPOKEN,
  startHttp,
  until,
  type HttpFixture,
  type HttpFixtureOptions,
} from '../support/http.js';

const running: HttpFixture[] = [];
afterEach(async () => {
  for (const http of running.splice(0)) await http.close();
});

async function start(options: HttpFixtureOptions = {}): Promise<HttpFixture> {
  const http = await startHttp(options);
  running.push(http);
  return http;
}

const stream = (http: HttpFixture, body: object = {}) =>
  request(http.url)
    .post('/api/realtime/translate')
    .send({ text: 'Good morning', ...body })
    .set('Accept', 'text/event-stream');

interface SentEvent {
  event: string;
  data: Record<string, unknown>;
}

/** Reads the format strictly: each event is one line with its name, one with its data, and an empty one. */
function readEvents(text: string): SentEvent[] {
  const blocks = text.split('\n\n').filter((block) => block !== '' && !block.startsWith(':'));
  return blocks.map((block) => {
    const [, event = '', data = ''] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
    return { event, data: JSON.parse(data) as Record<string, unknown> };
  });
}

/** A client that reads at its own pace. */
function open(http: HttpFixture, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(`${http.url}/api/realtime/translate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    });
    req.on('response', resolve).on('error', reject).end(JSON.stringify(body));
  });
}

/** Something that a test opens when it is time. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('an event stream', () => {
  it('opens with the session, passes text on in pieces, and ends with the whole answer', async () => {
    const http = await start();
    const answer = await stream(http, { target: 'es' }).set('X-Request-Id', 'r-1');
    expect(answer.status).toBe(200);
    const events = readEvents(answer.text);
    const connectId = events[0]?.data.connectId;
    expect(connectId).toMatch(/^[0-9a-f]{32}$/);
    expect(events).toEqual([
      { event: 'translation.started', data: { connectId, requestId: 'r-1' } },
      { event: 'translation.text.delta', data: { delta: 'Bue' } },
      { event: 'translation.text.delta', data: { delta: 'nos días' } },
      {
        event: 'translation.done',
        data: {
          connectId,
          text: 'Buenos días',
          responses: ['Buenos días'],
          source: null,
          target: 'es',
          usage: { inputTokens: 41, outputTokens: 6, totalTokens: 47 },
          model: 'offline-1',
          requestId: 'r-1',
          timings: { queueMs: 0, upstreamMs: 310, firstDeltaMs: 120 },
        },
      },
    ]);
  });

  it('passes the spoken reply on as samples, and describes it without repeating it', async () => {
    const events = readEvents((await stream(await start(), { output: 'audio' })).text);
    const audio = events.filter(({ event }) => event === 'translation.audio.delta');
    expect(audio).toEqual([
      { event: 'translation.audio.delta', data: { base64: SPOKEN.toString('base64') } },
    ]);
    expect(events.at(-1)?.data.audio).toEqual({
      mimeType: 'audio/wav',
      sampleRate: 24_000,
      channels: 1,
      bitsPerSample: 16,
      durationMs: 100,
    });
  });

  it('may not be stored, changed, buffered or compressed on its way', async () => {
    const answer = await stream(await start()).set('Accept-Encoding', 'gzip, br');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.headers['x-request-id']).toBeDefined();
  });

  it('is opened by `stream` whatever the client accepts', async () => {
    const http = await start();
    const answer = await stream(http, { stream: true }).set('Accept', 'application/json');
    expect(answer.type).toBe('text/event-stream');
  });

  it('reaches the client when the response starts, not when it ends', async () => {
    const end = gate();
    const http = await start({
      translate: async function* (asked) {
        yield { type: 'started', connectId: 'c' };
        await end.opened;
        yield { type: 'done', result: resultOf(asked, 'c', 'hola') };
      },
    });
    const answer = await open(http, { text: 'hi' });
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await until(() => text.includes('translation.started'));
    expect(text).not.toContain('translation.done');
    end.open();
    await until(() => answer.readableEnded);
    expect(text).toContain('translation.done');
  });

  it('beats while nothing comes', async () => {
    const end = gate();
    const http = await start({
      deps: { timing: { heartbeatMs: 20 } },
      translate: async function* (asked) {
        yield { type: 'started', connectId: 'c' };
        await end.opened;
        yield { type: 'done', result: resultOf(asked, 'c', 'hola') };
      },
    });
    const answer = await open(http, { text: 'hi' });
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await until(() => text.split(': heartbeat\n\n').length > 2);
    end.open();
    await until(() => answer.readableEnded);
    expect(readEvents(text).map(({ event }) => event)).toEqual(['translation.started', 'translation.done']);
  });
});

describe('a failure', () => {
  it('before the response has started is a plain problem', async () => {
    const answer = await stream(await start(), { connectId: '0'.repeat(32) });
    expect(answer.status).toBe(404);
    expect(answer.type).toBe('application/problem+json');
    const invalid = await stream(await start(), { colour: 'red' });
    expect(invalid.status).toBe(400);
    expect(invalid.type).toBe('application/problem+json');
  });

  it('after it is an `error` event that ends the stream, with what had come', async () => {
    const http = await start({
      translate: async function* () {
        yield { type: 'started', connectId: 'c' };
        yield { type: 'text', delta: 'Buenos' };
        await Promise.resolve();
        throw new GatewayError('translation-incomplete', 'Upstream was lost.', { partial: 'Buenos' });
      },
    });
    const answer = await stream(http).set('X-Request-Id', 'r-9');
    expect(answer.status).toBe(200);
    expect(readEvents(answer.text).at(-1)).toEqual({
      event: 'error',
      data: {
        type: 'urn:realtime-translation:problem:translation-incomplete',
        title: 'Translation incomplete',
        status: 502,
        detail: 'Upstream was lost.',
        code: 'translation-incomplete',
        requestId: 'r-9',
        retryable: true,
        partial: 'Buenos',
      },
    });
    expect(http.log.find((line) => line.requestId === 'r-9')).toMatchObject({
      code: 'translation-incomplete',
    });
  });

  it('of our own is told without detail and logged with its stack', async () => {
    const http = await start({
      translate: async function* () {
        yield { type: 'started', connectId: 'c' };
        await Promise.resolve();
        throw new TypeError('the secret inside');
      },
    });
    const answer = await stream(http);
    expect(readEvents(answer.text).at(-1)).toMatchObject({ event: 'error', data: { code: 'internal' } });
    expect(answer.text).not.toContain('secret');
    const logged = http.log.find((line) => line.level === 'error');
    expect(logged).toMatchObject({
      err: { message: 'the secret inside', stack: expect.any(String) },
    });
  });
});

describe('a reader', () => {
  const piece = { type: 'text', delta: 'a'.repeat(64 * 1_024) } as const;

  it('that is slow is waited for: no more is made than it takes', async () => {
    let made = 0;
    const http = await start({
      translate: async function* (asked) {
        yield { type: 'started', connectId: 'c' };
        for (; made < 400; made += 1) yield await Promise.resolve(piece);
        yield { type: 'done', result: resultOf(asked, 'c', 'hola') };
      },
    });
    const answer = await open(http, { text: 'hi' });
    let before = -1;
    await until(async () => {
      const isStill = made === before;
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return isStill;
    });
    expect(made).toBeLessThan(400);
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length;
    expect(made).toBe(400);
    expect(bytes).toBeGreaterThan(400 * piece.delta.length);
  });

  it('that takes nothing any more is taken for gone', async () => {
    let cancelled: unknown;
    const http = await start({
      deps: { timing: { stalledReaderMs: 50 } },
      translate: async function* (_asked, signal) {
        signal.addEventListener('abort', () => {
          cancelled = signal.reason;
        });
        yield { type: 'started', connectId: 'c' };
        while (!signal.aborted) yield await Promise.resolve(piece);
        signal.throwIfAborted();
      },
    });
    const answer = await open(http, { text: 'hi' });
    await until(() => cancelled !== undefined);
    expect(cancelled).toMatchObject({ name: 'ClientDisconnected' });
    answer.destroy();
  });
});
