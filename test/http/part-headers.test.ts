/** The headers of a form's parts, read on their way to busboy. */
import { describe, expect, it } from '@jest/globals';
import { PartHeaderReader } from '../../src/http/body/part-headers.js';
import { BOUNDARY, MULTIPART, part } from '../support/http.js';

describe('the headers of parts', () => {
  const form = Buffer.concat([
    Buffer.from('preamble\r\n'),
    part('name="text"', 'a\r\n--x-test\r\n\r\nb\r', 'text/plain; charset=gbk'),
    part('name="empty"', ''),
    part('name="file"; filename="a.wav"', Buffer.alloc(500, `\r\n-\r--${BOUNDARY}`), 'audio/wav'),
    Buffer.from(`--${BOUNDARY}--\r\n--${BOUNDARY}\r\nepilogue`),
  ]);
  const readIn = (...chunks: Buffer[]): { parts: unknown; given: string; boundary: string } => {
    const reader = new PartHeaderReader(MULTIPART);
    const given = Buffer.concat(chunks.map((chunk) => reader.rewrite(chunk))).toString('latin1');
    return { parts: reader.parts, given, boundary: reader.busboyType.replace(/.*boundary=/, '') };
  };
  const whole = readIn(form);

  it('are read, and nothing else is changed but the boundary', () => {
    expect(whole.parts).toEqual([
      { type: 'text/plain', charset: 'gbk', transferEncoding: '' },
      { type: undefined, charset: undefined, transferEncoding: '' },
      { type: 'audio/wav', charset: undefined, transferEncoding: '' },
    ]);
    const without = whole.given.replace(
      /Content-Transfer-Encoding: \d\r\nContent-Type: \S+; charset=latin1\r\n/g,
      '',
    );
    const [body = '', epilogue] = `\r\n${form.toString('latin1')}`.split(`--${BOUNDARY}--\r\n`);
    const rewritten = body.replaceAll(`\r\n--${BOUNDARY}`, `\r\n--${whole.boundary}`);
    expect(without).toBe(`${rewritten}--${whole.boundary}--\r\n${epilogue}`);
    expect(whole.boundary.length).toBeGreaterThan(100);
  });

  it('are read the same wherever the form is cut', () => {
    for (let at = 1; at < form.length; at += 1)
      expect(readIn(form.subarray(0, at), form.subarray(at))).toEqual(whole);
    expect(readIn(...Array.from(form, (byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it('leave the type as it was sent where it has no boundary', () => {
    expect(new PartHeaderReader('multipart/form-data').busboyType).toBe('multipart/form-data');
  });
});
