/** One socket's life: handshake, requests multiplexed on it, retirement, and what is left when it ends. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { GatewayError } from '../errors.js';
import {
  LIMITS_EVENT_NAME,
  type ClientEvent,
  type Fault,
  type Item,
  type SessionSettings,
  type SessionView,
  type Usage,
} from '../wire/index.js';
import { Demux } from './demux.js';
import type { Endpoint } from '../providers/endpoint.js';
import { concernsReference, socketLost, saysItExists } from './errors.js';
import { openSession, type SessionListener } from './handshake.js';
import { inputItems } from './input-items.js';
import { KEEP_ALIVE_TIMES, KeepAlive, type KeepAliveTimes } from '../ws/keep-alive.js';
import type { PendingResponse } from './pending-response.js';
import { RateLimits } from './rate-limits.js';
import { PromptItems } from './prompt-items.js';
import type { Socket } from '../ws/socket.js';

export interface ConnectionOptions {
  /** Until the socket must be ready. */
  readonly connectTimeoutMs: number;
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
  /** The socket is gone and this request had no answer yet. */
  onRequestLost(pending: PendingResponse, error: GatewayError): void;
  /** What upstream charges for a response that ended, whoever still waited for it. */
  onUsage(usage: Usage): void;
}

type ConnectionState =
  | { at: 'connecting'; socket: Socket }
  | { at: 'ready'; socket: Socket; keepAlive: KeepAlive; retirement: NodeJS.Timeout; readyAt: number }
  | { at: 'draining'; socket: Socket; keepAlive: KeepAlive; readyAt: number }
  /** Without an error where it was closed on purpose, after its work. */
  | { at: 'closed'; error: GatewayError | undefined; readyAt: number | undefined };

/** Requests bring all they need: no voice detection that would answer by itself, no tools. */
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
  /** Due for retirement: a successor should be opened before this one drains. */
  aging = false;
  /** Responses that ended on it. */
  finished = 0;
  /** Since when nothing runs, by the monotonic clock. */
  idleSince = performance.now();
  readonly #endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #observer: ConnectionObserver;
  readonly #logger: Logger;
  readonly #demux: Demux;
  readonly #prompts: PromptItems;
  readonly #limits: RateLimits;
  /** Resolves when the socket is gone from the network, too. */
  readonly ended: Promise<void>;
  #state: ConnectionState;

  /** Starts connecting at once. */
  constructor(endpoint: Endpoint, options: ConnectionOptions, observer: ConnectionObserver, logger: Logger) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#observer = observer;
    this.#logger = logger.child({ connection: this.id });
    // Without out-of-band responses there is one conversation, so one request at a time.
    this.capacity = endpoint.dialect.outOfBand ? options.capacity : 1;
    this.#prompts = new PromptItems(options.maxPromptItems ?? 128);
    this.#limits = new RateLimits(endpoint.dialect);
    this.#demux = new Demux(
      {
        cancel: (responseId, requestId) => {
          this.#send({ type: 'response.cancel', eventId: `cancel_${requestId}`, responseId });
        },
        onSlotFree: () => {
          this.finished += 1;
          this.#onSlotFree();
        },
        onUsage: (usage) => {
          this.#observer.onUsage(usage);
        },
        onRejected: ({ request }, fault) => {
          if (concernsReference(fault)) this.#prompts.invalidate(request.prompt);
          else this.#prompts.forgetIn(fault.message);
        },
        onUnresponsive: () => {
          this.#logger.warn('upstream ignored a cancellation; the socket is replaced');
          this.drain();
          this.#onSlotFree();
        },
        onUnmatchedError: (fault) => {
          this.#onUnmatchedError(fault);
        },
        warn: (message, fault) => {
          this.#logger.warn({ code: fault?.code, param: fault?.param }, message);
        },
      },
      this.#limits,
      options.cancelGraceMs ?? 5_000,
    );
    let gone = (): void => undefined;
    this.ended = new Promise((resolve) => (gone = resolve));
    const listener: SessionListener = {
      ready: (session) => {
        if (this.#state.at === 'connecting') this.#onReady(this.#state.socket, session);
      },
      frame: (text) => {
        this.#receive(text);
      },
      pong: () => {
        if ('keepAlive' in this.#state) this.#state.keepAlive.pong();
      },
      failed: (error) => {
        this.destroy(error);
      },
      gone,
    };
    const socket = openSession(endpoint, SETTINGS, options.connectTimeoutMs, listener, this.#logger);
    this.#state = { at: 'connecting', socket };
  }

  get state(): ConnectionState['at'] {
    return this.#state.at;
  }

  /** Why it was lost; undefined before that, and where it was closed on purpose. */
  get error(): GatewayError | undefined {
    return this.#state.at === 'closed' ? this.#state.error : undefined;
  }

  /** When it became ready, by the monotonic clock; undefined where it never did. */
  get readyAt(): number | undefined {
    return 'readyAt' in this.#state ? this.#state.readyAt : undefined;
  }

  /** Slots taken, abandoned requests included until upstream has let go of them. */
  get load(): number {
    return this.#demux.size;
  }

  /** What it speaks with, fixed once it has spoken. The empty string is the provider's default. */
  get voice(): string | undefined {
    return this.#demux.voice;
  }

  hasPrompt(prompt: string): boolean {
    return this.#prompts.has(prompt);
  }

  /** Sends a request. Only while ready and below capacity: the owner chooses. */
  run(pending: PendingResponse): void {
    const { request } = pending;
    const entry = this.#demux.add(pending);
    pending.sent(entry.requestId);
    const seed = this.#prompts.ensure(request.prompt);
    if (seed.evictedId !== undefined) {
      this.#send({ type: 'item.delete', eventId: `evict_${seed.evictedId}`, itemId: seed.evictedId });
    }
    if (seed.isNew) {
      // No round trip is waited for: the socket keeps the order.
      const item: Item = { id: seed.id, role: 'system', parts: [{ type: 'text', text: request.prompt }] };
      this.#send({ type: 'item.create', eventId: seed.id, item });
    }
    this.#send({
      type: 'response.create',
      eventId: entry.requestId,
      response: {
        conversation: 'none',
        output: request.output,
        ...(request.output === 'audio' && request.voice !== undefined ? { voice: request.voice } : {}),
        metadata: { ...request.metadata, request_id: entry.requestId },
        input: [{ reference: seed.id }, ...inputItems(request)],
      },
    });
  }

  /** Nobody waits for this request any more; upstream is told. */
  abandon(pending: PendingResponse): void {
    this.#demux.abandon(pending);
  }

  /** Takes no new work, ends what runs, then closes. */
  drain(): void {
    if (this.#state.at === 'connecting') {
      this.#state.socket.terminate();
      this.#close(undefined);
      this.#observer.onChanged(this);
    }
    if (this.#state.at !== 'ready') return;
    const { socket, keepAlive, retirement, readyAt } = this.#state;
    clearTimeout(retirement);
    this.#become({ at: 'draining', socket, keepAlive, readyAt });
    this.#closeIfDrained();
  }

  /** Ends it at once; requests without an answer go back to the owner. */
  destroy(error: GatewayError): void {
    if (this.#state.at === 'closed') return;
    const { socket } = this.#state;
    const orphans = this.#demux.clear();
    this.#close(error);
    socket.terminate();
    for (const pending of orphans) this.#observer.onRequestLost(pending, error);
    this.#observer.onChanged(this);
  }

  #receive(frame: string): void {
    const decoded = this.#endpoint.dialect.decodeAnswer(frame, this.#demux.lacksText);
    switch (decoded.kind) {
      case 'event':
        this.#demux.route(decoded.event);
        return;
      case 'ignored':
        if (decoded.type === LIMITS_EVENT_NAME) this.#limits.heard(frame);
        else this.#logger.debug({ type: decoded.type }, 'unknown event from upstream');
        return;
      case 'malformed':
        this.#logger.warn({ reason: decoded.reason }, 'malformed frame from upstream');
        return;
    }
  }

  #onReady(socket: Socket, session: SessionView): void {
    const isBusy = (): boolean => this.load > 0;
    const keepAlive = new KeepAlive(
      {
        ping: () => {
          socket.ping();
        },
        get bufferedBytes() {
          return socket.bufferedBytes;
        },
        get busy() {
          return isBusy();
        },
        dead: () => {
          this.#logger.warn('upstream answers no ping; the socket is given up');
          this.destroy(socketLost(1006, 'no pong'));
        },
      },
      this.#options.keepAlive ?? KEEP_ALIVE_TIMES,
    );
    const retirement = setTimeout(() => {
      this.#onAged();
    }, this.#retireInMs(session));
    this.idleSince = performance.now();
    this.#become({ at: 'ready', socket, keepAlive, retirement, readyAt: performance.now() });
    this.#observer.onChanged(this);
  }

  /** Early enough that what runs can end before the server ends the session, and not all sockets at the same time. */
  #retireInMs(session: SessionView): number {
    const ageMs = this.#options.maxAgeMs * (0.9 + 0.1 * Math.random());
    if (session.expiresAt === undefined) return Math.min(ageMs, LONGEST_TIMER_MS);
    const leftMs = session.expiresAt * 1000 - Date.now();
    const marginMs = Math.min(this.#options.responseTimeoutMs + this.#options.connectTimeoutMs, leftMs / 2);
    return Math.max(0, Math.min(ageMs, leftMs - marginMs, LONGEST_TIMER_MS));
  }

  /** The owner may now open a successor; whether it does or not, this socket drains after a handshake's time. */
  #onAged(): void {
    if (this.#state.at !== 'ready') return;
    this.aging = true;
    const marginMs = Math.min(this.#options.connectTimeoutMs, this.#options.maxAgeMs / 10);
    this.#state.retirement = setTimeout(() => {
      this.drain();
    }, marginMs);
    this.#observer.onChanged(this);
  }

  #onUnmatchedError(fault: Fault): void {
    if (fault.code === 'response_cancel_not_active' || fault.causedBy?.startsWith('cancel_')) return;
    // A seed that upstream has already is as good as one that it took.
    if (saysItExists(fault)) return;
    // Its message may quote a question.
    this.#logger.warn(
      { code: fault.code, param: fault.param },
      'upstream error that names no running request',
    );
    if (fault.code === 'session_expired') this.drain();
    this.#prompts.forgetIn(`${fault.causedBy ?? ''} ${fault.message}`);
  }

  #onSlotFree(): void {
    if (this.load === 0) this.idleSince = performance.now();
    this.#closeIfDrained();
    this.#observer.onChanged(this);
  }

  #closeIfDrained(): void {
    if (this.#state.at !== 'draining' || this.load > 0) return;
    this.#state.socket.close(1000);
    this.#close(undefined);
    this.#observer.onChanged(this);
  }

  /** Leaves the last living state; its timers end with it. */
  #close(error: GatewayError | undefined): void {
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
