/** For conversations: a relay alone with configurable times, a bare upstream, and rejected upgrades. */
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import { Relay, type ConversationOptions, type RelayOptions } from '../../src/relay/relay.js';
import type { DialectName } from '../../src/wire/index.js';
import { BareClient } from './offline-client.js';
import { endpointOf, silent } from './pool.js';

/** The address of a path of the service, for WebSockets. */
export function wsUrl(url: string, path: string): string {
  return `${url.replace(/^http/, 'ws')}${path}`;
}

/** Opens a conversation and waits for `session.created`. */
export function converse(url: string, path: string, options: ClientOptions = {}): Promise<BareClient> {
  return BareClient.open(wsUrl(url, path), options);
}

export interface Refused {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The response to an upgrade that is rejected. A header that is undefined is not sent. */
export async function refusal(
  url: string,
  path: string,
  headers: Record<string, string | undefined> = {},
  method = 'GET',
): Promise<Refused> {
  const named: [string, string | undefined][] = Object.entries({ ...HANDSHAKE, ...headers });
  const sent = Object.fromEntries(named.filter(([, value]) => value !== undefined));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = httpRequest(url + path, { method, headers: sent, agent: false }, resolve);
    asking.on('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Error('The upgrade was not refused.'));
    });
    asking.on('error', reject).end();
  });
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: JSON.parse(text) as Record<string, unknown>,
  };
}

/** A raw connection that sends an upgrade request and collects all bytes it receives. */
export class RawUpgrade {
  readonly socket: Socket;
  received = '';

  constructor(url: string, path: string, more: string | Buffer = '', headers: readonly string[] = []) {
    const { port, hostname, host } = new URL(url);
    this.socket = connect({ port: Number(port), host: hostname });
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    this.socket.on('error', () => undefined);
    const lines = Object.entries({ Host: host, ...HANDSHAKE }).map(([name, value]) => `${name}: ${value}`);
    const head = [`GET ${path} HTTP/1.1`, ...lines, ...headers, '', ''].join('\r\n');
    this.socket.write(Buffer.concat([Buffer.from(head), Buffer.from(more)]));
  }
}

/** A client's short text frame, masked with zeros. */
export function clientFrame(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

export interface RelayAlone {
  readonly relay: Relay;
  readonly url: string;
  /** Called for each upgrade request. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

/** A relay behind a server without authentication, for times and logs that the service's configuration does not offer. */
export async function startRelay(
  upstreamUrl: string,
  options: Partial<RelayOptions> = {},
  more: { upstream?: DialectName; wish?: Partial<ConversationOptions>; logger?: Logger } = {},
): Promise<RelayAlone> {
  const relay = new Relay(
    endpointOf(upstreamUrl, more.upstream),
    { max: 1_000, maxPerClient: 1_000, connectTimeoutMs: 2_000, transcriptionModel: 'whisper-1', ...options },
    more.logger ?? silent,
  );
  const wish: ConversationOptions = {
    ...{ kind: 'voice', client: 'test', dialect: 'ga', profile: {}, requestId: 'test', owner: 'test' },
    ...more.wish,
  };
  const accept: RelayAlone['accept'] = (request, socket, head) => {
    relay.accept({ request, socket, head, responseHeaders: () => [], onUpgraded: () => undefined }, wish);
  };
  const server = createServer().on('upgrade', accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    relay,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accept,
    close: async () => {
      await relay.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

export interface BareUpstream {
  readonly url: string;
  /** All accepted sockets, the oldest first. */
  readonly sockets: WebSocket[];
  close(): Promise<void>;
}

const SESSION = { type: 'realtime', object: 'realtime.session', id: 'sess_1' };

/** A GA server that answers `session.update`; everything else is up to the test. */
export async function startBareUpstream(
  received: (socket: WebSocket, type: string) => void = () => undefined,
): Promise<BareUpstream> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const sockets: WebSocket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    const say = (type: string): void => {
      socket.send(JSON.stringify({ type, event_id: 'event_1', session: SESSION }));
    };
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'session.update') say('session.updated');
      received(socket, type);
    });
    say('session.created');
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.terminate();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** A writable view of a raw connection or a WebSocket. */
export function poured(into: Socket | WebSocket): Pourable {
  return into instanceof WebSocket
    ? {
        isOpen: () => into.readyState === WebSocket.OPEN,
        unreadBytes: () => into.bufferedAmount,
        write: (chunk, written) => {
          into.send(chunk, { binary: false }, written);
        },
      }
    : {
        isOpen: () => into.writable,
        unreadBytes: () => into.writableLength,
        write: (chunk, written) => {
          into.write(chunk, written);
        },
      };
}

interface Pourable {
  isOpen(): boolean;
  unreadBytes(): number;
  write(chunk: Buffer, written: () => void): void;
}

const MAX_UNREAD_BYTES = 1024 * 1024;

/** Writes the same chunk over and over, as fast as the peer reads, until `totalBytes` or the end of the connection. */
export class Flood {
  /** Bytes written so far. */
  bytes = 0;
  /** Resolves once all bytes are written and flushed. */
  readonly done: Promise<void>;

  constructor(into: Pourable, chunk: Buffer, totalBytes: number) {
    this.done = new Promise((resolve) => {
      const pour = (): void => {
        while (into.isOpen() && this.bytes < totalBytes && into.unreadBytes() < MAX_UNREAD_BYTES) {
          this.bytes += chunk.length;
          into.write(chunk, written);
        }
      };
      const written = (): void => {
        if (this.bytes < totalBytes) pour();
        else if (into.unreadBytes() === 0) resolve();
      };
      pour();
    });
  }

  /** Resolves to the bytes written once the peer has read nothing for half a second. */
  async stalled(): Promise<number> {
    let seen = this.bytes;
    for (let same = 0; same < 10; same += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (this.bytes !== seen) same = 0;
      seen = this.bytes;
    }
    return seen;
  }
}
