/** Responses: headers that are written in one go, JSON bodies, and conditional requests. */
import {
  ServerResponse,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * Collects headers in a list and hands it to `writeHead` as it is: node's own table of headers cost 15 µs of a request.
 * The first call that looks at a header moves the list into that table, and everything after it is node's.
 */
export class HttpResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  /** Names and values in turn; undefined once the headers are in node's table, or written. */
  #list: string[] | undefined = [];

  override setHeader(name: string, value: number | string | readonly string[]): this {
    const list = this.#list;
    if (list === undefined || typeof value === 'object') {
      this.#moveToTable();
      return super.setHeader(name, value);
    }
    const index = indexOf(list, name);
    if (index < 0) {
      list.push(name, String(value));
    } else {
      list[index] = name;
      list[index + 1] = String(value);
    }
    return this;
  }

  override getHeader(name: string): number | string | string[] | undefined {
    this.#moveToTable();
    return super.getHeader(name);
  }

  override hasHeader(name: string): boolean {
    this.#moveToTable();
    return super.hasHeader(name);
  }

  override getHeaderNames(): string[] {
    this.#moveToTable();
    return super.getHeaderNames();
  }

  override getHeaders(): OutgoingHttpHeaders {
    this.#moveToTable();
    return super.getHeaders();
  }

  override appendHeader(name: string, value: string | readonly string[]): this {
    this.#moveToTable();
    return super.appendHeader(name, value);
  }

  override removeHeader(name: string): void {
    this.#moveToTable();
    super.removeHeader(name);
  }

  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    if (reason === undefined && this.#list !== undefined) {
      const list = this.#list;
      this.#list = undefined;
      return super.writeHead(status, list);
    }
    this.#moveToTable();
    if (typeof reason === 'string') return super.writeHead(status, reason, headers);
    return super.writeHead(status, reason ?? headers);
  }

  #moveToTable(): void {
    const list = this.#list;
    if (list === undefined) return;
    this.#list = undefined;
    for (let at = 0; at < list.length; at += 2) super.setHeader(list[at] ?? '', list[at + 1] ?? '');
  }
}

/** Header names are compared without regard to case; their lengths first, which rules out nearly all. */
function indexOf(list: readonly string[], name: string): number {
  for (let at = 0; at < list.length; at += 2) {
    const other = list[at] ?? '';
    if (other === name) return at;
    if (other.length === name.length && other.toLowerCase() === name.toLowerCase()) return at;
  }
  return -1;
}

export function sendJson(res: ServerResponse, body: object, status = 200): void {
  const json = JSON.stringify(body);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(json));
  res.end(json);
}

/**
 * Sets `Cache-Control` and `ETag`, and answers 304 if the client has this version already (RFC 9110, 13.1.2).
 *
 * @param etag strong
 * @returns whether it has answered
 */
export function sendNotModified(
  req: IncomingMessage,
  res: ServerResponse,
  etag: string,
  cacheControl: string,
): boolean {
  res.setHeader('Cache-Control', cacheControl);
  res.setHeader('ETag', etag);
  if (!isFresh(req, etag)) return false;
  res.statusCode = 304;
  res.end();
  return true;
}

/** A reload (`Cache-Control: no-cache`) is sent the whole, whatever it holds. */
function isFresh({ headers }: IncomingMessage, etag: string): boolean {
  const held = headers['if-none-match'];
  if (held === undefined || /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(headers['cache-control'] ?? ''))
    return false;
  return held === '*' || held.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
}
