/** Sends the frames of one socket: one write for all frames of a tick, and backpressure for a slow reader. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** Responses pause above the high-water mark of unsent bytes, and resume below the low one. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** Above this many unsent bytes the client's frames are not read either, since each of them causes a reply. */
const OVERLOAD_BYTES = 16 * 1024 * 1024;

export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #onDrained: () => void;
  #corked = false;
  #drained: { promise: Promise<void>; settle: () => void } | undefined;

  /** @param stream the stream under the socket. @param onDrained called after each write that leaves little unsent. */
  constructor(socket: WebSocket, stream: Duplex, onDrained: () => void) {
    this.#socket = socket;
    this.#stream = stream;
    this.#onDrained = onDrained;
  }

  /** Whether the client must read before more of its frames are processed. */
  get overloaded(): boolean {
    return this.#socket.bufferedAmount > OVERLOAD_BYTES;
  }

  /** Sends bytes as a binary frame. No effect once the socket is closing. */
  send(frame: string | Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#corkUntilNextTick();
    this.#socket.send(frame, this.#onWritten);
  }

  /** Undefined while the client keeps up; else resolves when it has caught up or its socket has closed. */
  drained(): Promise<void> | undefined {
    const full = this.#socket.bufferedAmount > HIGH_WATER_BYTES;
    if (!full || this.#socket.readyState !== WebSocket.OPEN) return undefined;
    this.#drained ??= deferred();
    return this.#drained.promise;
  }

  /** Resolves `drained` because the socket has closed. */
  release(): void {
    this.#drained?.settle();
    this.#drained = undefined;
  }

  /** One write per frame would be half the work of a short answer. */
  #corkUntilNextTick(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }

  readonly #onWritten = (): void => {
    if (this.#socket.bufferedAmount > LOW_WATER_BYTES) return;
    this.release();
    this.#onDrained();
  };
}

function deferred(): { promise: Promise<void>; settle: () => void } {
  let settle = (): void => undefined;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return { promise, settle };
}
