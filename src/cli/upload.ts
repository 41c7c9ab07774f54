/**
 * A `fetch` that sends forms through node:http, streaming their files. Node's own fetch keeps the whole body in memory for a
 * redirect, a film of 2 GB too.
 */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** For requests of TranslationClient: the address is a text, and the headers are an object. */
export const uploadFetch: typeof fetch = async (input, init = {}) => {
  const { body, method = 'GET', headers, signal } = init;
  if (!(body instanceof FormData) || typeof input !== 'string') return fetch(input, init);
  const form = encodeForm(body);
  const send = input.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(input, {
    method,
    headers: {
      ...Object.fromEntries(new Headers(headers)),
      'Content-Type': form.contentType,
      'Content-Length': form.length,
    },
    ...(signal && { signal }),
  });
  const upload = new AbortController();
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  // An error of the upload ends the request with the same error, unless the response has arrived: then that counts.
  const sent = pipeline(form.parts, request, { signal: upload.signal }).catch(() => undefined);
  try {
    const [response] = await answered;
    const { statusCode = 0, rawHeaders } = response;
    const answer = await buffer(response);
    return new Response(answer.length === 0 ? null : answer, {
      status: statusCode,
      headers: pairs(rawHeaders),
    });
  } finally {
    upload.abort();
    await sent;
  }
};

interface EncodedForm {
  readonly contentType: string;
  /** Bytes. */
  readonly length: number;
  readonly parts: AsyncIterable<Uint8Array>;
}

/** As the HTML standard encodes `multipart/form-data`. */
function encodeForm(form: FormData): EncodedForm {
  const boundary = randomUUID();
  const parts = [...form].flatMap(([name, value]): (Buffer | Blob)[] => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`;
    if (typeof value === 'string') return [Buffer.from(`${head}\r\n\r\n${value}\r\n`)];
    const type = value.type === '' ? 'application/octet-stream' : value.type;
    const fileHead = `${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
    return [Buffer.from(fileHead), value, Buffer.from('\r\n')];
  });
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: parts.reduce((sum, part) => sum + (part instanceof Blob ? part.size : part.byteLength), 0),
    parts: bytesOf(parts),
  };
}

async function* bytesOf(parts: readonly (Buffer | Blob)[]): AsyncGenerator<Uint8Array, void, void> {
  for (const part of parts) {
    if (part instanceof Blob) yield* part.stream() as unknown as AsyncIterable<Uint8Array>;
    else yield part;
  }
}

function quoted(name: string): string {
  return name.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  return Array.from({ length: rawHeaders.length / 2 }, (_, at) => [
    rawHeaders[2 * at] ?? '',
    rawHeaders[2 * at + 1] ?? '',
  ]);
}
