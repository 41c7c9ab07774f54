/** Hooks between the server and its sockets, with which a test script injects faults. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ClientEvent, ServerEvent } from '../../wire/index.js';

/** A WebSocket close: code and reason, as the client will see them. */
export interface PeerClose {
  readonly code: number;
  readonly reason: string;
}

/** The upgrade request of one client; `number` counts all requests from 1, rejected ones included. */
export interface Handshake {
  readonly number: number;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP response instead of 101. */
export interface HandshakeRefusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One open socket, as a script may control it. Nothing called here passes the hooks again. */
export interface Peer {
  readonly handshake: Handshake;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  send(event: ServerEvent, as?: 'text' | 'binary'): void;
  /** Sends a string as a text frame and bytes as a binary frame, unchecked. */
  sendRaw(frame: string | Buffer): void;
  close(close: PeerClose): void;
  /** Cuts the connection without a close frame. */
  terminate(): void;
  /** Stops reading, pings and close frames included, and sending: a half-open connection. */
  goSilent(): void;
  readonly silent: boolean;
  /** Calls `action` after the delay, unless the socket has closed by then. */
  after(delayMs: number, action: () => void): void;
}

/** Each hook runs before one action, which happens when the hook calls the function it receives. */
export interface ServerHooks {
  handshake(handshake: Handshake): HandshakeRefusal | undefined;
  /** `start` sends `session.created`. */
  opened(peer: Peer, start: () => void): void;
  /** `event` is undefined for a frame that the server will reject; `serve` executes or rejects it. */
  received(peer: Peer, frame: string, event: ClientEvent | undefined, serve: () => void): void;
  /** `send` accepts a different event in place of `event`. */
  sending(peer: Peer, event: ServerEvent, send: (event: ServerEvent) => void): void;
  /** The peer has gone silent. */
  silenced(peer: Peer): void;
  closed(peer: Peer, close: PeerClose): void;
}
