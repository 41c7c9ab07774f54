/** Connects and configures a session: a socket is ready when its configuration is acknowledged, not when it is open. */
import type { Logger } from 'pino';
import type { GatewayError } from '../errors.js';
import { withoutCredentials, type Endpoint } from '../providers/endpoint.js';
import type { Fault, ServerEvent, SessionSettings, SessionView } from '../wire/index.js';
import { openSocket, type OpeningListener, type Socket } from '../ws/socket.js';
import { handshakeRejected, socketLost, stalledHandshake, upgradeRejected } from './errors.js';

export interface SessionListener {
  /** The session as upstream acknowledged it. */
  ready(session: SessionView): void;
  /** The text of a frame that arrived after `ready`. */
  frame(frame: string): void;
  pong(): void;
  /** Called once: before `ready` with why the handshake failed, after it with how the socket was lost and its close frame. */
  failed(error: GatewayError, close?: { code: number; reason: string }): void;
  /** The last call: the socket has left the network. */
  gone(): void;
}

/** What a session is configured with. */
export interface SessionConfiguration {
  readonly settings: () => SessionSettings;
  /** Sent after the first error, instead of settings that upstream may not take; absent: there is no other form. */
  readonly fallback?: (() => SessionSettings | undefined) | undefined;
  /** How long `session.updated` may follow an error; 0: an error ends the handshake. */
  readonly faultGraceMs: number;
}

const CONFIGURATION_ID = 'configuration';
/** What each step waits for, as it is logged. */
const AWAITED = { connect: 'open socket', session: 'session.created', configuration: 'session.updated' };

/** Fails after `timeoutMs`. Closing or destroying the returned socket cancels the handshake. */
export function openSession(
  endpoint: Endpoint,
  configuration: SessionConfiguration,
  timeoutMs: number,
  listener: SessionListener,
  logger: Logger,
): Socket {
  return new Handshake(endpoint, configuration, timeoutMs, listener, logger).socket;
}

class Handshake implements OpeningListener {
  readonly socket: Socket;
  readonly #endpoint: Endpoint;
  readonly #configuration: SessionConfiguration;
  readonly #listener: SessionListener;
  readonly #logger: Logger;
  readonly #deadline: NodeJS.Timeout;
  /** The first error that came instead of `session.updated`, which may still follow. */
  #fault: { readonly error: GatewayError; readonly timer: NodeJS.Timeout } | undefined;
  /** The step under way, or how the handshake ended. */
  #step: keyof typeof AWAITED | 'ready' | 'failed' = 'connect';

  constructor(...[endpoint, configuration, timeoutMs, listener, logger]: Parameters<typeof openSession>) {
    this.#endpoint = endpoint;
    this.#configuration = configuration;
    this.#listener = listener;
    this.#logger = logger;
    this.#deadline = setTimeout(() => {
      this.#onDeadline(timeoutMs);
    }, timeoutMs);
    this.socket = openSocket(endpoint, this);
  }

  opened(): void {
    if (this.#step === 'connect') this.#step = 'session';
    this.#logger.debug('upstream socket open');
  }

  frame(frame: string): void {
    if (this.#step === 'ready') {
      this.#listener.frame(frame);
      return;
    }
    const decoded = this.#endpoint.dialect.decodeServer(frame);
    if (decoded.kind === 'event') this.#advance(decoded.event);
    else this.#logger.debug(decoded, 'frame ignored during the handshake');
  }

  pong(): void {
    this.#listener.pong();
  }

  rejected(status: number, retryAfter: string | undefined): void {
    this.#logger.warn({ status }, 'upstream refused the upgrade');
    this.#fail(upgradeRejected(status, retryAfter));
    this.#listener.gone();
  }

  closed(code: number, reason: string): void {
    const logged = { code, reason: withoutCredentials(this.#endpoint, reason) };
    if (this.#step !== 'failed') this.#logger.info(logged, 'upstream socket closed');
    this.#fail(this.#lossOf(code, reason), { code, reason });
    this.#listener.gone();
  }

  #advance(event: ServerEvent): void {
    if (event.type === 'fault') {
      // The message is not logged, because it may quote a key or a prompt.
      this.#logger.warn({ code: event.code, param: event.param }, 'upstream refused the session');
      this.#onFault(event);
    } else if (event.type === 'session.created' && this.#step === 'session') {
      this.#step = 'configuration';
      this.#configure(this.#configuration.settings());
    } else if (event.type === 'session.updated' && this.#step === 'configuration') {
      this.#step = 'ready';
      clearTimeout(this.#deadline);
      clearTimeout(this.#fault?.timer);
      this.#listener.ready(event.session);
    }
  }

  /** Where the level allows it, an error may concern a single field of the settings: `session.updated` still follows. */
  #onFault(fault: Fault): void {
    const { faultGraceMs } = this.#configuration;
    const error = handshakeRejected(fault);
    const refuse = (): void => {
      this.#fail(error);
      this.socket.destroy();
    };
    if (faultGraceMs === 0 || this.#step !== 'configuration') refuse();
    else if (this.#fault === undefined) {
      this.#fault = { error, timer: setTimeout(refuse, faultGraceMs) };
      const fallback = this.#configuration.fallback?.();
      if (fallback !== undefined) this.#configure(fallback);
    }
  }

  #configure(session: SessionSettings): void {
    const event = { type: 'session.configure', eventId: CONFIGURATION_ID, session } as const;
    this.socket.send(this.#endpoint.dialect.encodeClient(event));
  }

  /** An error before the loss tells more than the loss. */
  #lossOf(code: number, reason: string): GatewayError {
    return (this.#step === 'configuration' ? this.#fault?.error : undefined) ?? socketLost(code, reason);
  }

  #onDeadline(timeoutMs: number): void {
    if (this.#step === 'ready' || this.#step === 'failed') return;
    this.#logger.warn({ awaited: AWAITED[this.#step], timeoutMs }, 'upstream was not ready in time');
    this.#fail(stalledHandshake(this.#step, timeoutMs));
    this.socket.destroy();
  }

  #fail(error: GatewayError, close?: { code: number; reason: string }): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#fault?.timer);
    if (this.#step === 'failed') return;
    this.#step = 'failed';
    this.#listener.failed(error, close);
  }
}
