/** The way out of one socket: what is said in one go leaves in one write, and a slow reader is noticed. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** Above this many unread bytes responses wait; below the lower mark they go on. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** Above this many nothing more is read from the client either, for each of its events brings an answer. */
const OVERLOAD_BYTES = 16 * 1024 * 1024;

export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #onDrained: () => void;
  #corked = false;
  #drained: { promise: Promise<void>; settle: () => void } | undefined;

  /** @param stream what the socket writes to. @param onCaughtUp called whenever little is left unread. */
  constructor(socket: WebSocket, stream: Duplex, onCaughtUp: () => void) {
    this.#socket = socket;
    this.#stream = stream;
    this.#onDrained = onCaughtUp;
  }

  /** So much is unread that the client had better read before it says more. */
  get overloaded(): boolean {
    return this.#socket.bufferedAmount > OVERLOAD_BYTES;
  }

  /** Bytes leave in a binary frame. Without effect once the socket is closing. */
  send(frame: string | Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#corkUntilNextTick();
    this.#socket.send(frame, this.#onWritten);
  }

  /** Undefined while the reader keeps up; else settles when it has caught up or gone. */
  drained(): Promise<void> | undefined {
    const full = this.#socket.bufferedAmount > HIGH_WATER_BYTES;
    if (!full || this.#socket.readyState !== WebSocket.OPEN) return undefined;
    this.#drained ??= deferred();
    return this.#drained.promise;
  }

  /** Nobody need wait any more: the socket has closed. */
  release(): void {
    this.#drained?.settle();
    this.#drained = undefined;
  }

  /** A write for each frame would be half of all the work of a short answer. */
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
