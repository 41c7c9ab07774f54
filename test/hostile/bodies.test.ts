/** Bodies that are too large, too deep, too many, or not what their headers say. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import zlib, { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { BOUNDARY, multipart, MULTIPART, part } from '../support/http.js';
import { exchange, leave, outcome, outcomes } from '../support/hostile/answers.js';
import { startTarget, type Target } from '../support/hostile/target.js';

let target: Target;
beforeAll(async () => {
  target = await startTarget({ MAX_UPLOAD_MB: '2' });
});
afterAll(() => target.close());

const MB = 1_048_576;
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

function send(type: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<string> {
  return outcome(`${target.url}/api/realtime/translate`, {
    method: 'POST',
    headers: { 'Content-Type': type, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
}

describe('JSON', () => {
  afterAll(() => target.settle());
  const nested = (open: string, close: string, depth: number): string =>
    `${open.repeat(depth)}1${close.repeat(depth)}`;

  it.each([
    ['arrays 100 000 deep', `{"text":${nested('[', ']', 100_000)}}`],
    ['objects 100 000 deep', nested('{"text":', '}', 100_000)],
    ['arrays that are never closed', '['.repeat(1_000_000)],
    ['10 000 fields', `{${Array.from({ length: 10_000 }, (_, n) => `"f${n}":1`).join()}}`],
    ['one field 100 000 times', `{${Array(100_000).fill('"text":""').join()}}`],
    ['one field twice', '{"text":"hello","text":"goodbye"}'],
    ['one field twice, once in escapes', '{"text":"hello","\\u0074ext":"goodbye"}'],
    ['a field and its alias', '{"text":"hello","q":"goodbye"}'],
    ['a prototype', '{"text":"hello","__proto__":{"connectId":"x"}}'],
    ['a constructor', '{"text":"hello","constructor":{"prototype":{"x":1}}}'],
    ['a prototype alone', '{"__proto__":{"text":"hello"}}'],
    ['a number beyond all numbers', '{"text":1e999999}'],
    ['a number of a million digits', `{"text":${'9'.repeat(1_000_000)}}`],
    ['a file', '{"file":{"path":"/etc/passwd"}}'],
    ['a file by its address', '{"file":"file:///etc/passwd"}'],
    ['a list in the place of text', '{"text":["hello"]}'],
    ['an object in the place of text', '{"text":{"toString":"x","length":1}}'],
    ['a tag that is code', '{"text":"hello","target":"${process.exit()}"}'],
    ['a tag of a megabyte', `{"text":"hello","target":"${'a-'.repeat(500_000)}"}`],
    ['a connectId of an object', '{"text":"hello","connectId":{"$ne":null}}'],
    ['a voice with a path', `{"text":"hello","voice":"${'../'.repeat(30)}etc/passwd"}`],
    ['a comment', '{"text":"hello"/**/}'],
    ['a byte order mark of UTF-16', '\ufffe{"text":"hello"}'],
    ['two values', '{"text":"hello"}{"text":"goodbye"}'],
    ['NULs', '\0'.repeat(1_000)],
    ['a string of a million backslashes', `{"${'\\'.repeat(1_000_000)}`],
    ['a string of half a million escaped quotes', `{"text":"","${'\\"'.repeat(500_000)}":1}`],
    ['a million quotes', '"'.repeat(1_000_000)],
    ['white space alone', ' '.repeat(1_000_000)],
  ])('with %s is refused', async (_what, body) => {
    expect(await send(JSON_TYPE, body)).toMatch(/^(400 invalid-request|404 session-not-found)$/);
  });

  it('over a megabyte is refused, whatever it holds', async () => {
    expect(await send(JSON_TYPE, `{"text":"${'a'.repeat(MB)}"}`)).toBe('413 payload-too-large');
    expect(await send(JSON_TYPE, '['.repeat(30 * MB))).toBe('413 payload-too-large');
  });

  it('of escapes that are no whole characters is translated without them', async () => {
    expect(await send(JSON_TYPE, '{"text":"\\ud800 and \\udfff"}')).toBe('200');
  });

  it('of bytes that are not UTF-8 is refused, not read as other words', async () => {
    expect(await send(JSON_TYPE, Buffer.from('{"text":"\xff\xfe"}', 'latin1'))).toBe('400 invalid-request');
  });
});

describe('a form', () => {
  afterAll(() => target.settle());

  it.each([
    ['10 000 fields', Array.from({ length: 10_000 }, (_, n) => `f${n}=x`).join('&')],
    ['half a million fields without a name', '&='.repeat(500_000)],
    ['one field 100 000 times', 'text=a&'.repeat(100_000)],
    ['fields in brackets', 'text[a][b][c]=1&text[]=2'],
    ['a field of the prototype', '__proto__=x&text=hello'],
    ['a file', 'file=%2Fetc%2Fpasswd'],
  ])('of %s is refused', async (_what, body) => {
    expect(await send(FORM_TYPE, body)).toBe('400 invalid-request');
  });

  it('of percent signs that encode nothing is read as it stands', async () => {
    expect(await send(FORM_TYPE, 'text=100%zz%%00')).toBe('200');
  });

  it('of percent-encoded bytes that are not UTF-8 is refused, not read as other words', async () => {
    expect(await send(FORM_TYPE, 'text=%zz%%ff%e2%28%a1%00')).toBe('400 invalid-request');
  });
});

describe('a compressed body', () => {
  afterAll(() => target.settle());
  const bomb = Buffer.from(`{"text":"${'a'.repeat(200 * MB)}"}`);
  const gzipped = gzipSync(bomb);
  const twice = gzipSync(gzipped);

  it.each([
    ['gzip', gzipped, '413 payload-too-large'],
    ['deflate', deflateSync(bomb), '413 payload-too-large'],
    ['br', brotliCompressSync(bomb), '413 payload-too-large'],
    ['gzip, gzip', twice, '415 unsupported-media-type'],
    ['gzip', twice, '400 invalid-request'],
    ['gzip', gzipped.subarray(0, 1_000), '400 invalid-request'],
    ['deflate', gzipped.subarray(0, 1_000), '400 invalid-request'],
    ['gzip', Buffer.from('{"text":"hello"}'), '400 invalid-request'],
    ['x-gzip', gzipSync('{"text":"hello"}'), '415 unsupported-media-type'],
    ['identity, gzip', gzipped, '415 unsupported-media-type'],
    ['br', Buffer.from('{"text":"hello"}'), '400 invalid-request'],
    ['br', gzipped.subarray(0, 1_000), '400 invalid-request'],
    ['br', brotliCompressSync('{"text":"hello"}').subarray(0, -1), '400 invalid-request'],
    ['br', Buffer.alloc(1_000, 0xff), '400 invalid-request'],
    ['deflate', Buffer.from('{"text":"hello"}'), '400 invalid-request'],
    ['gzip, br', gzipped, '415 unsupported-media-type'],
    ['snappy', Buffer.from('{"text":"hello"}'), '415 unsupported-media-type'],
  ])('in %s (case %#) that is a bomb, or not what it says, ends in %j', async (encoding, body, told) => {
    const before = await target.residentBytes();
    expect(await send(JSON_TYPE, body, { 'Content-Encoding': encoding })).toBe(told);
    expect((await target.residentBytes()) - before).toBeLessThan(100 * MB);
  });

  it('of zstd is refused where this version of Node cannot read it, and never a fault of ours', async () => {
    const told = 'createZstdDecompress' in zlib ? '400 invalid-request' : '415 unsupported-media-type';
    for (const body of [Buffer.from('28b52ffd', 'hex'), Buffer.from('{"text":"hello"}')])
      expect(await send(JSON_TYPE, body, { 'Content-Encoding': 'zstd' })).toBe(told);
  });

  it('is no form: multipart is taken as it is', async () => {
    const body = gzipSync(multipart(part('name="text"', 'hello')));
    expect(await send(MULTIPART, body, { 'Content-Encoding': 'gzip' })).toBe('415 unsupported-media-type');
  });
});

describe('a content type', () => {
  afterAll(() => target.settle());

  it.each([
    ['application/json; charset=utf-7', '{}', '415 unsupported-media-type'],
    ['application/json; charset=__proto__', '{}', '415 unsupported-media-type'],
    ['application/json; charset=utf-32', '{}', '415 unsupported-media-type'],
    [`application/json; charset=${'x'.repeat(8_000)}`, '{}', '415 unsupported-media-type'],
    ['x'.repeat(8_000), '{}', '415 unsupported-media-type'],
    ['application/json, text/plain', '{}', '415 unsupported-media-type'],
    ['application/vnd.api+json', '{}', '415 unsupported-media-type'],
    ['text/html', '<script>', '415 unsupported-media-type'],
    ['image/svg+xml', '<svg/>', '415 unsupported-media-type'],
    [
      'application/xml',
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      '415 unsupported-media-type',
    ],
    ['application/octet-stream', '\0', '415 unsupported-media-type'],
    ['multipart/form-data', 'text=hello', '400 invalid-request'],
    ['multipart/form-data; boundary=', 'text=hello', '400 invalid-request'],
    [`multipart/form-data; boundary=${'b'.repeat(8_000)}`, 'text=hello', '400 invalid-request'],
    ['multipart/form-data; boundary="a\\"b"', '--a', '400 invalid-request'],
    [`multipart/form-data; ${'a=b; '.repeat(1_500)}`, '--a', '400 invalid-request'],
    ['multipart/form-data; boundary=a; boundary=b', '--a\r\n', '400 invalid-request'],
    ['multipart/mixed; boundary=a', '--a--', '415 unsupported-media-type'],
  ])('%s is refused', async (type, body, told) => {
    expect(await send(type, body)).toBe(told);
  });
});

describe('multipart', () => {
  afterAll(() => target.settle());
  const wav = Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1');
  const file = (name: string, content: string | Buffer = wav): Buffer =>
    part(`name="file"; filename="${name}"`, content);
  const count = (howMany: number, each: (n: number) => Buffer): Buffer =>
    multipart(...Array.from({ length: howMany }, (_, n) => each(n)));

  it.each([
    ['10 000 fields', count(10_000, (n) => part(`name="f${n}"`, 'x'))],
    ['10 000 files', count(10_000, (n) => part(`name="f${n}"; filename="a.wav"`, 'x'))],
    ['10 000 empty files', count(10_000, (n) => part(`name="f${n}"; filename=""`, ''))],
    ['10 000 recordings', count(10_000, () => file('a.wav', 'x'))],
    ['10 000 parts without a name', count(10_000, () => part('x="y"', 'x'))],
    ['10 000 parts of one field', count(10_000, () => part('name="text"', 'x'))],
    ['a megabyte of boundaries', Buffer.from(`--${BOUNDARY}\r\n`.repeat(60_000))],
    ['a part of 10 000 headers', Buffer.from(`--${BOUNDARY}\r\n${'X: y\r\n'.repeat(10_000)}\r\nx`)],
    ['a header of a megabyte', Buffer.from(`--${BOUNDARY}\r\nX: ${'y'.repeat(MB)}\r\n\r\nx`)],
    [
      'a header that never ends',
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${'x'.repeat(MB)}`),
    ],
    ['a field’s name of 4 096 characters', multipart(part(`name="${'n'.repeat(4_096)}"`, 'x'))],
    ['a field of the prototype', multipart(part('name="__proto__"', 'x'), part('name="text"', 'hi'))],
    ['a field in brackets', multipart(part('name="text[__proto__][x]"', 'x'))],
    ['a field whose name breaks the line', multipart(part('name="text\r\nX-Evil: y"', 'x'))],
    [
      'multipart inside',
      multipart(
        Buffer.from(
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: file; filename="a.wav"\r\n\r\nx\r\n--b--\r\n`,
        ),
      ),
    ],
    [
      'an end before its beginning',
      Buffer.from(
        `--${BOUNDARY}--\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="text"\r\n\r\nhi\r\n`,
      ),
    ],
    ['a recording and a text', multipart(file('a.wav'), part('name="text"', 'hi'))],
    ['a recording cut off', file('a.wav').subarray(0, -10)],
    ['nothing', Buffer.from('\r\n')],
    [
      'a part whose boundary has blanks behind',
      Buffer.from(
        `--${BOUNDARY} \r\nContent-Disposition: form-data; name="text"\r\n\r\nhi\r\n--${BOUNDARY}--`,
      ),
    ],
    [
      'a part that ends in its headers',
      Buffer.from(
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="q"\r\n\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="target"\r\n\r\nes\r\n--${BOUNDARY}--`,
      ),
    ],
    [
      'a part without headers',
      multipart(part('name="text"', 'hi'), Buffer.from(`--${BOUNDARY}\r\n\r\nes\r\n`)),
    ],
  ])('of %s is refused', async (_what, body) => {
    expect(await send(MULTIPART, body)).toBe('400 invalid-request');
  });

  it('with a recording over the limit is refused, as one and as many', async () => {
    expect(await send(MULTIPART, multipart(file('a.wav', Buffer.alloc(2 * MB + 1))))).toBe(
      '413 payload-too-large',
    );
    expect(
      await send(
        MULTIPART,
        count(2, () => file('a.wav', Buffer.alloc(5 * MB))),
      ),
    ).toBe('413 payload-too-large');
    expect(await send(MULTIPART, multipart(part('name="text"', 'a'.repeat(MB))))).toBe(
      '413 payload-too-large',
    );
  });

  it.each([
    ['a path', '../../../../etc/passwd'],
    ['a path of Windows', '..\\..\\boot.ini'],
    ['an absolute path', '/etc/cron.d/evil'],
    ['an address', 'http://127.0.0.1/a.wav'],
    ['a protocol of ffmpeg', 'concat:/etc/passwd|/etc/hosts'],
    ['an option of ffmpeg', '-i /etc/passwd -f s16le'],
    ['a pattern', '%d.wav'],
    ['a NUL', 'a.wav\0.txt'],
    ['a line break', 'a\r\nX-Evil: y'],
    ['4 096 characters', `${'a'.repeat(4_092)}.wav`],
    ['letters from right to left', '\u202egpj.wav\u202c'],
    ['percent-encoding', '%2e%2e%2f%00.wav'],
    ['half a surrogate pair', '\ud800.wav'],
    ['nothing but dots', '..'],
    ['a shell', '$(touch /tmp/x);`id`.wav'],
    ['a device', 'CON'],
    ['words of a template', '{{7*7}}${7*7}.wav'],
  ])('with a recording whose name is %s is judged by its content', async (_what, name) => {
    // Nothing but the beginning of a WAV file: there is nothing to be heard in it.
    expect(await send(MULTIPART, multipart(file(name)))).toMatch(
      /^(422 undecodable-audio|400 invalid-request)$/,
    );
    const encoded = encodeURIComponent(Buffer.from(name).toString());
    const star = multipart(part(`name="file"; filename*=UTF-8''${encoded}`, wav));
    expect(await send(MULTIPART, star)).toMatch(/^(422 undecodable-audio|400 invalid-request)$/);
  });
});

describe('a body that is not as long as it says', () => {
  afterAll(() => target.settle());
  const head = (length: number, type = JSON_TYPE): string =>
    `POST /api/realtime/translate HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;

  it('is cut where its length ends, and what follows is refused', async () => {
    expect(outcomes(await exchange(target.port, `${head(5)}{"text":"hello"}`))).toEqual([
      '400 invalid-request',
    ]);
  });

  const cut: [string, string, string][] = [
    ['JSON', JSON_TYPE, '{"text":"hel'],
    ['a form', FORM_TYPE, 'text=hel'],
    ['multipart', MULTIPART, part('name="file"; filename="a.wav"', 'RIFF').toString('latin1')],
  ];

  it.each(cut)('is refused where its client says no more: %s', async (_what, type, body) => {
    const ended = await exchange(target.port, `${head(1_000, type)}${body}`, null);
    expect(outcomes(ended)).toEqual(['400 invalid-request']);
  });

  it.each(cut)('leaves nothing where its client goes in the middle: %s', async (_what, type, body) => {
    for (let n = 0; n < 50; n += 1) await leave(target.port, `${head(1_000, type)}${body}`);
    await target.settle();
  });
});
