/** A WebSocket, to upstream or of a client: frames in and out, and one `closed` however it ended. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Endpoint } from '../providers/endpoint.js';

/** The frames of a Realtime server are far smaller. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/** How long the peer may take to answer our close frame. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Every frame is sent as text, bytes too. */
const TEXT = { binary: false };

/** RFC 6455, 7.1.5. */
const NO_CLOSE_FRAME = 1006;

export interface SocketListener {
  /** A string is a text frame, bytes are a binary frame. */
  frame(frame: string | Uint8Array): void;
  pong(): void;
  /** Called once; code 1006 for a loss without a close frame, 1005 for a close frame without a code. */
  closed(code: number, reason: string): void;
}

export interface OpeningListener extends Omit<SocketListener, 'frame'> {
  /** The frame's text; some servers send their JSON in binary frames. */
  frame(frame: string): void;
  opened(): void;
  /** Upstream answered the upgrade with an HTTP error; `closed` does not follow. */
  rejected(status: number, retryAfter: string | undefined): void;
}

export interface Socket {
  /** Accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  /** Sends a text frame, given as a string or as its bytes. Dropped once the socket is closed, which `closed` reports. */
  send(frame: string | Buffer, sent?: () => void): void;
  /** Stops reading, so that the peer meets back-pressure. A close of the peer is not noticed until `resume`. */
  pause(): void;
  resume(): void;
  ping(): void;
  close(code: number, reason?: string): void;
  /** Cuts the socket without a close frame. */
  destroy(): void;
}

/** Connects to upstream; the only place above the offline server that does. */
export function openSocket(endpoint: Endpoint, listener: OpeningListener): Socket {
  // A variable, because the published types do not know `closeTimeout` yet.
  const options = {
    headers: endpoint.headers,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    followRedirects: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const socket = new WebSocket(endpoint.url, options);
  let isRejected = false;
  let batch: Batch | undefined;
  socket.on('upgrade', (response) => {
    batch = new Batch(response.socket);
  });
  socket.on('open', () => {
    listener.opened();
  });
  socket.on('unexpected-response', (request, response) => {
    const { statusCode = 0 } = response;
    const retryAfter = response.headers['retry-after'];
    request.destroy();
    isRejected = true;
    listener.rejected(statusCode, retryAfter);
  });
  const own: SocketListener = {
    frame: (frame) => {
      listener.frame(typeof frame === 'string' ? frame : Buffer.from(frame).toString('utf8'));
    },
    pong: () => {
      listener.pong();
    },
    closed: (code, reason) => {
      if (!isRejected) listener.closed(code, reason);
    },
  };
  return wrapSocket(socket, own, () => batch?.begin());
}

/** Corks the stream for one turn of the event loop, so that the frames of many requests cost one system call. */
class Batch {
  readonly #stream: Duplex;
  #isOpen = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#stream.cork();
    setImmediate(() => {
      this.#isOpen = false;
      this.#stream.uncork();
    });
  }
}

/**
 * Wraps a socket of either side, open or connecting.
 * @param beforeSend called before each frame that is sent.
 */
export function wrapSocket(
  socket: WebSocket,
  listener: SocketListener,
  beforeSend: () => void = () => undefined,
): Socket {
  let failure = '';
  socket.on('message', (data, isBinary) => {
    const bytes = asBuffer(data);
    listener.frame(isBinary ? bytes : bytes.toString('utf8'));
  });
  socket.on('pong', () => {
    listener.pong();
  });
  socket.on('error', (error) => {
    // `close` follows every error and reports it as the reason.
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    listener.closed(code, code === NO_CLOSE_FRAME ? failure : reason.toString('utf8'));
  });

  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame, sent) {
      if (socket.readyState !== WebSocket.OPEN) return;
      beforeSend();
      socket.send(frame, TEXT, sent);
    },
    // ws would throw on a socket that was closed before it was open.
    pause() {
      if (socket.readyState === WebSocket.OPEN) socket.pause();
    },
    resume() {
      if (socket.isPaused) socket.resume();
    },
    ping() {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close(code, reason) {
      socket.close(code, reason);
    },
    destroy() {
      socket.terminate();
    },
  };
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
