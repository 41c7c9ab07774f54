/** Requests that no client library would send: each is told why it is refused, and none is taken for another. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exchange, outcomes } from '../support/hostile/answers.js';
import { startTarget, type Target } from '../support/hostile/target.js';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.close());

const PATH = '/api/realtime/translate';
const JSON_HEADERS = 'Host: a\r\nContent-Type: application/json\r\n';
const post = (headers: string, body = '', path = PATH): string =>
  `POST ${path} HTTP/1.1\r\n${headers}\r\n${body}`;
/** What a smuggler wants to have answered behind the back of whoever is in front. */
const HIDDEN = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';

async function ends(...bytes: (string | Buffer)[]): Promise<string[]> {
  return outcomes(await exchange(target.port, ...bytes));
}

describe('a request whose length can be read in two ways', () => {
  afterAll(() => target.settle());
  const chunked = 'Transfer-Encoding: chunked\r\n';

  it.each([
    ['both lengths', `Content-Length: 5\r\n${chunked}`, `0\r\n\r\n${HIDDEN}`],
    ['both lengths, the other way round', `${chunked}Content-Length: 5\r\n`, `0\r\n\r\n${HIDDEN}`],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n', `{"a":1${HIDDEN}`],
    ['one length twice', 'Content-Length: 2\r\nContent-Length: 2\r\n', `{}${HIDDEN}`],
    ['a list of lengths', 'Content-Length: 2, 2\r\n', `{}${HIDDEN}`],
    ['a length with a sign', 'Content-Length: +2\r\n', `{}${HIDDEN}`],
    ['a negative length', 'Content-Length: -1\r\n', HIDDEN],
    ['a length in hexadecimal', 'Content-Length: 0x2\r\n', `{}${HIDDEN}`],
    ['a length beyond 64 bits', 'Content-Length: 99999999999999999999999\r\n', HIDDEN],
    ['a length of no number', 'Content-Length: two\r\n', `{}${HIDDEN}`],
    ['an encoding twice', `${chunked}${chunked}`, `0\r\n\r\n${HIDDEN}`],
    ['an encoding that is none', 'Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${HIDDEN}`],
    [
      'an encoding that does not end chunked',
      'Transfer-Encoding: chunked, identity\r\n',
      `0\r\n\r\n${HIDDEN}`,
    ],
    ['an encoding behind a tab', 'Transfer-Encoding:\tchunked, x\r\n', `0\r\n\r\n${HIDDEN}`],
    ['an encoding with a space before its colon', 'Transfer-Encoding : chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    [
      'an encoding behind a folded line',
      'X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: two\r\n',
      HIDDEN,
    ],
    [
      'an encoding behind a lone carriage return',
      'X: a\rTransfer-Encoding: chunked\r\n',
      `0\r\n\r\n${HIDDEN}`,
    ],
    ['an encoding behind a lone line feed', `X: a\nContent-Length: 3\r\n${chunked}`, `0\r\n\r\n${HIDDEN}`],
    ['a chunk size with a sign', chunked, `+2\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk size with a prefix', chunked, `0x2\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk size beyond 64 bits', chunked, `${'f'.repeat(17)}\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk longer than it says', chunked, `1\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk that ends in a lone line feed', chunked, `2\n{}\n0\n\n${HIDDEN}`],
  ])('is refused, and what stands behind it is no request: %s', async (_what, headers, body) => {
    expect(await ends(post(`${JSON_HEADERS}${headers}`, body))).toEqual(['400 invalid-request']);
  });
});

const CLOSE = 'Host: a\r\nConnection: close\r\n';
const get = (path: string, headers = CLOSE, method = 'GET', version = '1.1'): string =>
  `${method} ${path} HTTP/${version}\r\n${headers}\r\n`;

describe('a path', () => {
  afterAll(() => target.settle());

  it.each([
    ['of 60 000 characters', `/${'a'.repeat(60_000)}`, '431 invalid-request'],
    ['of 15 000 characters', `/${'a'.repeat(15_000)}`, '404 not-found'],
    ['of slashes alone', '/'.repeat(15_000), '404 not-found'],
    ['percent-encoded throughout', `/${'%41'.repeat(5_000)}`, '404 not-found'],
    ['that climbs', `${'/..'.repeat(20)}/etc/passwd`, '404 not-found'],
    ['that climbs in percent-encoding', `/${'..%2f'.repeat(20)}etc/passwd`, '404 not-found'],
    ['that climbs by encoded dots', `/${'%2e%2e/'.repeat(20)}etc/passwd`, '404 not-found'],
    ['that climbs out of the assets', '/assets/..%5c..%5c..%2f..%2fpackage.json', '404 not-found'],
    ['with an encoded NUL', '/index.html%00.png', '404 not-found'],
    ['with a NUL', '/a\0b', '400 invalid-request'],
    ['with bytes that are no UTF-8', '/%ff%fe', '404 not-found'],
    ['with half an encoding', '/api/realtime/sessions/%', '400 invalid-request'],
    ['with half a surrogate pair', '/api/realtime/sessions/%ED%A0%80', '400 invalid-request'],
    ['with a space', '/a b', '400 invalid-request'],
    ['in Latin-1', '/caf\xe9', '400 invalid-request'],
    ['that names another host', '//evil.example/api', '404 not-found'],
    ['that begins with a backslash', '/\\evil.example', '404 not-found'],
    ['that is an address of no host', 'http://[/livez', '400 invalid-request'],
    ['that is an address of another scheme', 'ftp://a/livez', '400 invalid-request'],
    ['that is a script', 'javascript:alert(1)', '400 invalid-request'],
    ['that is a star', '*', '400 invalid-request'],
    ['that names nobody’s session', '/api/realtime/sessions/__proto__', '404 session-not-found'],
    ['that names a session by NULs', `/api/realtime/sessions/${'%00'.repeat(100)}`, '404 session-not-found'],
    ['with a cursor of NULs', `/api/realtime/sessions?cursor=${'%00'.repeat(100)}`, '400 invalid-request'],
    ['with a limit beyond all numbers', '/api/realtime/sessions?limit=1e400', '400 invalid-request'],
    [
      'with a field of the prototype',
      '/api/realtime/sessions?limit=1&limit=2&__proto__[x]=1',
      '400 invalid-request',
    ],
  ])('%s is told what is wrong', async (_what, path, told) => {
    expect(await ends(get(path))).toEqual([told]);
  });
});

describe('a method', () => {
  afterAll(() => target.settle());

  it.each([
    ['CONNECT', '127.0.0.1:22', '400 invalid-request'],
    ['TRACE', '/livez', '405 method-not-allowed'],
    ['PURGE', '/livez', '405 method-not-allowed'],
    ['QUERY', PATH, '405 method-not-allowed'],
    ['PUT', '/api/realtime/sessions', '405 method-not-allowed'],
    ['PROPFIND', '/', '404 not-found'],
    ['get', '/livez', '400 invalid-request'],
    ['STEAL', '/livez', '400 invalid-request'],
    ['__proto__', '/livez', '400 invalid-request'],
    ['G'.repeat(10_000), '/livez', '400 invalid-request'],
  ])('%.20s of %s is refused', async (method, path, told) => {
    expect(await ends(get(path, CLOSE, method))).toEqual([told]);
  });
});

describe('another protocol', () => {
  afterAll(() => target.settle());

  it.each([
    ['HTTP/0.9', 'GET /livez\r\n\r\n'],
    ['HTTP/1.2', get('/livez', CLOSE, 'GET', '1.2')],
    ['HTTP/2 in the words of HTTP/1', get('/livez', CLOSE, 'GET', '2.0')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
    ['TLS', `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${'x'.repeat(500)}`],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['SMTP', 'EHLO evil.example\r\n'],
    ['Redis', '*1\r\n$4\r\nPING\r\n'],
    ['no bytes but zeros', '\0'.repeat(1_000)],
  ])('is told that this is HTTP/1.1: %s', async (_what, bytes) => {
    expect(await ends(bytes)).toEqual(['400 invalid-request']);
  });
});

describe('a header', () => {
  afterAll(() => target.settle());
  const many = (line: (n: number) => string, count: number): string =>
    Array.from({ length: count }, (_, n) => line(n)).join('');

  it.each([
    ['of 20 000 characters', `X: ${'x'.repeat(20_000)}\r\n`, '431 invalid-request'],
    ['among 20 000', many((n) => `X${n}: y\r\n`, 20_000), '431 invalid-request'],
    ['with a NUL', 'X: a\0b\r\n', '400 invalid-request'],
    ['without a colon', 'nothing\r\n', '400 invalid-request'],
    ['without a name', ': x\r\n', '400 invalid-request'],
    ['with a space in its name', 'X Y: z\r\n', '400 invalid-request'],
    ['that says the Host again', 'Host: b\r\n', '400 invalid-request'],
    ['that breaks the line of the answer', 'X-Request-Id: a\r\n\tX-Evil: yes\r\n', '400 invalid-request'],
  ])('%s is refused', async (_what, header, told) => {
    expect(await ends(get('/livez', `${CLOSE}${header}`))).toEqual([told]);
  });

  it.each([
    ['a name of the prototype', '/livez', '__proto__: x\r\nconstructor: y\r\ntoString: z\r\n'],
    ['a thousand cookies', '/livez', 'Cookie: a=b\r\n'.repeat(1_000)],
    ['thousands of names', '/livez', many((n) => `${n}:\r\n`, 2_000)],
    ['thousands of media types', '/api/realtime/sessions', `Accept: ${'a/b;q=0.1,'.repeat(1_500)}\r\n`],
    ['thousands of proxies', '/api/realtime/sessions', `X-Forwarded-For: ${'1.2.3.4, '.repeat(1_500)}\r\n`],
    ['another host and scheme', '/livez', 'X-Forwarded-Host: evil\r\nX-Forwarded-Proto: javascript\r\n'],
    ['an upgrade to what is not there', '/livez', 'Upgrade: h2c, x, y\r\n'],
  ])('%s changes nothing', async (_what, path, header) => {
    const { answers } = await exchange(target.port, get(path, `${CLOSE}${header}`));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(answers[0]?.body).not.toContain('evil');
  });

  it('too many to be read leaves the client time to read why', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { wasReset } = await exchange(target.port, get('/livez', `X: ${'x'.repeat(500_000)}\r\n`));
      expect(wasReset).toBe(false);
    }
  });

  it('Host may be left out with HTTP/1.0 alone', async () => {
    expect(await ends(get('/livez', 'Connection: close\r\n'))).toEqual(['400 invalid-request']);
    expect(await ends(get('/livez', '', 'GET', '1.0'))).toEqual(['200']);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    expect(
      await ends(get('/text-chat', `${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`)),
    ).toEqual(['400 invalid-request']);
  });
});
