/** A WebSocket to upstream; the only place above the offline server that opens one. */
import { WebSocket } from 'ws';
import type { Endpoint } from './endpoint.js';

/** A frame upstream sends is far smaller; what is larger is no Realtime server. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/** How long the peer may take to answer our close frame. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface SocketListener {
  opened(): void;
  frame(text: string): void;
  pong(): void;
  /** An HTTP answer instead of the upgrade; `closed` does not follow. */
  refused(status: number, retryAfter: string | undefined): void;
  /** Once, however it ended; code 1006 where there was no close frame. */
  closed(code: number, reason: string): void;
}

export interface Socket {
  readonly bufferedBytes: number;
  /** Frames sent after the end are dropped: whoever waits for an answer has been told by `closed`. */
  send(frame: string, sent?: () => void): void;
  /** Stops reading, so that upstream meets back-pressure. Its close is not noticed until `resume`. */
  pause(): void;
  resume(): void;
  ping(): void;
  close(code: number, reason?: string): void;
  /** Ends it without a farewell. */
  terminate(): void;
}

export function openSocket(endpoint: Endpoint, listener: SocketListener): Socket {
  // A variable, because the published types do not know `closeTimeout` yet.
  const options = {
    headers: endpoint.headers,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    followRedirects: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const socket = new WebSocket(endpoint.url, options);
  let failure = '';
  let ended = false;
  const end = (tell: () => void): void => {
    if (ended) return;
    ended = true;
    tell();
  };

  socket.on('open', () => {
    listener.opened();
  });
  socket.on('message', (data, isBinary) => {
    // The protocol is JSON in text frames; a binary one cannot be anything that we understand.
    listener.frame(isBinary ? '' : asBuffer(data).toString('utf8'));
  });
  socket.on('pong', () => {
    listener.pong();
  });
  socket.on('unexpected-response', (request, response) => {
    const { statusCode = 0 } = response;
    const retryAfter = response.headers['retry-after'];
    request.destroy();
    end(() => {
      listener.refused(statusCode, retryAfter);
    });
  });
  socket.on('error', (error) => {
    // `close` follows every error; the reason is kept for it.
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    end(() => {
      listener.closed(code, reason.length > 0 ? reason.toString('utf8') : failure);
    });
  });

  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame, sent) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame, sent);
    },
    pause() {
      socket.pause();
    },
    resume() {
      socket.resume();
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
