/** A WebSocket, to upstream or of a client: frames in and out, and told once how it ended. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Endpoint } from '../providers/endpoint.js';

/** A frame upstream sends is far smaller; what is larger is no Realtime server. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/** How long the peer may take to answer our close frame. */
const CLOSE_TIMEOUT_MS = 2_000;

/** What is sent is text, in whatever form it is at hand. */
const TEXT = { binary: false };

/** No close frame came (RFC 6455, 7.1.5). */
const LOST = 1006;

export interface SocketListener {
  /** Text; bytes stand for a binary frame. */
  frame(frame: string | Uint8Array): void;
  pong(): void;
  /** Once, however it ended; code 1006 where there was no close frame, 1005 where it had no code. */
  closed(code: number, reason: string): void;
}

export interface OpeningListener extends Omit<SocketListener, 'frame'> {
  /** The frame's text: some servers send their JSON in binary frames. */
  frame(frame: string): void;
  opened(): void;
  /** An HTTP answer instead of the upgrade; `closed` does not follow. */
  refused(status: number, retryAfter: string | undefined): void;
}

export interface Socket {
  /** Accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  /** A frame is text, also where it is given as the bytes of it. Frames sent after the end are dropped: whoever waits for an answer has been told by `closed`. */
  send(frame: string | Buffer, sent?: () => void): void;
  /** Stops reading, so that the peer meets back-pressure. Its close is not noticed until `resume`. */
  pause(): void;
  resume(): void;
  ping(): void;
  close(code: number, reason?: string): void;
  /** Ends it without a farewell. */
  terminate(): void;
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
  let isRefused = false;
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
    isRefused = true;
    listener.refused(statusCode, retryAfter);
  });
  const own: SocketListener = {
    frame: (frame) => {
      listener.frame(typeof frame === 'string' ? frame : Buffer.from(frame).toString('utf8'));
    },
    pong: () => {
      listener.pong();
    },
    closed: (code, reason) => {
      if (!isRefused) listener.closed(code, reason);
    },
  };
  return wrapSocket(socket, own, () => batch?.begin());
}

/** What many requests send in one turn of the event loop leaves in one write: each costs a call of the kernel. */
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
 * Listens to a socket, whoever opened it.
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
    // `close` follows every error; the reason is kept for it.
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    listener.closed(code, code === LOST ? failure : reason.toString('utf8'));
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
    // On a socket that was closed before it was open ws would fail at both.
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
    terminate() {
      socket.terminate();
    },
  };
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
