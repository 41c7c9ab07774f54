/**
 * How many sockets there are, which of them serves a request, and which requests wait.
 * Every event changes a list and calls `#advance()`, the only place that decides what happens next.
 */
import type { Logger } from 'pino';
import { Bag } from '../bag.js';
import { GatewayError, upstreamCauseOf } from '../errors.js';
import type { Connection, ConnectionObserver } from '../upstream/connection.js';
import { lostAnswer } from '../upstream/errors.js';
import { PendingResponse, type UpstreamRequest } from '../upstream/pending-response.js';
import { afterFailure, isOpen, outageError, type Outage } from './backoff.js';
import { PoolCounters, type PoolTotals } from './counters.js';
import { RequestQueue } from './queue.js';
import { countSockets, nextIdleAt, socketsWanted, toRetire } from './scaling.js';
import { fits, pickEviction, select } from './select.js';

export interface PoolOptions {
  readonly maxSockets: number;
  /** Requests in flight on one socket. */
  readonly maxPerSocket: number;
  /** A socket is closed after its first request: it counts until it has closed, but is replaced while it still serves. */
  readonly servesOnce?: boolean;
  /** Requests accepted beyond what all sockets can carry. */
  readonly maxWaiting: number;
  /** Sockets kept open while idle. */
  readonly warm: number;
  /** How long a socket above `warm` may be idle. */
  readonly idleMs: number;
  readonly connectTimeoutMs: number;
  /** From acceptance to the end of the answer, waiting and a retry included. */
  readonly responseTimeoutMs: number;
}

/** One retry: a request that loses a second socket fails. */
const MAX_ATTEMPTS = 2;
/** A socket that is lost sooner than this, with no response ended on it, counts as a failed attempt to connect. */
const PROVEN_AFTER_MS = 5_000;

export class Pool {
  readonly #options: PoolOptions;
  readonly #connect: (observer: ConnectionObserver) => Connection;
  readonly #logger: Logger;
  /** Every request that has not settled, waiting or running. */
  readonly #accepted = new Bag<PendingResponse>();
  readonly #queue = new RequestQueue();
  readonly #connections = new Set<Connection>();
  /** One for each socket that has not left the network. */
  readonly #sockets = new Set<Promise<void>>();
  readonly #counters = new PoolCounters();
  #outage: Outage | undefined;
  #isStarting: boolean;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;
  #isAdvancing = false;
  #mustAdvance = false;
  #closed: Promise<void> | undefined;
  /** Set while the pool closes; called when the last request and the last connection are gone. */
  #onDrained: (() => void) | undefined;

  /** @param connect opens a connection that reports to the observer; called as often as sockets are needed */
  constructor(options: PoolOptions, connect: (observer: ConnectionObserver) => Connection, logger: Logger) {
    this.#options = options;
    this.#connect = connect;
    this.#logger = logger;
    this.#isStarting = options.warm > 0;
    this.#advance();
  }

  /**
   * Accepts a request. What it returns yields the answer and always settles; call its `fail` to cancel.
   * @throws GatewayError where it is not accepted: `pool-saturated`, `draining`, or the outage while the breaker is open
   */
  request(request: UpstreamRequest): PendingResponse {
    if (this.#onDrained !== undefined)
      throw new GatewayError('draining', 'The service is shutting down. Try again.');
    const outage = this.#outage;
    if (outage !== undefined && this.#isPointless(outage)) throw outageError(outage, performance.now());
    if (this.#accepted.size >= this.#capacity + this.#options.maxWaiting)
      throw new GatewayError(
        'pool-saturated',
        'All connections to the translation provider are busy. Try again.',
      );
    const pending = new PendingResponse(request, this.#options.responseTimeoutMs, this.#onSettled);
    this.#accepted.add(pending);
    this.#queue.push(pending);
    this.#advance();
    return pending;
  }

  /** The breaker is open, and no socket could serve a request: waiting is pointless. */
  #isPointless(outage: Outage, now = performance.now()): boolean {
    if (now >= outage.probeAt || !isOpen(outage, this.#options.connectTimeoutMs, now)) return false;
    return !this.#some('ready') && !this.#some('connecting');
  }

  /** What happens next. A change that this causes itself makes it run once more instead of nesting. */
  #advance(): void {
    this.#mustAdvance = true;
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#mustAdvance) {
        this.#mustAdvance = false;
        const now = performance.now();
        this.#failExpired(now);
        this.#assign();
        this.#retire(now);
        this.#grow(now);
        if (this.#isDrained && this.#connections.size === 0) this.#onDrained?.();
        this.#wakeAt(this.#nextDue(now), now);
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** During an outage: fails the requests that have waited for `connectTimeoutMs`, or all where the breaker is open. */
  #failExpired(now: number): void {
    const outage = this.#outage;
    if (outage === undefined || this.#queue.size === 0 || this.#some('ready')) return;
    const isPointless = this.#isPointless(outage, now);
    for (const pending of this.#queue)
      if (isPointless || now - pending.queuedAt >= this.#options.connectTimeoutMs)
        pending.fail(outageError(outage, now));
  }

  /** Gives requests to sockets in the order of the queue. One that waits for a voice does not hold up the others. */
  #assign(): void {
    let pending = this.#queue.first;
    while (pending !== undefined) {
      const { voiceLock, next } = pending;
      const connection = select(this.#connections, voiceLock, pending.request.prompt);
      if (connection !== undefined) {
        this.#queue.remove(pending);
        connection.run(pending);
        this.#counters.onSent(pending);
      } else if (voiceLock === undefined) {
        // No socket has a free slot for text, so none has one for audio either.
        return;
      }
      pending = next;
    }
  }

  readonly #onSettled = (pending: PendingResponse): void => {
    const { connection } = pending;
    this.#accepted.remove(pending);
    this.#counters.receivedAudioBytes += pending.audioBytes;
    if (connection === undefined) this.#queue.remove(pending);
    else connection.abandon(pending);
    // A slot becomes free when the connection reports it, which calls `#advance()` as well.
    if (connection === undefined || this.#onDrained !== undefined) this.#advance();
  };

  /** The socket under a request was lost: it is retried on another, unless part of its answer was passed on. */
  #retryOrFail(pending: PendingResponse, cause: GatewayError): void {
    if (pending.settled) return;
    if (!pending.canRetry || pending.attempts >= MAX_ATTEMPTS) {
      pending.fail(lostAnswer(pending.hasOutput, cause));
      return;
    }
    pending.connection = undefined;
    this.#counters.retries += 1;
    this.#queue.pushRetry(pending);
  }

  /** Opens the sockets that are needed; during an outage one at a time. */
  #grow(now: number): void {
    if (this.#isDrained) return;
    const { maxSockets, maxPerSocket, warm, servesOnce = false } = this.#options;
    const counts = countSockets(this.#connections);
    const wanted = socketsWanted(counts, {
      waiting: this.#queue.size,
      maxPerSocket,
      warm: this.#onDrained === undefined ? warm : 0,
      isRefused: this.refusal !== undefined,
    });
    if (wanted === 0) return;
    const { connecting } = counts;
    const taken = servesOnce ? this.#connections.size : counts.living;
    if (this.#outage !== undefined) {
      if (connecting === 0 && now >= this.#nextAttemptAt(this.#outage) && taken < maxSockets) this.#open();
      return;
    }
    const free = maxSockets - taken;
    for (let opened = 0; opened < Math.min(wanted, free); opened += 1) this.#open();
    if (free <= 0 && connecting === 0) this.#evictForVoice();
  }

  #nextAttemptAt({ probeAt, retryAt }: Outage): number {
    return this.#queue.size > 0 ? probeAt : retryAt;
  }

  #open(): void {
    this.#counters.attempts += 1;
    const connection = this.#connect(this.#observer);
    this.#connections.add(connection);
    this.#sockets.add(connection.ended);
    void connection.ended.then(() => this.#sockets.delete(connection.ended));
  }

  readonly #observer: ConnectionObserver = {
    onChanged: (connection) => {
      if (connection.state !== 'connecting') this.#isStarting = false;
      if (connection.state === 'ready' && this.#outage !== undefined) {
        this.#logger.info('upstream can be reached again');
        this.#outage = undefined;
      }
      if (connection.state === 'closed') this.#onClosed(connection);
      this.#advance();
    },
    onRequestLost: (pending, error) => {
      this.#retryOrFail(pending, error);
    },
    onUsage: (usage) => {
      this.#counters.onUsage(usage);
    },
  };

  #onClosed(connection: Connection): void {
    const { error, startedAt, readyAt } = connection;
    if (!this.#connections.delete(connection)) return;
    this.#counters.onClosed(error, readyAt !== undefined);
    if (error === undefined || this.#onDrained !== undefined) return;
    const now = performance.now();
    const isProven = readyAt !== undefined && (connection.finished > 0 || now - readyAt > PROVEN_AFTER_MS);
    if (isProven && error.code === 'upstream-unavailable') return;
    this.#outage = afterFailure(this.#outage, error, startedAt, now);
    this.#logger.warn(
      { code: error.code, upstream: upstreamCauseOf(error)?.label, failures: this.#outage.failures },
      'no connection to upstream',
    );
    // A refusal concerns every request, also those that sockets accepted earlier could still serve.
    if (error.code !== 'upstream-rejected') return;
    for (const pending of this.#queue) pending.fail(outageError(this.#outage, now));
  }

  /** All sockets are open, and a queued request needs a voice that none of them can have: one is replaced. */
  #evictForVoice(): void {
    const ready = [...this.#connections].filter(({ state }) => state === 'ready');
    for (let pending = this.#queue.first; pending !== undefined; pending = pending.next) {
      const { voiceLock } = pending;
      if (voiceLock === undefined || ready.some((connection) => fits(connection, voiceLock))) continue;
      pickEviction(ready, voiceLock)?.close();
      return;
    }
  }

  #retire(now: number): void {
    const { warm, idleMs } = this.#options;
    const connections = [...this.#connections];
    const retired = this.#isDrained ? connections : toRetire(connections, { warm, idleMs, now });
    for (const connection of retired) connection.close();
  }

  /** When something is due although nothing happens. */
  #nextDue(now: number): number {
    let due = Infinity;
    if (this.#isDrained) return due;
    if (this.#outage !== undefined && !this.#some('connecting')) due = this.#nextAttemptAt(this.#outage);
    if (!this.#some('ready'))
      for (let pending = this.#queue.first; pending !== undefined; pending = pending.next)
        due = Math.min(due, pending.queuedAt + this.#options.connectTimeoutMs);
    return Math.min(due, nextIdleAt(this.#connections, this.#options.idleMs, now));
  }

  /** A timer that is due earlier stays: it calls `#advance()`, which sets the next. */
  #wakeAt(due: number, now: number): void {
    if (this.#wakesAt <= due && due !== Infinity) return;
    clearTimeout(this.#timer);
    this.#wakesAt = due;
    if (due === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#wakesAt = Infinity;
        this.#advance();
      },
      Math.max(1, due - now),
    );
  }

  /** Accepts nothing more, and resolves when everything that was accepted has settled and every socket is closed. */
  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  /** Fails every request with `error`, and cuts every socket. */
  async destroy(error: GatewayError): Promise<void> {
    const closed = this.close();
    for (const pending of this.#accepted) pending.fail(error);
    for (const connection of [...this.#connections]) connection.destroy(error);
    await closed;
  }

  async #drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
      this.#advance();
    });
    await Promise.all(this.#sockets);
  }

  /** A snapshot. `capacity` is how many requests all sockets together can carry. */
  get stats() {
    const count = (state: Connection['state']): number =>
      [...this.#connections].filter((connection) => connection.state === state).length;
    return {
      sockets: this.#connections.size,
      ready: count('ready'),
      connecting: count('connecting'),
      draining: count('draining'),
      running: this.#accepted.size - this.#queue.size,
      waiting: this.#queue.size,
      capacity: this.#capacity,
    };
  }

  get totals(): PoolTotals {
    return this.#counters;
  }

  /** The first attempt for the warm stock has neither succeeded nor failed yet. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Why upstream refuses us, from a refusal until a handshake succeeds. */
  get refusal(): GatewayError | undefined {
    const error = this.#outage?.error;
    return error?.code === 'upstream-rejected' ? error : undefined;
  }

  get #capacity(): number {
    return this.#options.maxSockets * this.#options.maxPerSocket;
  }

  /** Closing, and nothing is left to do. */
  get #isDrained(): boolean {
    return this.#onDrained !== undefined && this.#accepted.size === 0;
  }

  #some(state: Connection['state']): boolean {
    for (const connection of this.#connections) if (connection.state === state) return true;
    return false;
  }
}
