/** Reads a body as text, in the charset of its Content-Type; body-parser decompresses it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { GatewayError, isError } from '../../errors.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import { charsetOf, decodeText, nameOfCharset } from './charset.js';
import { MAX_TEXT_BODY_BYTES, megabytes } from '../limits.js';
import { invalidRequest, tooLarge } from '../problem.js';
import { runMiddleware, type Middleware } from '../middleware/compose.js';
import { clientStatusOf } from '../error-handler.js';

// body-parser needs what node's requests have; only its types require Express's.
const parse = express.raw({ type: () => true, limit: MAX_TEXT_BODY_BYTES }) as Middleware;

/** @throws GatewayError if the body is larger than 1 MB or does not match its headers; ClientDisconnected */
export async function readTextBody(req: IncomingMessage, res: ServerResponse): Promise<string> {
  const bytes = contentEncodingOf(req) === undefined ? await readPlain(req) : await readCompressed(req, res);
  const charset = charsetOf(req.headers['content-type'] ?? '');
  const decoded = decodeText(bytes, charset);
  if ('text' in decoded) return decoded.text;
  if (decoded.fault === 'bytes') {
    const detail = `The body is not valid ${nameOfCharset(charset)}; name its charset in Content-Type, or send it in UTF-8.`;
    throw invalidRequest([{ pointer: '', detail }]);
  }
  throw new GatewayError(
    'unsupported-media-type',
    `The body is in the charset ${nameOfCharset(charset)}, which cannot be read here.`,
    { hint: 'Send it in UTF-8.' },
  );
}

/** How the body is compressed; undefined if it is not. */
export function contentEncodingOf({ headers }: IncomingMessage): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return encoding === '' || encoding === 'identity' ? undefined : encoding;
}

async function readCompressed(req: IncomingMessage, res: ServerResponse): Promise<Buffer> {
  try {
    await runMiddleware(parse, req, res);
  } catch (error) {
    throw toBodyError(error);
  }
  const body: unknown = 'body' in req ? req.body : undefined;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

export function bodyTooLarge(limit: number): GatewayError {
  return tooLarge([
    { pointer: '', detail: `The body is larger than ${megabytes(limit)}, the most that is accepted.` },
  ]);
}

function readPlain(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (error?: Error): void => {
      req.off('data', onData).off('end', settle).off('close', onClose);
      if (error === undefined) resolve(concat(chunks));
      else reject(error);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= MAX_TEXT_BODY_BYTES) return;
      // The error handler reads and drops the rest.
      req.pause();
      settle(bodyTooLarge(MAX_TEXT_BODY_BYTES));
    };
    const onClose = (): void => {
      settle(new ClientDisconnected());
    };
    // An aborted request always emits `close`; it emits `error` only if there is a listener.
    req.on('data', onData).on('end', settle).on('close', onClose);
    if (req.destroyed) onClose();
  });
}

function concat(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

/** body-parser sets `type` on its errors; errors of the decompressors have only a 4xx status. */
function toBodyError(error: unknown): unknown {
  if (!isError(error)) return error;
  const type = 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return bodyTooLarge(MAX_TEXT_BODY_BYTES);
    case 'encoding.unsupported':
      return new GatewayError(
        'unsupported-media-type',
        `The body cannot be read: ${error.message.slice(0, 100)}.`,
        { hint: 'Send it uncompressed, or with Content-Encoding gzip, deflate or br.' },
      );
    case 'request.aborted':
      return new ClientDisconnected();
    case 'request.size.invalid':
      return invalidRequest([{ pointer: '', detail: 'The length of the body differs from Content-Length.' }]);
    default:
      return clientStatusOf(error) === undefined
        ? error
        : invalidRequest([
            { pointer: '', detail: 'The body cannot be decompressed as Content-Encoding says.' },
          ]);
  }
}
