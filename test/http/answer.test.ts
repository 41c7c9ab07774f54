/** Answers whose headers are gathered: whoever writes them, and however, what was said goes with them. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import express from 'express';
import { HttpResponse, say } from '../../src/http/response.js';

async function headersOf(listener: RequestListener): Promise<Headers> {
  const server = createServer({ ServerResponse: HttpResponse }, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await response.arrayBuffer();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  return response.headers;
}

it.each<[string, RequestListener]>([
  ['ended at once', (_req, res) => res.end('x')],
  ['written piece by piece', (_req, res) => res.write('x') && res.end('y')],
  ['with headers of its own', (_req, res) => res.writeHead(200, { 'X-Own': '1' }).end('x')],
  ['with a reason', (_req, res) => res.writeHead(200, 'Fine', { 'X-Own': '1' }).end('x')],
  ['with a header set', (_req, res) => res.setHeader('X-Own', '1').end('x')],
  ['without a body', (_req, res) => res.writeHead(204).end()],
])('what was said is told by an answer %s', async (_what, end) => {
  const headers = await headersOf((req, res) => {
    if (res instanceof HttpResponse) res.begin(['X-First', 'a', 'X-Second', 'b']);
    say(res, 'X-Third', 'c');
    say(res, 'X-Second', 'anew');
    end(req, res);
  });
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-first': 'a',
    'x-second': 'anew',
    'x-third': 'c',
  });
});

it('what is set, or given with the status, counts for more', async () => {
  const headers = await headersOf((_req, res) => {
    say(res, 'Cache-Control', 'no-store');
    say(res, 'X-Kind', 'said');
    res.setHeader('x-kind', 'set');
    res.writeHead(200, { 'Cache-Control': 'no-cache' }).end();
  });
  expect(headers.get('x-kind')).toBe('set');
  expect(headers.get('cache-control')).toBe('no-cache');
});

it('a value that would begin another header is refused', async () => {
  let refused: unknown;
  await headersOf((_req, res) => {
    say(res, 'X-Bad', 'a\r\nX-Worse: b');
    try {
      res.writeHead(200);
    } catch (error) {
      refused = error;
    }
    res.end();
  });
  expect(refused).toMatchObject({ code: 'ERR_INVALID_CHAR' });
});

it('an answer that Express has made its own says it all the same', async () => {
  const app = express();
  app.use((_req, res) => {
    say(res, 'X-First', 'a');
    res.json({});
  });
  expect((await headersOf(app)).get('x-first')).toBe('a');
});

it('a value that is the name of a header is taken for a value', async () => {
  const headers = await headersOf((_req, res) => {
    say(res, 'X-Request-Id', 'Cache-Control');
    say(res, 'Vary', 'Origin');
    say(res, 'Cache-Control', 'no-store');
    res.end('x');
  });
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-request-id': 'Cache-Control',
    vary: 'Origin',
    'cache-control': 'no-store',
  });
});
