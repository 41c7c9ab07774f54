/** One socket as the script saw it: what came in, how many requests were in flight, how it ended. */
import type { ClientEvent } from '../../../src/wire/index.js';
import { endConnection, type ConnectionFault, type DropMode } from './connection-faults.js';
import type { PeerClose, Handshake, Peer } from '../../../src/offline/server/hooks.js';
import type { RequestFault } from './request-faults.js';

export type CreateEvent = Extract<ClientEvent, { type: 'response.create' }>;

/** A request of this socket from its arrival to its end, as the client sees it: one swallowed stays in flight. */
export interface InFlight {
  readonly event: CreateEvent | undefined;
  readonly fault: RequestFault | undefined;
}

export class ScriptSocket {
  readonly handshake: Handshake;
  readonly fault: ConnectionFault | undefined;
  /** Text frames as they came, the oldest first; empty where the script records nothing. */
  readonly frames: string[] = [];
  /** The same frames, as far as the server understood them. */
  readonly events: ClientEvent[] = [];
  readonly #peer: Peer;
  readonly #inFlight = new Set<InFlight>();
  readonly #byResponse = new Map<string, InFlight>();
  #maxInFlight = 0;
  #closed: PeerClose | undefined;

  constructor(peer: Peer, fault: ConnectionFault | undefined) {
    this.#peer = peer;
    this.handshake = peer.handshake;
    this.fault = fault;
  }

  /** Of this socket among all upgrades that were tried, from 1. */
  get number(): number {
    return this.handshake.number;
  }

  /** False from the close on, and for one gone half-open. */
  get open(): boolean {
    return this.#closed === undefined && !this.#peer.silent;
  }

  /** How the socket ended, once it has. */
  get closed(): PeerClose | undefined {
    return this.#closed;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  /** The frames as JSON. @throws SyntaxError where one is none. */
  json(): unknown[] {
    return this.frames.map((frame) => JSON.parse(frame) as unknown);
  }

  /** Drops the socket now. */
  drop(how: DropMode = 'cut'): void {
    endConnection(this.#peer, how);
  }

  /** Goes half-open now. */
  goSilent(): void {
    this.#peer.goSilent();
  }

  begin(request: InFlight): void {
    this.#inFlight.add(request);
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight.size);
  }

  bind(responseId: string, request: InFlight): void {
    this.#byResponse.set(responseId, request);
  }

  request(responseId: string): InFlight | undefined {
    return this.#byResponse.get(responseId);
  }

  finish(responseId: string): void {
    const request = this.#byResponse.get(responseId);
    this.#byResponse.delete(responseId);
    if (request) this.#inFlight.delete(request);
  }

  /** It ended with an `error`. */
  refuse(request: InFlight): void {
    this.#inFlight.delete(request);
  }

  end(close: PeerClose): void {
    this.#closed = close;
    this.#inFlight.clear();
    this.#byResponse.clear();
  }
}
