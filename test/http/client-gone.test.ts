/** A client that goes away: its work is cancelled, whatever form of answer it waited for, and its upload is gone. */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  MULTIPART,
  multipart,
  part,
  RawClient,
  resultOf,
  startHttp,
  until,
  type HttpFixture,
  type Acted,
} from '../support/http.js';

/** Starts, and then waits until it is cancelled. */
const endless: Acted = async function* (asked, signal) {
  if (asked.context !== 'silent') yield { type: 'started', connectId: 'c' };
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  yield { type: 'done', result: resultOf(asked, 'c', '') };
};

let http: HttpFixture;
afterEach(() => http.close());

function post(
  body: string | Buffer,
  headers: Record<string, string>,
  path = '/api/realtime/translate',
): RawClient {
  const client = new RawClient(http.port);
  const lines = Object.entries({ Host: 'test', 'Content-Length': String(body.length), ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  client.write(
    Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]),
  );
  return client;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const recording = multipart(part('name="file"; filename="a.wav"', Buffer.alloc(100_000), 'audio/wav'));

describe('a client that goes away', () => {
  it.each([
    ['JSON', '{"text":"hi"}', {}],
    ['a recording', '{"text":"hi"}', { Accept: 'audio/wav' }],
    [
      'events, before the response has started',
      '{"text":"hi","context":"silent"}',
      { Accept: 'text/event-stream' },
    ],
    ['events, after it', '{"text":"hi"}', { Accept: 'text/event-stream' }],
  ])('while it waits for %s cancels the work', async (_what, body, headers) => {
    http = await startHttp({ translate: endless });
    const client = post(body, { ...JSON_TYPE, ...headers });
    await until(() => http.asked.length === 1);
    if (body === '{"text":"hi"}' && 'Accept' in headers && headers.Accept === 'text/event-stream') {
      await client.sees(/translation\.started/);
    }
    expect(http.asked[0]?.signal.aborted).toBe(false);
    client.leave();
    await until(() => http.asked[0]?.signal.aborted === true);
    expect(http.asked[0]?.signal.reason).toMatchObject({ name: 'ClientDisconnected' });
    await until(() => http.log.length > 0);
    expect(http.log).toMatchObject([{ msg: 'request', aborted: true }]);
  });

  it('while it waits on the old path cancels the work', async () => {
    http = await startHttp({ translate: endless });
    const client = post('{"question":"hi"}', JSON_TYPE, '/api/RealTime/AudioTranslate');
    await until(() => http.asked.length === 1);
    client.leave();
    await until(() => http.asked[0]?.signal.aborted === true);
  });

  it('while its recording is translated leaves no upload', async () => {
    http = await startHttp({ translate: endless });
    const client = post(recording, { 'Content-Type': MULTIPART });
    await until(() => http.asked.length === 1);
    expect(http.asked[0]?.recording).toHaveLength(100_000);
    client.leave();
    await until(() => http.asked[0]?.signal.aborted === true);
    await until(async () => (await http.uploads()).length === 0);
  });

  it('in the middle of its upload leaves none, and nothing is translated', async () => {
    http = await startHttp({ translate: endless });
    const client = post(recording.subarray(0, 60_000), {
      'Content-Type': MULTIPART,
      'Content-Length': String(recording.length),
    });
    await until(async () => (await http.uploads()).length === 1);
    client.leave();
    await until(async () => (await http.uploads()).length === 0);
    await until(() => http.log.length > 0);
    expect(http.asked).toEqual([]);
    expect(http.log.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('in the middle of a JSON body is no fault of ours', async () => {
    http = await startHttp({ translate: endless });
    const client = post('{"text":', { ...JSON_TYPE, 'Content-Length': '100' });
    await until(async () => {
      const open = await new Promise<number>((resolve) => {
        http.server.getConnections((_, count) => {
          resolve(count);
        });
      });
      return open === 1;
    });
    client.leave();
    await until(() => http.log.length > 0);
    expect(http.log).toMatchObject([{ msg: 'request', aborted: true }]);
  });

  it('after its answer has cancelled nothing', async () => {
    http = await startHttp();
    const client = post('{"text":"hi"}', JSON_TYPE);
    await client.sees(/"responses"/);
    client.leave();
    await until(() => http.log.length > 0);
    expect(http.asked[0]?.signal.aborted).toBe(false);
    expect(http.log[0]).not.toHaveProperty('aborted');
  });
});

describe('requests on one connection', () => {
  it('sent ahead of their answers are all answered, in order', async () => {
    http = await startHttp();
    const client = new RawClient(http.port);
    const one = (text: string): string => {
      const body = JSON.stringify({ text });
      return `POST /api/realtime/translate HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    client.write(one('a') + one('b') + one('c'));
    await until(() => client.received.split('"responses"').length > 3);
    expect(
      Buffer.from(client.received, 'latin1')
        .toString()
        .match(/"text":"«.»"/g),
    ).toEqual(['"text":"«a»"', '"text":"«b»"', '"text":"«c»"']);
    client.leave();
  });
});
