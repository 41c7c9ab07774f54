/** Requests for a WebSocket pass the pipeline like any other: keys, limits, draining and problems are the same for them. */
import { ServerResponse, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Upgrade } from '../relay/relay.js';

/** Headers of every response that 101 has too. */
const COPIED_HEADERS = ['X-Request-Id', 'X-Content-Type-Options', 'RateLimit', 'RateLimit-Policy'];
/** How long a refused connection has to read why. */
const LINGER_MS = 1_000;

/** Requests for an upgrade, while they pass the pipeline. */
export class Upgrades {
  readonly #pending = new WeakMap<IncomingMessage, Upgrade>();

  /** Runs them through `app`; a response that it writes is the last on its connection. */
  attach(server: Server, app: RequestListener): void {
    server.on('upgrade', (request: IncomingMessage, _stream, head) => {
      const { socket } = request;
      const response = new ServerResponse(request);
      try {
        response.assignSocket(socket);
      } catch {
        // The request before this one is not answered yet; WebSocket clients wait for that.
        socket.destroy();
        return;
      }
      if (!asksForWebSocket(request)) {
        response.detachSocket(socket);
        serveWithoutUpgrade(server, request, socket, head);
        return;
      }
      socket.on('error', () => socket.destroy());
      response.shouldKeepAlive = false;
      response.once('finish', () => {
        endWithin(socket, LINGER_MS);
      });
      this.#pending.set(request, {
        request,
        socket,
        head,
        responseHeaders: () => headerLines(response),
        onUpgraded: () => {
          response.detachSocket(socket);
        },
      });
      app(request, response);
    });
  }

  /** The upgrade that a request asks for; undefined where it asks for none. */
  of(request: IncomingMessage): Upgrade | undefined {
    return this.#pending.get(request);
  }
}

function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/**
 * Some clients ask for HTTP/2 with their first request (`Upgrade: h2c`; Java's does by default). A server may ignore that
 * (RFC 9110, 7.8), but node has taken the connection out of HTTP by now: it gets the request again, without `Upgrade`.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  rawHeaders.forEach((name, at) => {
    const isName = at % 2 === 0;
    if (isName && name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${rawHeaders[at + 1] ?? ''}`);
  });
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function headerLines(response: ServerResponse): string[] {
  return COPIED_HEADERS.flatMap((name) => {
    const value = response.getHeader(name);
    return value === undefined ? [] : `${name}: ${String(value)}`;
  });
}

/** Ends a connection that node no longer manages, and drops what the client still sends. */
function endWithin(socket: Socket, ms: number): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => {
    clearTimeout(timer);
  });
}
