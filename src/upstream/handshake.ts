/** Connects and configures a session: a socket is ready when its configuration is acknowledged, not when it is open. */
import type { Logger } from 'pino';
import type { GatewayError } from '../errors.js';
import type { Fault, ServerEvent, SessionSettings, SessionView } from '../wire/index.js';
import { withoutCredentials, type Endpoint } from '../providers/endpoint.js';
import { socketLost, handshakeRejected, upgradeRejected, stalledHandshake } from './errors.js';
import { openSocket, type Socket } from '../ws/socket.js';

export interface SessionListener {
  /** The session as upstream acknowledged it. */
  ready(session: SessionView): void;
  /** The text of a frame that arrived after `ready`. */
  frame(frame: string): void;
  pong(): void;
  /** Once: before `ready`, why there is no session; after it, how the socket was lost, with `close` if upstream sent one. */
  failed(error: GatewayError, close?: { code: number; reason: string }): void;
  /** The last call: the socket has left the network. */
  gone(): void;
}

const CONFIGURATION_ID = 'configuration';
/** What each step waits for, as it is logged. */
const AWAITED = { connect: 'open socket', session: 'session.created', configuration: 'session.updated' };

/** Fails after `timeoutMs`. Closing or destroying the returned socket cancels the handshake. */
export function openSession(
  endpoint: Endpoint,
  settings: SessionSettings,
  timeoutMs: number,
  listener: SessionListener,
  logger: Logger,
): Socket {
  const { dialect } = endpoint;
  /** The step under way, or how the handshake ended. */
  let step: 'connect' | 'session' | 'configuration' | 'ready' | 'failed' = 'connect';
  const deadline = setTimeout(() => {
    if (step === 'ready' || step === 'failed') return;
    logger.warn({ awaited: AWAITED[step], timeoutMs }, 'upstream was not ready in time');
    fail(stalledHandshake(step, timeoutMs));
    socket.destroy();
  }, timeoutMs);
  const fail = (error: GatewayError, close?: { code: number; reason: string }): void => {
    if (step === 'failed') return;
    step = 'failed';
    listener.failed(error, close);
  };
  const reject = (fault: Fault): void => {
    // The message is not logged, because it may quote a key or a prompt.
    logger.warn({ code: fault.code, param: fault.param }, 'upstream refused the session');
    fail(handshakeRejected(fault));
    socket.destroy();
  };
  const advance = (event: ServerEvent): void => {
    if (event.type === 'fault') reject(event);
    else if (event.type === 'session.created' && step === 'session') {
      step = 'configuration';
      socket.send(
        dialect.encodeClient({ type: 'session.configure', eventId: CONFIGURATION_ID, session: settings }),
      );
    } else if (event.type === 'session.updated' && step === 'configuration') {
      step = 'ready';
      clearTimeout(deadline);
      listener.ready(event.session);
    }
  };
  const socket = openSocket(endpoint, {
    opened: () => {
      if (step === 'connect') step = 'session';
      logger.debug('upstream socket open');
    },
    frame: (frame) => {
      if (step === 'ready') {
        listener.frame(frame);
        return;
      }
      const decoded = dialect.decodeServer(frame);
      if (decoded.kind === 'event') advance(decoded.event);
      else logger.debug(decoded, 'frame ignored during the handshake');
    },
    pong: () => {
      listener.pong();
    },
    rejected: (status, retryAfter) => {
      clearTimeout(deadline);
      logger.warn({ status }, 'upstream refused the upgrade');
      fail(upgradeRejected(status, retryAfter));
      listener.gone();
    },
    closed: (code, reason) => {
      clearTimeout(deadline);
      if (step !== 'failed') {
        logger.info({ code, reason: withoutCredentials(endpoint, reason) }, 'upstream socket closed');
      }
      fail(socketLost(code, reason), { code, reason });
      listener.gone();
    },
  });
  return socket;
}
