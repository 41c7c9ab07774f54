/** What never becomes a request, and clients that wait to be asked for their body. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { RawClient, startHttp, until, type HttpFixture } from '../support/http.js';

let http: HttpFixture;
afterEach(() => http.close());

/** The response, read strictly: a status line, headers, and a body of the length in Content-Length. */
function answerOf(client: RawClient): { status: number; headers: string; problem: Record<string, unknown> } {
  const [head = '', body = ''] = client.received.split('\r\n\r\n');
  const length = /\r\nContent-Length: (\d+)/i.exec(head)?.[1];
  expect(Number(length)).toBe(body.length);
  return {
    status: Number(/^HTTP\/1.1 (\d+) /.exec(head)?.[1]),
    headers: head,
    problem: JSON.parse(body) as Record<string, unknown>,
  };
}

describe('a connection', () => {
  it.each([
    ['words instead of a request', 'hello there\r\n\r\n', 400],
    ['two lengths', 'POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['headers over 16 kB', `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
  ])('with %s gets a problem and is ended', async (_what, bytes, status) => {
    http = await startHttp();
    const client = new RawClient(http.port);
    client.write(bytes);
    await client.ended();
    const answer = answerOf(client);
    expect(answer.status).toBe(status);
    expect(answer.problem).toMatchObject({ status, code: 'invalid-request', errors: [{ pointer: '' }] });
    expect(answer.headers).toMatch(/Content-Type: application\/problem\+json/i);
    expect(answer.headers).toMatch(/Connection: close/i);
    expect(answer.headers).toMatch(/X-Content-Type-Options: nosniff/);
    expect(answer.headers).toContain(`X-Request-Id: ${String(answer.problem.requestId)}`);
    expect(http.log).toMatchObject([{ requestId: answer.problem.requestId, status }]);
  });

  it('whose headers do not come in time is ended with 408', async () => {
    http = await startHttp({ server: { headersMs: 100 } });
    const client = new RawClient(http.port);
    client.write('GET /health HTTP/1.1\r\nHost: a\r\n');
    await client.ended();
    expect(answerOf(client)).toMatchObject({
      status: 408,
      problem: { code: 'request-timeout', retryable: true },
    });
  });

  it('that drips its headers gains nothing', async () => {
    http = await startHttp({ server: { headersMs: 100 } });
    const client = new RawClient(http.port);
    client.write('GET /health HTTP/1.1\r\n');
    const drip = setInterval(() => {
      client.write('X: y\r\n');
    }, 20);
    await client.ended();
    clearInterval(drip);
    expect(client.received).toMatch(/^HTTP\/1.1 408 /);
    client.leave();
  });

  it('whose chunked body is malformed gets one 400', async () => {
    http = await startHttp();
    const client = new RawClient(http.port);
    client.write(
      'POST /api/realtime/translate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n',
    );
    await client.ended();
    expect(client.received.match(/HTTP\/1.1 \d/g)).toHaveLength(1);
    expect(answerOf(client)).toMatchObject({ status: 400, problem: { code: 'invalid-request' } });
    expect(http.asked).toEqual([]);
    client.leave();
  });

  it('gives the headers ten seconds, and bodies as long as they are steady', async () => {
    http = await startHttp();
    expect(http.server.headersTimeout).toBe(10_000);
    expect(http.server.requestTimeout).toBe(0);
    expect(http.server.keepAliveTimeout).toBeGreaterThan(60_000);
  });
});

describe('a client that waits to be asked for its body', () => {
  const head = (extra: string, length: number): string =>
    `POST /api/realtime/translate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n${extra}Content-Length: ${length}\r\n\r\n`;

  it('is asked where the body is accepted', async () => {
    http = await startHttp();
    const client = new RawClient(http.port);
    client.write(head('', 13));
    await client.sees(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
    client.write('{"text":"hi"}');
    await client.sees(/HTTP\/1.1 200 /);
    expect(client.received.match(/100 Continue/g)).toHaveLength(1);
    client.leave();
  });

  it('is refused before that by its key or the size of its body', async () => {
    http = await startHttp({ env: { API_KEYS: 'k' } });
    for (const [extra, length, status] of [
      ['', 13, 401],
      ['X-API-Key: k\r\n', 2_000_000, 413],
    ] as const) {
      const client = new RawClient(http.port);
      client.write(head(extra, length));
      await client.sees(/\r\n\r\n\{.*\}$/);
      expect(client.received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      client.leave();
    }
  });

  it('may send any other expectation', async () => {
    http = await startHttp();
    const client = new RawClient(http.port);
    client.write('GET /livez HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n');
    await until(() => client.received.includes('{"status":"ok"}'));
    expect(client.received).toMatch(/^HTTP\/1.1 200 /);
    client.leave();
  });
});
