/** Reads a body of any of the three types into its fields, without validating them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError, isError } from '../../errors.js';
import { charsetOf, nameOfCharset } from './charset.js';
import type { BodyField } from './fields.js';
import { CHARSET_FIELD } from './form-parts.js';
import { MAX_TEXT_BODY_BYTES } from '../limits.js';
import { invalidRequest, pointerTo } from '../problem.js';
import { bodyTooLarge, contentEncodingOf, readTextBody } from './text.js';

export interface ParsedBody {
  readonly fields: readonly BodyField[];
  /** True for JSON, whose values have types; forms have text only. */
  readonly isTyped: boolean;
  /** Deletes the upload, wherever it is stored; absent if there is none. To be called once it is not needed, however that ended. */
  readonly removeUpload?: () => Promise<void>;
}

/** @param noRecording what a form with a recording is refused with, before the recording is read. */
export type BodyReader = (
  req: IncomingMessage,
  res: ServerResponse,
  noRecording?: GatewayError,
) => Promise<ParsedBody>;

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MULTIPART_TYPE = 'multipart/form-data';

/**
 * @param multipart absent: multipart/form-data is refused like any other type.
 * @param maxFormBytes a multipart body that announces more is refused before it is read.
 */
export function createBodyReader(multipart?: { readForm: BodyReader; maxFormBytes: number }): BodyReader {
  const accepted = [...(multipart === undefined ? [] : [MULTIPART_TYPE]), JSON_TYPE, FORM_TYPE];

  return async (req, res, noRecording) => {
    if (!hasBody(req)) return { fields: [], isTyped: true };
    const type = mediaType(req);
    if (type !== undefined && accepted.includes(type)) {
      const limit =
        type === MULTIPART_TYPE && multipart !== undefined ? multipart.maxFormBytes : MAX_TEXT_BODY_BYTES;
      checkContentLength(req, limit);
      if (type === FORM_TYPE) requireUtf8(charsetOf(req.headers['content-type'] ?? ''));
      if (type === MULTIPART_TYPE) refuseCompressedForm(req);
      // A client that sent `Expect: 100-continue` is asked for the body only here, after key, limits and size are checked.
      if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue();
      if (type === MULTIPART_TYPE && multipart !== undefined)
        return await multipart.readForm(req, res, noRecording);
      const text = await readTextBody(req, res);
      return type === JSON_TYPE
        ? { fields: parseJson(text), isTyped: true }
        : { fields: parseForm(text), isTyped: false };
    }
    throw new GatewayError(
      'unsupported-media-type',
      type === undefined
        ? 'The body has no Content-Type.'
        : `A body of type ${type.slice(0, 100)} is not accepted here.`,
      {
        hint: `Send ${accepted.join(' or ')}.${multipart === undefined ? '' : ` A recording goes in the file part \`file\` of ${MULTIPART_TYPE}.`}`,
      },
    );
  };
}

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function mediaType(req: IncomingMessage): string | undefined {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}

/** Percent-encoded bytes are decoded as UTF-8 (WHATWG URL, 5.1); another charset would silently give wrong text. */
function requireUtf8(charset: string | undefined): void {
  if (charset === undefined || /^\s*(?:utf-?8|us-ascii)?\s*$/i.test(charset)) return;
  throw new GatewayError('unsupported-media-type', `A form in ${nameOfCharset(charset)} is not accepted.`, {
    hint: 'Send the form in UTF-8.',
  });
}

/** A multipart body is parsed as it arrives, without decompression. */
function refuseCompressedForm(req: IncomingMessage): void {
  const encoding = contentEncodingOf(req);
  if (encoding === undefined) return;
  throw new GatewayError(
    'unsupported-media-type',
    `A body of type ${MULTIPART_TYPE} is not accepted with Content-Encoding ${encoding.slice(0, 40)}.`,
    { hint: 'Send the form uncompressed.' },
  );
}

function checkContentLength(req: IncomingMessage, limit: number): void {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw bodyTooLarge(limit);
}

function parseJson(text: string): BodyField[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const position = isError(error) ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = position === undefined ? '' : ` (at position ${position})`;
    throw invalidRequest([{ pointer: '', detail: `The body is not valid JSON${where}.` }]);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidRequest([{ pointer: '', detail: 'The body must be a JSON object.' }]);
  }
  const fields: BodyField[] = Object.entries(body).map(([name, value]: [string, unknown]) => ({
    name,
    value,
  }));
  const isFlat = fields.every(({ value }) => value === null || typeof value !== 'object');
  if (isFlat && hasMoreColons(text, fields.length)) {
    const keys = quotedKeys(text);
    if (keys.length > fields.length) for (const name of repeated(keys)) fields.push({ name, value: true });
  }
  return fields;
}

/** Each key has a colon, so that with no more of them than fields no key is repeated. Takes a tenth of the time of `quotedKeys`. */
function hasMoreColons(json: string, count: number): boolean {
  let at = -1;
  for (let found = 0; found <= count; found += 1) {
    at = json.indexOf(':', at + 1);
    if (at < 0) return false;
  }
  return true;
}

/**
 * The keys of a flat JSON object, still in quotes; JSON.parse keeps only the last of equal ones. In valid JSON, a string
 * followed by a colon is a key. Strings that are values must match too, or the search would continue inside them.
 */
function quotedKeys(json: string): string[] {
  const strings = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?/g) ?? [];
  return strings
    .filter((string) => string.endsWith(':'))
    .map((key) => key.slice(0, key.lastIndexOf('"') + 1));
}

function repeated(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys
    .map((key) => JSON.parse(key) as string)
    .filter((name) => {
      const isRepeated = seen.has(name);
      seen.add(name);
      return isRepeated;
    });
}

function parseForm(text: string): BodyField[] {
  const fields = Array.from(new URLSearchParams(text), ([name, value]) => ({ name, value }));
  requireUtf8(fields.find(({ name }) => name === CHARSET_FIELD)?.value);
  requireUtf8Pairs(text);
  return fields.filter(({ name }) => name !== CHARSET_FIELD);
}

/** URLSearchParams decodes invalid UTF-8 to U+FFFD. A `%` without two hex digits stands for itself. */
function requireUtf8Pairs(text: string): void {
  for (const pair of text.split('&')) {
    try {
      decodeURIComponent(pair.replace(/%(?![\da-f]{2})/gi, '%25'));
    } catch {
      const [name = ''] = new URLSearchParams(pair).keys();
      const detail = `\`${name.slice(0, 60)}\` is not valid UTF-8; percent-encode the bytes of its UTF-8.`;
      throw invalidRequest([{ pointer: pointerTo(name), detail }]);
    }
  }
}
