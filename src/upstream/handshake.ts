/** From an address to a configured session: an open socket is not a ready one. */
import type { Logger } from 'pino';
import type { GatewayError } from '../errors.js';
import type { Fault, ServerEvent, SessionSettings, SessionView } from '../wire/index.js';
import { withoutCredentials, type Endpoint } from '../providers/endpoint.js';
import { socketLost, handshakeRejected, upgradeRejected, stalledHandshake } from './errors.js';
import { openSocket, type Socket } from '../ws/socket.js';

export interface SessionListener {
  /** Their session is created, and ours is what they acknowledged. */
  ready(session: SessionView): void;
  /** The text of a frame that came after `ready`. */
  frame(frame: string): void;
  pong(): void;
  /** Once: before `ready`, why there is no session; after it, how the socket was lost. `close` where there was one. */
  failed(error: GatewayError, close?: { code: number; reason: string }): void;
  /** Last of all: nothing of the socket is left. */
  gone(): void;
}

const CONFIGURATION_ID = 'configuration';
/** What each step waits for, as the log says it. */
const AWAITED = { connect: 'open socket', session: 'session.created', configuration: 'session.updated' };

/** Connects and configures; gives up after `timeoutMs`. Ending the socket that is returned ends all of it. */
export function openSession(
  endpoint: Endpoint,
  settings: SessionSettings,
  timeoutMs: number,
  listener: SessionListener,
  logger: Logger,
): Socket {
  const { dialect } = endpoint;
  /** What is waited for, or how it ended. */
  let step: 'connect' | 'session' | 'configuration' | 'ready' | 'failed' = 'connect';
  const deadline = setTimeout(() => {
    if (step === 'ready' || step === 'failed') return;
    logger.warn({ awaited: AWAITED[step], timeoutMs }, 'upstream did not get ready in time');
    fail(stalledHandshake(step, timeoutMs));
    socket.terminate();
  }, timeoutMs);
  const fail = (error: GatewayError, close?: { code: number; reason: string }): void => {
    if (step === 'failed') return;
    step = 'failed';
    listener.failed(error, close);
  };
  const refused = (fault: Fault): void => {
    // Its message may quote what it refuses: a key, a prompt.
    logger.warn({ code: fault.code, param: fault.param }, 'upstream refused the session');
    fail(handshakeRejected(fault));
    socket.terminate();
  };
  const proceed = (event: ServerEvent): void => {
    if (event.type === 'fault') refused(event);
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
      if (decoded.kind === 'event') proceed(decoded.event);
      else logger.debug(decoded, 'passed by during the handshake');
    },
    pong: () => {
      listener.pong();
    },
    refused: (status, retryAfter) => {
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
