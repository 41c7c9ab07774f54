/** The text of a body: in UTF-8 and as it is, which nearly all are, read here; in any other dress by body-parser. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { GatewayError } from '../errors.js';
import { ClientGone } from './call.js';
import { MAX_TEXT_BODY_BYTES, megabytes } from './limits.js';
import { passThrough } from './middleware.js';
import { invalidRequest, tooLarge } from './problem.js';
import type { Step } from './steps.js';
import { isError } from './thrown.js';

// body-parser asks of a request what node's has; only its types ask for Express's.
const parse = express.text({ type: () => true, limit: MAX_TEXT_BODY_BYTES }) as Step;

const PLAIN_TYPE = /^[^;]*(?:; *charset=utf-?8 *)?$/i;
const BYTE_ORDER_MARK = '\ufeff';

/** @throws GatewayError where the body is larger than 1 MB, or not what its headers say; ClientGone */
export function readTextBody(req: IncomingMessage, res: ServerResponse): Promise<string> {
  const { 'content-encoding': encoding, 'content-type': type = '' } = req.headers;
  const isPlain = encoding === undefined && PLAIN_TYPE.test(type);
  return isPlain ? readPlain(req) : readDressed(req, res);
}

async function readDressed(req: IncomingMessage, res: ServerResponse): Promise<string> {
  try {
    await passThrough(parse, req, res);
  } catch (error) {
    throw tellReadFault(error);
  }
  const body: unknown = 'body' in req ? req.body : undefined;
  return typeof body === 'string' ? body : '';
}

export function bodyTooLarge(limit: number): GatewayError {
  return tooLarge([
    { pointer: '', detail: `The body is larger than ${megabytes(limit)}, the most that is taken.` },
  ]);
}

function readPlain(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (error?: Error): void => {
      req.off('data', take).off('end', settle).off('close', leave);
      if (error === undefined) resolve(textOf(chunks));
      else reject(error);
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= MAX_TEXT_BODY_BYTES) return;
      // What else comes is for whoever answers to read off.
      req.pause();
      settle(bodyTooLarge(MAX_TEXT_BODY_BYTES));
    };
    const leave = (): void => {
      settle(new ClientGone());
    };
    // A request that breaks off tells of it by `close` as well, and by `error` only where somebody listens.
    req.on('data', take).on('end', settle).on('close', leave);
    if (req.destroyed) leave();
  });
}

/** What is no UTF-8 becomes U+FFFD, as with body-parser. */
function textOf(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  const text = (chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)).toString('utf8');
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** body-parser names its faults in `type`; those of zlib have a `code` that begins with Z_. */
function tellReadFault(error: unknown): unknown {
  if (!isError(error)) return error;
  const type = 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return bodyTooLarge(MAX_TEXT_BODY_BYTES);
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new GatewayError(
        'unsupported-media-type',
        `The body cannot be read: ${error.message.slice(0, 100)}.`,
        {
          hint: 'Send it in UTF-8, as it is or with Content-Encoding gzip, deflate or br.',
        },
      );
    case 'request.aborted':
      return new ClientGone();
    case 'request.size.invalid':
      return invalidRequest([{ pointer: '', detail: 'The body is not as long as Content-Length says.' }]);
    default:
      if ('code' in error && String(error.code).startsWith('Z_')) {
        return invalidRequest([
          { pointer: '', detail: 'The body is not compressed as Content-Encoding says.' },
        ]);
      }
      return error;
  }
}
