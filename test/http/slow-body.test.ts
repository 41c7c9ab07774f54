/** Bodies that come too slowly, or never end. */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  MULTIPART,
  multipart,
  part,
  RawClient,
  startHttp,
  until,
  type HttpFixture,
} from '../support/http.js';

/** 1 kB a second is 150 bytes in such a window. */
const WINDOW_MS = 150;

let http: HttpFixture;
const drips: NodeJS.Timeout[] = [];
afterEach(async () => {
  for (const drip of drips.splice(0)) clearInterval(drip);
  await http.close();
});

const start = async (env: Record<string, string> = {}, slowBodyWindowMs = WINDOW_MS): Promise<void> => {
  http = await startHttp({ env, deps: { timing: { slowBodyWindowMs, lingerMs: 100 } } });
};

function begin(headers: string, path = '/api/realtime/translate'): RawClient {
  const client = new RawClient(http.port);
  client.write(`POST ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n\r\n`);
  return client;
}

/** Sends so many bytes every 10 ms, until all are sent. */
function drip(client: RawClient, bytes: Buffer, each: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length && client.socket.writable) client.write(bytes.subarray(at, at + each));
    else clearInterval(timer);
    at += each;
  }, 10);
  drips.push(timer);
}

const form = multipart(part('name="file"; filename="a.wav"', Buffer.alloc(4_000)));
const json = Buffer.from(JSON.stringify({ text: 'a'.repeat(3_000) }));

describe('a body that is too slow', () => {
  it('is ended with 408, and its connection too', async () => {
    await start();
    const client = begin(`Content-Type: application/json\r\nContent-Length: ${json.length}`);
    drip(client, json, 1);
    await client.ended();
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
    expect(client.received).toMatch(/\r\nConnection: close\r\n/i);
    expect(client.received).toContain('"code":"request-timeout"');
    await until(() => http.log.length > 0);
    expect(http.log).toMatchObject([{ status: 408, code: 'request-timeout' }]);
    expect(http.asked).toEqual([]);
  });

  it('leaves no upload behind', async () => {
    await start();
    const client = begin(`Content-Type: ${MULTIPART}\r\nContent-Length: ${form.length}`);
    client.write(form.subarray(0, 1_000));
    await until(async () => (await http.uploads()).length === 1);
    await client.ended();
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
    await until(async () => (await http.uploads()).length === 0);
    expect(http.asked).toEqual([]);
    expect(http.log.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('is ended when it stops after a good beginning', async () => {
    await start();
    const client = begin('Content-Type: application/json\r\nTransfer-Encoding: chunked');
    client.write(`${(50_000).toString(16)}\r\n${'a'.repeat(50_000)}\r\n`);
    await client.ended();
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
  });

  it('ends its connection where the answer was already given', async () => {
    await start();
    const client = begin('Content-Type: text/plain\r\nContent-Length: 1000');
    await client.sees(/^HTTP\/1.1 415 /);
    await client.ended();
    expect(client.received).not.toContain('408');
  });

  it('is ended where it never began', async () => {
    await start();
    const client = begin('Content-Type: application/json\r\nContent-Length: 1000');
    await client.ended();
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('a body that is slow but steady', () => {
  /** Of which a busy machine may lose most, and the body still is five times as fast as it must be. */
  const LONG_WINDOW_MS = 500;

  it.each([
    ['JSON', 'application/json', Buffer.from(JSON.stringify({ text: 'a'.repeat(9_000) }))],
    ['a recording', MULTIPART, multipart(part('name="file"; filename="a.wav"', Buffer.alloc(9_000)))],
  ])('may take many windows: %s', async (_what, type, body) => {
    await start({}, LONG_WINDOW_MS);
    const startedAt = performance.now();
    const client = begin(`Content-Type: ${type}\r\nContent-Length: ${body.length}`);
    drip(client, body, 50);
    await client.sees(/\r\n\r\n\{.*\}$/);
    expect(performance.now() - startedAt).toBeGreaterThan(3 * LONG_WINDOW_MS);
    expect(client.received).toMatch(/^HTTP\/1.1 200 /);
    client.leave();
  });
});

describe('a connection without a body', () => {
  it('is none of this: a slow answer is waited for, an idle connection kept', async () => {
    http = await startHttp({
      deps: {
        timing: { slowBodyWindowMs: WINDOW_MS, lingerMs: 100 },
        ready: async () => {
          await new Promise((resolve) => setTimeout(resolve, 3 * WINDOW_MS));
          return [];
        },
      },
    });
    const client = new RawClient(http.port);
    client.write('GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n');
    await client.sees(/^HTTP\/1.1 200 [^]*"checks":\[\]/);
    client.write('GET /livez HTTP/1.1\r\nHost: test\r\n\r\n');
    await client.sees(/\{"status":"ok"\}$/);
    client.leave();
  });
});

describe('a body without end', () => {
  it('is refused with 413 long before it would be held', async () => {
    await start({ MAX_UPLOAD_MB: '1' });
    const client = begin(`Content-Type: ${MULTIPART}\r\nTransfer-Encoding: chunked`);
    const head = part('name="file"; filename="a.wav"', '').subarray(0, -2);
    client.write(`${head.length.toString(16)}\r\n`);
    client.write(head);
    const chunk = Buffer.concat([
      Buffer.from(`\r\n${(1_000_000).toString(16)}\r\n`),
      Buffer.alloc(1_000_000),
    ]);
    let sent = 0;
    while (!client.received.startsWith('HTTP') && !client.socket.destroyed && sent < 200) {
      if (!client.socket.write(chunk)) {
        await until(() => !client.socket.writableNeedDrain || client.socket.destroyed);
      }
      sent += 1;
    }
    expect(sent).toBeLessThan(200);
    expect(client.received).toMatch(/^HTTP\/1.1 413 /);
    expect(client.received).toContain('"code":"payload-too-large"');
    await until(async () => (await http.uploads()).length === 0);
    client.leave();
  });

  it('is refused before it is read where it says how long it is', async () => {
    await start({ MAX_UPLOAD_MB: '1' });
    const client = begin(`Content-Type: ${MULTIPART}\r\nContent-Length: 10000000`);
    await client.sees(/^HTTP\/1.1 413 /);
    client.leave();
  });
});
