/** The offline Realtime server: the published WebSocket protocol on loopback, with a Responder behind it. */
import { once } from 'node:events';
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { PUBLISHED_VOICES } from '../../providers/openai.js';
import { dialects, type DialectName } from '../../wire/index.js';
import type { Handshake, HandshakeRefusal, ServerHooks } from './hooks.js';
import type { Responder } from './responder.js';
import { publishedKind, type SessionLimit } from './server-kind.js';
import { SocketPeer, type PeerSetup } from './socket-peer.js';

export interface OfflineServerOptions {
  dialect: DialectName;
  /** Another server than OpenAI's, with a dialect of its own. */
  kind?: PeerSetup['kind'];
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Owned by the caller: `close` does not close it. */
  responder: Responder;
  hooks?: ServerHooks;
  /** Maximum duration of a session; default 60 minutes. */
  sessionMs?: number;
  /** Time between pings; a client that misses one is disconnected at the next. Default 20 s. */
  pingMs?: number;
  logger?: Logger;
}

export interface OfflineServer {
  /** `ws://HOST:PORT/v1/realtime` */
  readonly url: string;
  readonly port: number;
  /** Open sockets. */
  readonly connections: number;
  /** Closes every socket with 1001, then the server. */
  close(): Promise<void>;
  /** Terminates every connection, then closes the server. */
  destroy(): Promise<void>;
}

/** OpenAI's path, and Azure's three. */
const PATHS = new Set(['/v1/realtime', '/openai/v1/realtime', '/openai/realtime', '/voice-live/realtime']);
const CLOSE_GRACE_MS = 1_000;

export async function startOfflineServer(options: OfflineServerOptions): Promise<OfflineServer> {
  const { voices, parts } = await options.responder.capabilities();
  const setup: PeerSetup = {
    kind: options.kind ?? publishedKind(dialects[options.dialect]),
    responder: options.responder,
    // A client that is configured for the real server works unchanged. A synthesizer behind HTTP may have any voice.
    voices: parts?.tts.kind === 'http' ? 'any' : new Set([...PUBLISHED_VOICES, ...voices]),
    hooks: options.hooks,
    sessionMs: options.sessionMs ?? 3_600_000,
    pingMs: options.pingMs ?? 20_000,
    logger: options.logger,
  };
  const http = createServer((request, response) => {
    const { status, body = '' } = isRealtime(request) ? errorBody(426, 'Upgrade to a WebSocket.') : NOT_FOUND;
    response.writeHead(status, JSON_HEADERS).end(body);
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: setup.kind.maxFrameBytes,
    // Browsers also send their key as a subprotocol; only the protocol's own name may be selected.
    handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
  });
  acceptUpgrades(http, sockets, setup);

  const host = options.host ?? '127.0.0.1';
  const port = await listen(http, options.port ?? 0, host);
  let closing: Promise<void> | undefined;
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}/v1/realtime`,
    port,
    get connections() {
      return sockets.clients.size;
    },
    async close() {
      for (const socket of sockets.clients) socket.close(1001, 'The server is shutting down.');
      const cut = setTimeout(() => {
        terminateAll(sockets);
      }, CLOSE_GRACE_MS);
      await (closing ??= closeServers(http, sockets));
      clearTimeout(cut);
    },
    async destroy() {
      terminateAll(sockets);
      await (closing ??= closeServers(http, sockets));
    },
  };
}

function acceptUpgrades(http: Server, sockets: WebSocketServer, setup: PeerSetup): void {
  let count = 0;
  let sessions = 0;
  const { sessionLimit } = setup.kind;
  http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const handshake: Handshake = { number: ++count, url: request.url ?? '/', headers: request.headers };
    const rejection = isRealtime(request) ? setup.hooks?.handshake(handshake) : NOT_FOUND;
    if (rejection) {
      writeRejection(stream, rejection);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket: WebSocket) => {
      if (sessionLimit !== undefined && sessions >= sessionLimit.sessions) {
        refuseSession(socket, sessionLimit);
        return;
      }
      sessions += 1;
      // What a session leaves behind drains before the next may begin.
      socket.once('close', () => setTimeout(() => (sessions -= 1), sessionLimit?.releaseMs ?? 0).unref());
      new SocketPeer(socket, stream, handshake, setup).open();
    });
  });
}

function refuseSession(socket: WebSocket, { refusal, close }: SessionLimit): void {
  socket.on('error', () => undefined);
  socket.send(refusal);
  socket.close(close.code, close.reason);
}

const JSON_HEADERS = { 'Content-Type': 'application/json' } as const;
const NOT_FOUND = errorBody(404, 'Not found. The Realtime protocol is at /v1/realtime.');

function isRealtime(request: IncomingMessage): boolean {
  const [path = ''] = (request.url ?? '').split('?');
  return PATHS.has(path);
}

function errorBody(status: number, message: string): HandshakeRefusal {
  return { status, body: JSON.stringify({ error: { type: 'invalid_request_error', message } }) };
}

function writeRejection(stream: Duplex, { status, headers = {}, body = '' }: HandshakeRefusal): void {
  const all = {
    ...JSON_HEADERS,
    ...headers,
    Connection: 'close',
    'Content-Length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  stream.once('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n'));
}

function listen(http: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve((http.address() as AddressInfo).port);
    });
  });
}

function terminateAll(sockets: WebSocketServer): void {
  for (const socket of sockets.clients) socket.terminate();
}

/** Resolves when the listener and every socket are closed. */
async function closeServers(http: Server, sockets: WebSocketServer): Promise<void> {
  const gone = [once(http, 'close'), once(sockets, 'close')];
  http.close();
  sockets.close();
  http.closeIdleConnections();
  await Promise.all(gone);
}
