/** Responses whose headers are collected: however they are written, and whoever looks at them first. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import express from 'express';
import { HttpResponse } from '../../src/http/response.js';

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
  ['with a header of several values', (_req, res) => res.setHeader('X-Own', ['1', '2']).end('x')],
  ['with an appended header', (_req, res) => res.appendHeader('X-Own', '1').end('x')],
  ['that was looked at', (_req, res) => (res.hasHeader('x-own') ? undefined : res.end('x'))],
  ['without a body', (_req, res) => res.writeHead(204).end()],
])('headers are sent by a response %s', async (_what, end) => {
  const headers = await headersOf((req, res) => {
    res.setHeader('X-First', 'a');
    res.setHeader('X-Second', 'b');
    res.setHeader('X-Third', 3);
    res.setHeader('x-second', 'anew');
    end(req, res);
  });
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-first': 'a',
    'x-second': 'anew',
    'x-third': '3',
  });
});

it('a header that is set again replaces the first, and so does one of writeHead', async () => {
  const headers = await headersOf((_req, res) => {
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('X-Kind', 'first');
    res.setHeader('x-kind', 'second');
    res.writeHead(200, { 'Cache-Control': 'no-cache' }).end();
  });
  expect(headers.get('x-kind')).toBe('second');
  expect(headers.get('cache-control')).toBe('no-cache');
});

it('headers can be read, listed and removed before they are sent', async () => {
  let seen: unknown;
  const headers = await headersOf((_req, res) => {
    res.setHeader('X-One', 'a');
    res.setHeader('X-Two', 'b');
    res.removeHeader('x-two');
    seen = [res.getHeader('x-one'), res.hasHeader('X-Two'), res.getHeaderNames(), { ...res.getHeaders() }];
    res.end();
  });
  expect(seen).toEqual(['a', false, ['x-one'], { 'x-one': 'a' }]);
  expect(headers.get('x-one')).toBe('a');
  expect(headers.has('x-two')).toBe(false);
});

it('a header after the first byte is refused, as by node', async () => {
  let thrown: unknown;
  await headersOf((_req, res) => {
    res.setHeader('X-One', 'a').write('x');
    try {
      res.setHeader('X-Late', 'b');
    } catch (error) {
      thrown = error;
    }
    res.end();
  });
  expect(thrown).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' });
});

it('a value that would begin another header is refused', async () => {
  let refused: unknown;
  await headersOf((_req, res) => {
    res.setHeader('X-Bad', 'a\r\nX-Worse: b');
    try {
      res.writeHead(200);
    } catch (error) {
      refused = error;
    }
    res.end();
  });
  expect(refused).toMatchObject({ code: 'ERR_INVALID_CHAR' });
});

it('a response that Express has made its own sends them all the same', async () => {
  const app = express();
  app.use((_req, res) => {
    res.setHeader('X-First', 'a');
    res.json({});
  });
  expect((await headersOf(app)).get('x-first')).toBe('a');
});

it('a value that is the name of a header is not taken for that header', async () => {
  const headers = await headersOf((_req, res) => {
    res.setHeader('X-Request-Id', 'Cache-Control');
    res.setHeader('Vary', 'Origin');
    res.setHeader('Cache-Control', 'no-store');
    res.end('x');
  });
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-request-id': 'Cache-Control',
    vary: 'Origin',
    'cache-control': 'no-store',
  });
});
