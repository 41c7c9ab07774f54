/** One client's socket: frames of one dialect in both directions, backpressure, pings, and session expiry. */
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, WebSocket } from 'ws';
import type { Dialect, Fault, ServerEvent } from '../../wire/index.js';
import type { PeerClose, Handshake, ServerHooks, Peer } from './hooks.js';
import { SocketWriter } from './socket-writer.js';
import type { FrameCodec, ServerKind, ServerSession } from './server-kind.js';
import type { Responder } from './responder.js';
import type { EventSink } from './response.js';
import type { VoiceNames } from './settings.js';

export interface PeerSetup {
  readonly kind: ServerKind;
  readonly responder: Responder;
  readonly voices: VoiceNames;
  readonly hooks: ServerHooks | undefined;
  readonly sessionMs: number;
  readonly pingMs: number;
  readonly logger: Logger | undefined;
}

const DEFAULT_MODEL = 'gpt-realtime';

/** Its own events (`send`) bypass the hooks; those of its session pass them. */
export class SocketPeer implements Peer, EventSink {
  readonly handshake: Handshake;
  readonly openedAt = Date.now();
  readonly #socket: WebSocket;
  readonly #writer: SocketWriter;
  readonly #setup: PeerSetup;
  readonly #sink: EventSink;
  readonly #codec: FrameCodec;
  readonly #session: ServerSession;
  readonly #timers = new Set<NodeJS.Timeout>();
  #silent = false;
  /** Frames that arrived while the client was not reading. */
  readonly #inbox: { data: RawData; isBinary: boolean }[] = [];
  #isAlive = true;

  /** @param stream the stream under the socket */
  constructor(socket: WebSocket, stream: Duplex, handshake: Handshake, setup: PeerSetup) {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, stream, () => {
      this.#processInbox();
    });
    this.handshake = handshake;
    this.#setup = setup;
    this.#sink = setup.hooks ? throughHooks(setup.hooks, this) : this;
    const sessionSetup = {
      responder: setup.responder,
      voices: setup.voices,
      model: modelOf(handshake.url),
      // Rounded down: the session never ends before the time it shows.
      expiresAt: Math.floor((this.openedAt + setup.sessionMs) / 1000),
      sink: this.#sink,
      logger: setup.logger?.child({ connection: handshake.number }),
      end: (close: PeerClose) => {
        this.close(close);
      },
    };
    const { codec, session } = setup.kind.connect(sessionSetup);
    this.#codec = codec;
    this.#session = session;
    socket.on('message', (data, isBinary) => {
      this.#inbox.push({ data, isBinary });
      this.#processInbox();
    });
    socket.on('pong', () => (this.#isAlive = true));
    socket.on('close', (code, reason) => {
      this.#onClosed({ code, reason: reason.toString() });
    });
    // `close` follows a broken frame or connection, and handles it.
    socket.on('error', (error) =>
      setup.logger?.debug({ err: error, connection: handshake.number }, 'socket error'),
    );
  }

  /** Starts the session, or rejects a client that asks for the beta protocol on the GA one. */
  open(): void {
    const { hooks, kind, sessionMs, pingMs } = this.#setup;
    if (wantsBeta(this.handshake) && !isBeta(kind.dialect)) {
      this.#rejectBeta();
      return;
    }
    this.after(sessionMs, () => {
      this.expire();
    });
    this.#ping(pingMs);
    const start = (): void => {
      this.#session.open();
    };
    if (hooks) hooks.opened(this, start);
    else start();
  }

  send(event: ServerEvent, as: 'text' | 'binary' = 'text'): void {
    const frame = this.#codec.write(event);
    if (frame !== undefined) this.sendRaw(as === 'binary' ? Buffer.from(frame) : frame);
  }

  sendRaw(frame: string | Buffer): void {
    if (!this.#silent) this.#writer.send(frame);
  }

  drained(): Promise<void> | undefined {
    return this.#writer.drained();
  }

  close(close: PeerClose): void {
    this.#socket.close(close.code, close.reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  goSilent(): void {
    this.#silent = true;
    this.#socket.pause();
    this.#setup.hooks?.silenced(this);
  }

  get silent(): boolean {
    return this.#silent;
  }

  after(delayMs: number, action: () => void): void {
    if (this.#socket.readyState >= WebSocket.CLOSING) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Ends the session at its maximum age: sends an error, then closes. */
  expire(): void {
    const minutes = Math.round(this.#setup.sessionMs / 60_000);
    const message = `Your session hit the maximum duration of ${minutes} minutes.`;
    this.send(fault('session_expired', message));
    this.close({ code: 1001, reason: message });
  }

  /** Processes received frames as long as the client reads the replies. */
  #processInbox(): void {
    while (!this.#writer.overloaded) {
      const next = this.#inbox.shift();
      if (next === undefined) break;
      this.#receive(next.data, next.isBinary);
    }
    if (this.#writer.overloaded) this.#socket.pause();
    else if (this.#socket.isPaused && !this.#silent) this.#socket.resume();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#silent) return;
    const bytes = bytesOf(data);
    const frame = bytes.toString();
    if (isBinary && this.#setup.kind.endsOnBinary) {
      this.close({ code: 1011, reason: '' });
      return;
    }
    const decoded = this.#codec.read(isBinary ? bytes : frame);
    const serve = (): void => {
      if (decoded.kind === 'event') this.#session.handle(decoded.event);
      else this.#sink.send(this.#codec.refusal(decoded));
    };
    const event = decoded.kind === 'event' ? decoded.event : undefined;
    if (this.#setup.hooks) this.#setup.hooks.received(this, frame, event, serve);
    else serve();
  }

  #ping(everyMs: number): void {
    const dueAt = performance.now() + everyMs;
    this.after(everyMs, () => {
      if (this.#silent) return;
      // A process that stood still has not read the pong: it has another interval.
      const isLate = performance.now() - dueAt > everyMs / 2;
      if (!this.#isAlive && !isLate) {
        this.close({ code: 1011, reason: 'keepalive ping timeout' });
        return;
      }
      this.#isAlive = false;
      this.#socket.ping();
      this.#ping(everyMs);
    });
  }

  #rejectBeta(): void {
    const code = 'beta_api_shape_disabled';
    this.send(
      fault(
        code,
        'The Realtime Beta API is no longer supported. Please use /v1/realtime without the OpenAI-Beta header.',
      ),
    );
    this.close({ code: 4000, reason: `invalid_request_error.${code}` });
  }

  #onClosed(close: PeerClose): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#inbox.length = 0;
    this.#session.close();
    this.#writer.release();
    this.#setup.logger?.debug({ connection: this.handshake.number, ...close }, 'socket closed');
    this.#setup.hooks?.closed(this, close);
  }
}

/** A sink whose events pass the hooks. */
function throughHooks(hooks: ServerHooks, peer: SocketPeer): EventSink {
  const send = (event: ServerEvent): void => {
    peer.send(event);
  };
  return {
    send: (event) => {
      hooks.sending(peer, event, send);
    },
    drained: () => peer.drained(),
  };
}

function fault(code: string, message: string): Fault {
  return { type: 'fault', kind: 'invalid_request_error', code, message };
}

function isBeta(dialect: Dialect): boolean {
  return Object.keys(dialect.headers).some((name) => name.toLowerCase() === 'openai-beta');
}

function wantsBeta({ headers }: Handshake): boolean {
  const protocols = headers['sec-websocket-protocol'] ?? '';
  return headers['openai-beta'] !== undefined || protocols.includes('openai-beta.realtime-v1');
}

function modelOf(url: string): string {
  const query = new URL(url, 'ws://localhost').searchParams;
  return query.get('model') ?? query.get('deployment') ?? DEFAULT_MODEL;
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
