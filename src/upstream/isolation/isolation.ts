/**
 * How one request is kept apart from another on a socket. A level is chosen once, by the provider, and gives each socket
 * a router, which knows what is sent for a request and which events answer it.
 */
import type { IsolationLevel } from '../../providers/isolation-level.js';
import type {
  ClientEvent,
  Decoded,
  Dialect,
  Fault,
  ServerEvent,
  SessionSettings,
  SessionView,
  Usage,
} from '../../wire/index.js';
import type { GatewayError } from '../../errors.js';
import type { PendingResponse } from '../pending-response.js';
import type { RateLimits } from '../rate-limits.js';

/** What a router asks of its socket. */
export interface RouterActions {
  send(event: ClientEvent): void;
  /** A response that was requested here ended. */
  onUsage(usage: Usage): void;
  /** A request has ended and left nothing behind, or its slot is given up. */
  onSlotFree(): void;
  /** The request did not get its answer through no fault of its own, and may be sent again on any socket. */
  onLost(pending: PendingResponse, error: GatewayError): void;
  /** The socket is not to be trusted with new requests. Its slot is free. */
  onUnusable(reason: string): void;
  /** An error that belongs to none of the requests. */
  onUnmatchedError(fault: Fault): void;
  /** Upstream violates the protocol, which the operator should read in the log. */
  warn(message: string, fault?: Fault): void;
}

export interface RouterSetup {
  readonly dialect: Dialect;
  readonly limits: RateLimits;
  readonly actions: RouterActions;
  /** How long upstream may take to end a cancelled response. */
  readonly cancelGraceMs: number;
  readonly maxPromptItems: number;
  /** The session as it was asked for, and as upstream acknowledged it; read once the socket is ready. */
  readonly settings: () => SessionSettings;
  readonly session: () => SessionView;
}

/** The requests of one socket. */
export interface RequestRouter {
  /** Slots taken, those of cancelled requests included until upstream is done with them. */
  readonly size: number;
  /** The voice that the socket is locked to; the empty string is the provider's default. */
  readonly voice: string | undefined;
  hasPrompt(prompt: string): boolean;
  /** Sends a request, and calls its `beginAttempt` with the given runner. */
  run(pending: PendingResponse): void;
  /** The request has settled: its response is cancelled upstream unless it has ended. */
  abandon(pending: PendingResponse): void;
  decode(frame: string): Decoded<ServerEvent>;
  route(event: ServerEvent): void;
  /** Removes all requests, and returns those that have not settled. */
  clear(): PendingResponse[];
}

/** A level of isolation. */
export interface Isolation {
  readonly level: IsolationLevel;
  /** A socket is closed after its first request. */
  readonly servesOnce: boolean;
  /**
   * How long `session.updated` may follow an error of the handshake: servers refuse single fields of the settings with
   * an error each, and apply the rest. 0: an error ends the handshake.
   */
  readonly faultGraceMs: number;
  /** Requests at a time on one socket. */
  capacity(maxPerSocket: number): number;
  /** Whether a recording can be sent. */
  hearsRecordings(dialect: Dialect): boolean;
  /** The settings in the form that servers of this level take. */
  settings(asked: SessionSettings, dialect: Dialect): SessionSettings;
  /** Another form, for a server that refuses the first; undefined where there is none. */
  fallback?(asked: SessionSettings, dialect: Dialect): SessionSettings | undefined;
  /** The same for a conversation, whose recordings a client sends at 24 kHz. */
  conversationSettings(asked: SessionSettings, dialect: Dialect): SessionSettings;
  createRouter(setup: RouterSetup): RequestRouter;
}
