/** A body of any of the three kinds, read once and not yet judged. */
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
  /** JSON: values have types of their own. Forms have text only. */
  readonly isTyped: boolean;
  /** Deletes what was stored on the way; absent where nothing was. To be called once the request is through, however it ended. */
  readonly discard?: () => Promise<void>;
}

export type BodyReader = (req: IncomingMessage, res: ServerResponse) => Promise<ParsedBody>;

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MULTIPART_TYPE = 'multipart/form-data';

/**
 * @param readForm for multipart/form-data; where it is absent that kind is refused like any other.
 * @param maxFormBytes a multipart body that announces more is refused before it is read.
 */
export function createBodyReader(multipart?: { readForm: BodyReader; maxFormBytes: number }): BodyReader {
  const taken = [...(multipart === undefined ? [] : [MULTIPART_TYPE]), JSON_TYPE, FORM_TYPE];

  return async (req, res) => {
    if (!hasBody(req)) return { fields: [], isTyped: true };
    const type = mediaType(req);
    if (type !== undefined && taken.includes(type)) {
      const limit =
        type === MULTIPART_TYPE && multipart !== undefined ? multipart.maxFormBytes : MAX_TEXT_BODY_BYTES;
      checkContentLength(req, limit);
      if (type === FORM_TYPE) requireUtf8(charsetOf(req.headers['content-type'] ?? ''));
      if (type === MULTIPART_TYPE) refuseCompressedForm(req);
      // A client that waits to be asked (`Expect: 100-continue`) is asked only here, after key, limits and size.
      if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue();
      if (type === MULTIPART_TYPE && multipart !== undefined) return await multipart.readForm(req, res);
      const text = await readTextBody(req, res);
      return type === JSON_TYPE
        ? { fields: parseJson(text), isTyped: true }
        : { fields: parseForm(text), isTyped: false };
    }
    throw new GatewayError(
      'unsupported-media-type',
      type === undefined
        ? 'The body has no Content-Type.'
        : `A body of type ${type.slice(0, 100)} is not taken here.`,
      {
        hint: `Send ${taken.join(' or ')}.${multipart === undefined ? '' : ` A recording goes in the file part \`file\` of ${MULTIPART_TYPE}.`}`,
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

/** Percent-encoded bytes are read as UTF-8 (WHATWG URL, 5.1); as anything else they would come out as other words. */
function requireUtf8(charset: string | undefined): void {
  if (charset === undefined || /^\s*(?:utf-?8|us-ascii)?\s*$/i.test(charset)) return;
  throw new GatewayError('unsupported-media-type', `A form in ${nameOfCharset(charset)} is not taken.`, {
    hint: 'Send the form in UTF-8.',
  });
}

/** A multipart body is read as it comes. */
function refuseCompressedForm(req: IncomingMessage): void {
  const encoding = contentEncodingOf(req);
  if (encoding === undefined) return;
  throw new GatewayError(
    'unsupported-media-type',
    `A body of type ${MULTIPART_TYPE} is not taken with Content-Encoding ${encoding.slice(0, 40)}.`,
    { hint: 'Send the form as it is.' },
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
  if (fields.every(({ value }) => value === null || typeof value !== 'object')) {
    const keys = keysOf(text);
    if (keys.length > fields.length) for (const name of repeated(keys)) fields.push({ name, value: true });
  }
  return fields;
}

/**
 * The keys of a flat JSON object as they stand there, in quotes: of those that stand more than once JSON.parse only keeps
 * the last. In valid JSON a string is a key if, and only if, a colon follows.
 */
function keysOf(json: string): string[] {
  const keys: string[] = [];
  const colon = /\s*:/y;
  let open = json.indexOf('"');
  while (open !== -1) {
    const close = closingQuote(json, open);
    colon.lastIndex = close + 1;
    if (colon.test(json)) keys.push(json.slice(open, close + 1));
    open = json.indexOf('"', close + 1);
  }
  return keys;
}

function repeated(keys: readonly string[]): string[] {
  const seen = new Set<unknown>();
  const again: string[] = [];
  for (const key of keys) {
    const name = JSON.parse(key) as string;
    if (seen.has(name)) again.push(name);
    seen.add(name);
  }
  return again;
}

/** @returns where the string that begins at `open` ends: at the first quote that no odd run of backslashes escapes. */
function closingQuote(json: string, open: number): number {
  let at = open;
  for (;;) {
    at = json.indexOf('"', at + 1);
    if (at === -1) return json.length;
    let backslashes = 0;
    while (json[at - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}

function parseForm(text: string): BodyField[] {
  const fields = Array.from(new URLSearchParams(text), ([name, value]) => ({ name, value }));
  requireUtf8(fields.find(({ name }) => name === CHARSET_FIELD)?.value);
  refuseOtherBytes(text);
  return fields.filter(({ name }) => name !== CHARSET_FIELD);
}

/** What is percent-encoded and not UTF-8 would be read as U+FFFD. A `%` that encodes nothing stands for itself. */
function refuseOtherBytes(text: string): void {
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
