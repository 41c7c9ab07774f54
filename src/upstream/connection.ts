/** One socket's life: handshake, requests multiplexed on it, retirement, and which requests are lost when it ends. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { GatewayError } from '../errors.js';
import type { Endpoint } from '../providers/endpoint.js';
import {
  LIMITS_EVENT_NAME,
  type ClientEvent,
  type Dialect,
  type Fault,
  type SessionSettings,
  type SessionView,
  type Usage,
} from '../wire/index.js';
import { KEEP_ALIVE_TIMES, KeepAlive, type KeepAliveTimes } from '../ws/keep-alive.js';
import type { Socket } from '../ws/socket.js';
import { socketLost } from './errors.js';
import { openSession, type SessionListener } from './handshake.js';
import type { Isolation, RequestRouter, RouterActions } from './isolation/isolation.js';
import type { PendingResponse } from './pending-response.js';
import { RateLimits } from './rate-limits.js';

export interface ConnectionOptions {
  /** Until the socket must be ready. */
  readonly connectTimeoutMs: number;
  /** How requests are kept apart. */
  readonly isolation: Isolation;
  /** Requests at a time. */
  readonly capacity: number;
  /** From ready to retirement; the server's `expires_at` may come first. */
  readonly maxAgeMs: number;
  /** The longest a request may run: retirement begins at least this long before the server ends the session. */
  readonly responseTimeoutMs: number;
  readonly keepAlive?: KeepAliveTimes;
  /** How long upstream may take to end a cancelled response. */
  readonly cancelGraceMs?: number;
  readonly maxPromptItems?: number;
}

/** A connection's owner; called after every change that may matter to it. */
export interface ConnectionObserver {
  /** The state, the load or `aging` changed. */
  onChanged(connection: Connection): void;
  /** The socket was lost before this request settled. */
  onRequestLost(pending: PendingResponse, error: GatewayError): void;
  /** What upstream charges for a response that ended, cancelled ones included. */
  onUsage(usage: Usage): void;
}

type Live = { socket: Socket; keepAlive: KeepAlive; readyAt: number };

type ConnectionState =
  | { at: 'connecting'; socket: Socket }
  /** `retirement` ends the time until it is aging, then the time until it drains. */
  | (Live & { at: 'ready'; aging: boolean; retirement: NodeJS.Timeout })
  | (Live & { at: 'draining' })
  /** Without an error where it was closed on purpose, after its work. */
  | { at: 'closed'; error: GatewayError | undefined; readyAt: number | undefined };

/** Requests are self-contained: no voice detection, which would start responses by itself, and no tools. */
const SETTINGS: SessionSettings = {
  output: 'text',
  inputFormat: 'pcm16',
  outputFormat: 'pcm16',
  turnDetection: null,
  tools: [],
  toolChoice: 'none',
};
/** `setTimeout` takes at most 2^31-1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

export class Connection {
  readonly id = randomUUID().slice(0, 8);
  readonly capacity: number;
  /** By the monotonic clock, as all times here. */
  readonly startedAt = performance.now();
  /** When `load` last became 0. */
  idleSince = this.startedAt;
  /** Responses that ended on it. */
  finished = 0;
  /** Resolves when the socket has left the network, too. */
  readonly ended: Promise<void>;
  readonly #endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #observer: ConnectionObserver;
  readonly #logger: Logger;
  readonly #router: RequestRouter;
  readonly #limits: RateLimits;
  /** As asked for, and as acknowledged. */
  #settings: SessionSettings = SETTINGS;
  #session: SessionView = { id: '' };
  #state: ConnectionState;

  /** Starts connecting at once. */
  constructor(endpoint: Endpoint, options: ConnectionOptions, observer: ConnectionObserver, logger: Logger) {
    this.capacity = options.capacity;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#observer = observer;
    this.#logger = logger.child({ connection: this.id });
    this.#limits = new RateLimits(endpoint.dialect);
    const { isolation, cancelGraceMs = 5_000, maxPromptItems = 128 } = options;
    const { dialect } = endpoint;
    this.#router = isolation.createRouter({
      ...{ dialect, cancelGraceMs, maxPromptItems, limits: this.#limits, actions: this.#routerActions },
      settings: () => this.#settings,
      session: () => this.#session,
    });
    let gone = (): void => undefined;
    this.ended = new Promise((resolve) => (gone = resolve));
    const listener = { ...this.#sessionListener, gone };
    const configuration = {
      settings: () => (this.#settings = isolation.settings(SETTINGS, dialect)),
      fallback: () => this.#fallback(isolation, dialect),
      faultGraceMs: isolation.faultGraceMs,
    };
    const socket = openSession(endpoint, configuration, options.connectTimeoutMs, listener, this.#logger);
    this.#state = { at: 'connecting', socket };
  }

  get state(): ConnectionState['at'] {
    return this.#state.at;
  }

  /** Due for retirement: its owner should open a successor before this one drains. */
  get aging(): boolean {
    return this.#state.at === 'ready' && this.#state.aging;
  }

  /** Why it was lost; undefined before that, and where it was closed on purpose. */
  get error(): GatewayError | undefined {
    return this.#state.at === 'closed' ? this.#state.error : undefined;
  }

  /** Undefined where it never was. */
  get readyAt(): number | undefined {
    return 'readyAt' in this.#state ? this.#state.readyAt : undefined;
  }

  /** Slots taken, those of cancelled requests included until upstream has ended their responses. */
  get load(): number {
    return this.#router.size;
  }

  /** The voice that it is locked to; the empty string is the provider's default. */
  get voice(): string | undefined {
    return this.#router.voice;
  }

  hasPrompt(prompt: string): boolean {
    return this.#router.hasPrompt(prompt);
  }

  /** Sends a request. The owner calls it only while the connection is ready and below its capacity. */
  run(pending: PendingResponse): void {
    this.#router.run(pending);
    if (this.#options.isolation.servesOnce) this.close();
  }

  /** Accepts no more requests, and closes when those that run have ended. */
  close(): void {
    if (this.#state.at === 'connecting') {
      this.#state.socket.destroy();
      this.#becomeClosed(undefined);
      this.#observer.onChanged(this);
    }
    if (this.#state.at !== 'ready') return;
    const { socket, keepAlive, retirement, readyAt } = this.#state;
    clearTimeout(retirement);
    this.#become({ at: 'draining', socket, keepAlive, readyAt });
    this.#closeIfDrained();
  }

  /** Cuts the socket; requests that have not settled go back to the owner. */
  destroy(error: GatewayError): void {
    if (this.#state.at === 'closed') return;
    const { socket } = this.#state;
    const lost = this.#router.clear();
    this.#becomeClosed(error);
    socket.destroy();
    for (const pending of lost) this.#observer.onRequestLost(pending, error);
    this.#observer.onChanged(this);
  }

  readonly #sessionListener: Omit<SessionListener, 'gone'> = {
    ready: (session) => {
      if (this.#state.at === 'connecting') this.#onReady(this.#state.socket, session);
    },
    frame: (text) => {
      this.#onFrame(text);
    },
    pong: () => {
      if ('keepAlive' in this.#state) this.#state.keepAlive.pong();
    },
    failed: (error) => {
      this.destroy(error);
    },
  };

  readonly #routerActions: RouterActions = {
    send: (event) => {
      this.#send(event);
    },
    onSlotFree: () => {
      this.finished += 1;
      this.#onSlotFree();
    },
    onUsage: (usage) => {
      this.#observer.onUsage(usage);
    },
    onLost: (pending, error) => {
      this.#observer.onRequestLost(pending, error);
      this.#observer.onChanged(this);
    },
    onUnusable: (reason) => {
      this.#logger.warn(reason);
      this.close();
      this.#onSlotFree();
    },
    onUnmatchedError: (fault) => {
      this.#onUnmatchedError(fault);
    },
    warn: (message, fault) => {
      this.#logger.warn({ code: fault?.code, param: fault?.param }, message);
    },
  };

  #fallback(isolation: Isolation, dialect: Dialect): SessionSettings | undefined {
    const settings = isolation.fallback?.(SETTINGS, dialect);
    if (settings !== undefined) this.#settings = settings;
    return settings;
  }

  #onFrame(frame: string): void {
    const decoded = this.#router.decode(frame);
    switch (decoded.kind) {
      case 'event':
        this.#router.route(decoded.event);
        return;
      case 'ignored':
        if (decoded.type === LIMITS_EVENT_NAME) this.#limits.update(frame);
        else this.#logger.debug({ type: decoded.type }, 'unknown event from upstream');
        return;
      case 'malformed':
        this.#logger.warn({ reason: decoded.reason }, 'malformed frame from upstream');
        return;
    }
  }

  #onReady(socket: Socket, session: SessionView): void {
    this.#session = session;
    const readyAt = performance.now();
    const keepAlive = this.#keepAlive(socket);
    const retirement = setTimeout(() => {
      this.#onAged();
    }, this.#retireInMs(session));
    this.idleSince = readyAt;
    this.#become({ at: 'ready', socket, keepAlive, readyAt, aging: false, retirement });
    this.#observer.onChanged(this);
  }

  #keepAlive(socket: Socket): KeepAlive {
    const target = {
      socket,
      isBusy: () => this.load > 0,
      onTimeout: () => {
        this.#logger.warn('upstream answered no ping in time; the socket is replaced');
        this.destroy(socketLost(1006, 'no pong'));
      },
    };
    return new KeepAlive(target, this.#options.keepAlive ?? KEEP_ALIVE_TIMES);
  }

  /** Early enough that what runs can end before the server ends the session, and not all sockets at the same time. */
  #retireInMs(session: SessionView): number {
    const ageMs = this.#options.maxAgeMs * (0.9 + 0.1 * Math.random());
    if (session.expiresAt === undefined) return Math.min(ageMs, LONGEST_TIMER_MS);
    const leftMs = session.expiresAt * 1000 - Date.now();
    const marginMs = Math.min(this.#options.responseTimeoutMs + this.#options.connectTimeoutMs, leftMs / 2);
    return Math.max(0, Math.min(ageMs, leftMs - marginMs, LONGEST_TIMER_MS));
  }

  /** The owner may open a successor now; whether it does or not, this socket drains after a handshake's time. */
  #onAged(): void {
    if (this.#state.at !== 'ready') return;
    this.#state.aging = true;
    const marginMs = Math.min(this.#options.connectTimeoutMs, this.#options.maxAgeMs / 10);
    this.#state.retirement = setTimeout(() => {
      this.close();
    }, marginMs);
    this.#observer.onChanged(this);
  }

  #onUnmatchedError(fault: Fault): void {
    // The message is not logged, because it may quote a question.
    this.#logger.warn(
      { code: fault.code, param: fault.param },
      'upstream error that names no running request',
    );
    if (fault.code === 'session_expired') this.close();
  }

  #onSlotFree(): void {
    if (this.load === 0) this.idleSince = performance.now();
    this.#closeIfDrained();
    this.#observer.onChanged(this);
  }

  #closeIfDrained(): void {
    if (this.#state.at !== 'draining' || this.load > 0) return;
    this.#state.socket.close(1000);
    this.#becomeClosed(undefined);
    this.#observer.onChanged(this);
  }

  /** Stops the timers of the state that it leaves. */
  #becomeClosed(error: GatewayError | undefined): void {
    const state = this.#state;
    if (state.at === 'ready') clearTimeout(state.retirement);
    if ('keepAlive' in state) state.keepAlive.stop();
    this.#become({ at: 'closed', error, readyAt: this.readyAt });
  }

  #send(event: ClientEvent): void {
    if (this.#state.at !== 'closed') this.#state.socket.send(this.#endpoint.dialect.encodeClientFrame(event));
  }

  #become(next: ConnectionState): void {
    this.#logger.debug(`${this.#state.at} -> ${next.at}`);
    this.#state = next;
  }
}
