/** The seam through which a script gets between the server and its sockets, to make things go wrong on purpose. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ClientEvent, ServerEvent } from '../../wire/index.js';

/** A WebSocket close: code and reason, as the client will see them. */
export interface PeerClose {
  readonly code: number;
  readonly reason: string;
}

/** The upgrade request of one client; `number` counts all that came, 1 first, refused ones too. */
export interface Handshake {
  readonly number: number;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP answer in the place of 101. */
export interface HandshakeRefusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One open socket, as a script may handle it. Everything here goes past the interception. */
export interface Peer {
  readonly handshake: Handshake;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  send(event: ServerEvent, as?: 'text' | 'binary'): void;
  /** Sends the text as a frame, bytes as a binary one, whatever they are. */
  sendRaw(frame: string | Buffer): void;
  close(close: PeerClose): void;
  /** Cuts the connection without a close frame. */
  terminate(): void;
  /** From here on nothing is read, pings and close frames included, and nothing said: half-open. */
  goSilent(): void;
  readonly silent: boolean;
  /** Acts later, unless the socket has closed by then. */
  after(delayMs: number, action: () => void): void;
}

/** Each method stands in the way of one thing; calling the function it is given lets that happen. */
export interface ServerHooks {
  handshake(handshake: Handshake): HandshakeRefusal | undefined;
  /** `start` sends `session.created`. */
  opened(peer: Peer, start: () => void): void;
  /** `event` is undefined for a frame that the server will refuse; `serve` does what it asks, or refuses it. */
  received(peer: Peer, frame: string, event: ClientEvent | undefined, serve: () => void): void;
  /** `send` may be given another event instead. */
  sending(peer: Peer, event: ServerEvent, send: (event: ServerEvent) => void): void;
  /** The peer has gone silent. */
  silenced(peer: Peer): void;
  closed(peer: Peer, close: PeerClose): void;
}
