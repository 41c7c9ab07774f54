/** What tells one Realtime server from another: how it reads and writes frames, and what its sessions do. */
import type { ClientEvent, Decoded, Dialect, Fault, ServerEvent } from '../../wire/index.js';
import type { PeerClose } from './hooks.js';
import { RealtimeSession, type SessionSetup } from './realtime-session.js';

/** The frames of one socket. */
export interface FrameCodec {
  /** @param frame bytes stand for a binary frame */
  read(frame: string | Uint8Array): Decoded<ClientEvent>;
  /** Undefined if the server has no such event. */
  write(event: ServerEvent): string | undefined;
  /** The error for a frame that is not an event. */
  refusal(decoded: NoEvent): Fault;
}

export type NoEvent = Exclude<Decoded<ClientEvent>, { kind: 'event' }>;

/** The server's side of one socket, from its first event to its end. */
export interface ServerSession {
  open(): void;
  /** Executes the event, or sends the `error` event that refuses it. Never throws. */
  handle(event: ClientEvent): void;
  /** Stops everything without sending anything, because the socket has closed. */
  close(): void;
}

/** What a session has of its socket beside its events. */
export interface KindSetup extends SessionSetup {
  /** Ends the socket, as servers do whose session has failed. */
  readonly end: (close: PeerClose) => void;
}

export interface SessionLimit {
  readonly sessions: number;
  /** How long a session that has ended still counts. */
  readonly releaseMs: number;
  /** Sent to a client above the limit, before its socket is closed. */
  readonly refusal: string;
  readonly close: PeerClose;
}

export interface ServerKind {
  readonly dialect: Dialect;
  /** Larger frames end the socket. */
  readonly maxFrameBytes: number;
  /** Absent: any number of sessions at a time. */
  readonly sessionLimit?: SessionLimit;
  /** A binary frame ends the socket. */
  readonly endsOnBinary: boolean;
  connect(setup: KindSetup): { readonly codec: FrameCodec; readonly session: ServerSession };
}

/** An `append` may carry 15 MiB of audio as base64. */
const MAX_FRAME_BYTES = 24 * 1024 * 1024;

/** A server as OpenAI's. */
export function publishedKind(dialect: Dialect): ServerKind {
  return {
    dialect,
    maxFrameBytes: MAX_FRAME_BYTES,
    endsOnBinary: false,
    connect: (setup) => ({ codec: publishedCodec(dialect), session: new RealtimeSession(setup) }),
  };
}

export function publishedCodec(dialect: Dialect): FrameCodec {
  return {
    read: (frame) => dialect.decodeClient(frame),
    write: (event) => dialect.encodeServer(event),
    refusal: publishedRefusal,
  };
}

function publishedRefusal(decoded: NoEvent): Fault {
  const kind = 'invalid_request_error';
  const causedBy = decoded.eventId === undefined ? {} : { causedBy: decoded.eventId };
  if (decoded.kind === 'ignored') {
    const message = `Invalid value: '${decoded.type}'. This server has no such event.`;
    return { type: 'fault', kind, code: 'invalid_value', message, param: 'type', ...causedBy };
  }
  const param = decoded.param === undefined ? {} : { param: decoded.param };
  return { type: 'fault', kind, code: decoded.code, message: decoded.reason, ...param, ...causedBy };
}
