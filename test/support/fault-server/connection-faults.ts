/** Faults of a whole connection: `script.connections.next(rejectUpgrade(429))`. */
import type { ClientEvent, Fault, ServerEvent } from '../../../src/wire/index.js';
import type { PeerClose, HandshakeRefusal, Peer } from '../../../src/offline/server/hooks.js';

/** Each method intercepts one step; calling the function it receives lets that step happen. */
export interface ConnectionFault {
  readonly refusal?: HandshakeRefusal;
  /** `start` sends `session.created`. */
  opened?(peer: Peer, start: () => void): void;
  received?(peer: Peer, event: ClientEvent | undefined, serve: () => void): void;
  sending?(peer: Peer, event: ServerEvent, send: (event: ServerEvent) => void): void;
}

/** How a socket ends: terminated, or with a close frame. */
export type DropMode = 'cut' | PeerClose;

/** Answers the upgrade with a status: 401, 403, 404, 503…; 429 with `retryAfterS`. */
export function rejectUpgrade(
  status: number,
  options: { retryAfterS?: number; body?: string } = {},
): ConnectionFault {
  const { retryAfterS, body = '' } = options;
  const headers = retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) };
  return { refusal: { status, headers, body } };
}

/** Accepts the upgrade and never sends anything. */
export function silent(): ConnectionFault {
  return { opened: () => undefined, received: () => undefined };
}

/** Sends `session.created` late. */
export function slowOpening(delayMs: number): ConnectionFault {
  return {
    opened(peer, start) {
      peer.after(delayMs, start);
    },
  };
}

/** Accepts the upgrade, then sends an `error` and closes, as the real server does with bad credentials. */
export function rejectOpening(code: string, closeCode: number): ConnectionFault {
  return {
    opened(peer) {
      peer.send(connectionError(code, `The server says ${code}.`));
      peer.close({ code: closeCode, reason: `invalid_request_error.${code}` });
    },
  };
}

export const invalidApiKey = (): ConnectionFault => rejectOpening('invalid_api_key', 3000);
export const modelNotFound = (): ConnectionFault => rejectOpening('model_not_found', 4004);
export const betaShapeDisabled = (): ConnectionFault => rejectOpening('beta_api_shape_disabled', 4000);

/** Accepts the upgrade and drops the socket before `session.created`. */
export function dropAtOpening(how: DropMode = 'cut'): ConnectionFault {
  return {
    opened(peer) {
      endConnection(peer, how);
    },
  };
}

/** Drops the socket `delayMs` after it opened, whatever is running. */
export function dropAfter(delayMs: number, how: DropMode = 'cut'): ConnectionFault {
  return {
    opened(peer, start) {
      start();
      peer.after(delayMs, () => {
        endConnection(peer, how);
      });
    },
  };
}

/** Rejects every `session.update` with an `error`. */
export function refuseConfiguration(code = 'invalid_value'): ConnectionFault {
  return {
    received(peer, event, serve) {
      if (event?.type !== 'session.configure') {
        serve();
        return;
      }
      peer.send(connectionError(code, `The server says ${code}.`, event.eventId));
    },
  };
}

/** Never answers a `session.update`. */
export function ignoreConfiguration(): ConnectionFault {
  return {
    received(_peer, event, serve) {
      if (event?.type !== 'session.configure') serve();
    },
  };
}

/** Sends its JSON in binary frames. */
export function binaryFrames(): ConnectionFault {
  return {
    sending(peer, event) {
      peer.send(event, 'binary');
    },
  };
}

/** Answers a `session.update` late. */
export function slowConfiguration(delayMs: number): ConnectionFault {
  return {
    received(peer, event, serve) {
      if (event?.type === 'session.configure') peer.after(delayMs, serve);
      else serve();
    },
  };
}

/**
 * Half-open: `afterMs` after it was configured the socket neither reads nor writes; even pings and close frames are not
 * answered. The server cannot see the client leave then, so the socket no longer counts as open.
 */
export function halfOpen(afterMs = 0): ConnectionFault {
  return {
    sending(peer, event, send) {
      send(event);
      if (event.type !== 'session.updated') return;
      peer.after(afterMs, () => {
        peer.goSilent();
      });
    },
  };
}

/** Expires the session `afterMs` after it opened, announced in `expires_at` or unannounced. */
export function expire(afterMs: number, options: { announced?: boolean } = {}): ConnectionFault {
  return {
    opened(peer, start) {
      start();
      peer.after(afterMs, () => {
        const message = 'Your session hit the maximum duration of 60 minutes.';
        peer.send(connectionError('session_expired', message));
        peer.close({ code: 1001, reason: message });
      });
    },
    sending(peer, event, send) {
      const shown = event.type === 'session.created' || event.type === 'session.updated';
      if (!shown || options.announced !== true) {
        send(event);
        return;
      }
      const expiresAt = Math.floor((peer.openedAt + afterMs) / 1000);
      send({ ...event, session: { ...event.session, expiresAt } });
    },
  };
}

/** Ends a socket. */
export function endConnection(peer: Peer, how: DropMode): void {
  if (how === 'cut') peer.terminate();
  else peer.close(how);
}

/** An `error` event; without `causedBy` it names no client event. */
export function connectionError(code: string, message: string, causedBy?: string): Fault {
  const named = causedBy === undefined ? {} : { causedBy };
  return { type: 'fault', kind: 'invalid_request_error', code, message, ...named };
}
