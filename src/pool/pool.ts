/**
 * How many sockets there are, which one serves a request, and who waits.
 * Everything changes lists and calls `#advance()`, the only place that decides what happens next.
 */
import type { Logger } from 'pino';
import { Bag, type Indexed } from '../bag.js';
import { GatewayError, upstreamCauseOf } from '../errors.js';
import type { Connection, ConnectionObserver } from '../upstream/connection.js';
import { lostAnswer, upstreamError } from '../upstream/errors.js';
import { PendingResponse, type UpstreamRequest } from '../upstream/pending-response.js';
import { select, pickEviction, fits, voiceLockOf, type VoiceLock } from './select.js';
import { PoolCounters, type PoolTotals } from './counters.js';
import { nextIdleAt, socketsWanted, toRetire, countSockets } from './scaling.js';
import { afterFailure, isOpen, type Outage } from './backoff.js';

export interface PoolOptions {
  readonly maxSockets: number;
  /** Requests in flight on one socket. */
  readonly maxPerSocket: number;
  /** Requests accepted beyond what all sockets could carry. */
  readonly maxWaiting: number;
  /** Sockets kept open with nothing to do. */
  readonly warm: number;
  /** How long a socket above `warm` may have nothing to do. */
  readonly idleMs: number;
  readonly connectTimeoutMs: number;
  /** From acceptance to the end of the answer, waiting and a second run included. */
  readonly responseTimeoutMs: number;
}

/** A snapshot; changing it changes nothing. */
export interface PoolStats {
  readonly sockets: number;
  readonly ready: number;
  readonly connecting: number;
  readonly draining: number;
  readonly running: number;
  readonly waiting: number;
  /** Requests that all sockets together can carry. */
  readonly capacity: number;
}

/** An accepted request, from the waiting line to its end. */
interface Job extends Indexed {
  readonly pending: PendingResponse;
  readonly voiceLock: VoiceLock;
  readonly deadline: NodeJS.Timeout;
  /** When it last took its place in the line, by the monotonic clock. */
  waitingSince: number;
  connection: Connection | undefined;
}

/** A socket may be lost under a request once; the second loss is told. */
const MAX_ATTEMPTS = 2;
/** A socket lost sooner than this, with no response ended on it, counts as a failed attempt. */
const PROVEN_AFTER_MS = 5_000;

export class Pool {
  readonly #options: PoolOptions;
  readonly #connect: (observer: ConnectionObserver) => Connection;
  readonly #logger: Logger;
  /** Each with the time its attempt started, by the monotonic clock. */
  readonly #connections = new Map<Connection, number>();
  readonly #jobs = new Bag<Job>();
  readonly #counters = new PoolCounters();
  readonly #sockets = new Set<Promise<void>>();
  #waiting: Job[] = [];
  #outage: Outage | undefined;
  #isStarting: boolean;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;
  #advancing: 'no' | 'yes' | 'again' = 'no';
  #ending: { readonly error: GatewayError; readonly settled: () => void } | undefined;
  #closed: Promise<void> | undefined;

  /** @param connect opens a connection and reports to the observer; called as often as sockets are needed */
  constructor(options: PoolOptions, connect: (observer: ConnectionObserver) => Connection, logger: Logger) {
    this.#options = options;
    this.#connect = connect;
    this.#logger = logger;
    this.#isStarting = options.warm > 0;
    this.#advance();
  }

  /**
   * Accepts a request. Its answer is iterated from what is returned, and ends there in every case; whoever no longer
   * wants it calls `fail` there.
   * @throws GatewayError where it is not accepted: `pool-saturated`, `draining`, or upstream's state while it is broken
   */
  request(request: UpstreamRequest): PendingResponse {
    if (this.#ending !== undefined) throw this.#ending.error;
    this.#rejectWhileOpen();
    const accepted = this.#waiting.length + this.#running;
    if (accepted >= this.#capacity + this.#options.maxWaiting)
      throw new GatewayError(
        'pool-saturated',
        'All connections to the translation provider are busy. Try again.',
      );
    const pending = new PendingResponse(request, () => {
      this.#onSettled(job);
    });
    const job: Job = {
      index: 0,
      pending,
      voiceLock: voiceLockOf(request),
      deadline: setTimeout(() => {
        pending.fail(upstreamError('upstream-timeout'));
      }, this.#options.responseTimeoutMs),
      waitingSince: performance.now(),
      connection: undefined,
    };
    this.#jobs.add(job);
    this.#waiting.push(job);
    this.#advance();
    return pending;
  }

  get stats(): PoolStats {
    const count = (state: Connection['state']): number =>
      [...this.#connections.keys()].filter((connection) => connection.state === state).length;
    return {
      sockets: this.#connections.size,
      ready: count('ready'),
      connecting: count('connecting'),
      draining: count('draining'),
      running: this.#running,
      waiting: this.#waiting.length,
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

  /** Why upstream refuses us, since it last did and until a handshake succeeds. */
  get refusal(): GatewayError | undefined {
    const error = this.#outage?.error;
    return error?.code === 'upstream-rejected' ? error : undefined;
  }

  /** Takes no new work and ends when all that was accepted has. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /** Whoever still waits is told `error`; upstream is told to stop. */
  failAll(error: GatewayError): void {
    for (const { pending } of this.#jobs) pending.fail(error);
  }

  /** Ends at once; whoever still waits is told `error`. */
  async destroy(error: GatewayError): Promise<void> {
    const closed = this.close();
    this.failAll(error);
    for (const connection of [...this.#connections.keys()]) connection.destroy(error);
    await closed;
  }

  async #end(): Promise<void> {
    await new Promise<void>((settled) => {
      const error = new GatewayError('draining', 'The service is shutting down. Try again.');
      this.#ending = { error, settled };
      this.#advance();
    });
    await Promise.all(this.#sockets);
  }

  get #capacity(): number {
    return this.#options.maxSockets * this.#options.maxPerSocket;
  }

  get #running(): number {
    return this.#jobs.size - this.#waiting.length;
  }

  /** Whatever the end was: the books are closed, and upstream or the line hears of it. */
  #onSettled(job: Job): void {
    const { pending } = job;
    this.#jobs.remove(job);
    this.#counters.receivedAudioBytes += pending.audioBytes;
    clearTimeout(job.deadline);
    if (job.connection === undefined) this.#waiting = this.#waiting.filter((other) => other !== job);
    else job.connection.abandon(pending);
    // A slot is free when its socket says so, which asks what is next as well.
    if (job.connection === undefined || this.#ending !== undefined) this.#advance();
  }

  /** The socket under a request is gone: once more on another one, unless part of the answer was told already. */
  #retryOrFail(pending: PendingResponse, cause: GatewayError): void {
    const job = [...this.#jobs].find((each) => each.pending === pending);
    if (job === undefined) return;
    if (pending.isTold || pending.attempts >= MAX_ATTEMPTS) {
      pending.fail(lostAnswer(pending.hasBegun, cause));
      return;
    }
    job.connection = undefined;
    job.waitingSince = performance.now();
    this.#counters.retries += 1;
    // Ahead of those that have not run yet, in the order of acceptance.
    const ahead = this.#waiting.findIndex(({ pending: { attempts, timestamps } }) => {
      return attempts === 0 || timestamps.acceptedAt > pending.timestamps.acceptedAt;
    });
    this.#waiting.splice(ahead < 0 ? this.#waiting.length : ahead, 0, job);
  }

  #onChanged(connection: Connection): void {
    if (connection.state !== 'connecting') this.#isStarting = false;
    if (connection.state === 'ready' && this.#outage !== undefined) {
      this.#logger.info('upstream is back');
      this.#outage = undefined;
    }
    if (connection.state === 'closed') this.#onClosed(connection);
    this.#advance();
  }

  #onClosed(connection: Connection): void {
    const startedAt = this.#connections.get(connection);
    this.#connections.delete(connection);
    const { error, readyAt } = connection;
    this.#counters.ended(error, readyAt !== undefined);
    if (startedAt === undefined || error === undefined || this.#ending !== undefined) return;
    const now = performance.now();
    const proven = readyAt !== undefined && (connection.finished > 0 || now - readyAt > PROVEN_AFTER_MS);
    if (proven && error.code === 'upstream-unavailable') return;
    this.#outage = afterFailure(this.#outage, { error, startedAt, now });
    this.#logger.warn(
      { code: error.code, upstream: upstreamCauseOf(error)?.label, failures: this.#outage.failures },
      'no connection to upstream',
    );
    // A refusal concerns everybody, also those who could still be served by sockets that were accepted earlier.
    if (error.code === 'upstream-rejected') this.#failWaiting(this.#waiting, this.#outage, now);
  }

  /** Upstream is out of reach: those for whom waiting has become pointless are told at once. */
  #failExpired(now: number): void {
    const trouble = this.#outage;
    if (trouble === undefined || this.#waiting.length === 0 || this.#some('ready')) return;
    const isPointless =
      now < trouble.probeAt &&
      isOpen(trouble, this.#options.connectTimeoutMs, now) &&
      !this.#some('connecting');
    const given = this.#waiting.filter(
      ({ waitingSince }) => isPointless || now - waitingSince >= this.#options.connectTimeoutMs,
    );
    this.#failWaiting(given, trouble, now);
  }

  #failWaiting(jobs: readonly Job[], trouble: Outage, now: number): void {
    for (const { pending } of [...jobs]) pending.fail(this.#outageError(trouble, now));
  }

  #rejectWhileOpen(): void {
    const trouble = this.#outage;
    const now = performance.now();
    if (trouble === undefined || now >= trouble.probeAt) return;
    if (this.#some('ready') || this.#some('connecting')) return;
    if (isOpen(trouble, this.#options.connectTimeoutMs, now)) throw this.#outageError(trouble, now);
  }

  #outageError({ error, retryAt }: Outage, now: number): GatewayError {
    const retryAfterMs = error.retryable ? Math.max(0, retryAt - now) : undefined;
    return new GatewayError(error.code, error.message, { retryAfterMs, cause: error.cause });
  }

  #some(state: Connection['state']): boolean {
    for (const connection of this.#connections.keys()) if (connection.state === state) return true;
    return false;
  }

  /** What happens next. A change that it causes itself makes it look once more, not nest. */
  #advance(): void {
    if (this.#advancing !== 'no') {
      this.#advancing = 'again';
      return;
    }
    try {
      do {
        this.#advancing = 'yes';
        const now = performance.now();
        this.#failExpired(now);
        this.#assign();
        this.#retire(now);
        this.#grow(now);
        this.#resolveIfEnded();
        this.#wakeAt(this.#nextDue(now), now);
      } while (this.#mustRepeat());
    } finally {
      this.#advancing = 'no';
    }
  }

  #mustRepeat(): boolean {
    return this.#advancing === 'again';
  }

  /** First come, first served, but a voice that has no socket does not hold up the others. */
  #assign(): void {
    let at = 0;
    for (let job = this.#waiting[at]; job !== undefined; job = this.#waiting[at]) {
      const connection = select(this.#connections.keys(), job.voiceLock, job.pending.request.prompt);
      if (connection !== undefined) {
        this.#waiting.splice(at, 1);
        job.connection = connection;
        connection.run(job.pending);
        this.#counters.sent(job.pending);
      } else if (job.voiceLock === undefined) {
        // No room for text is room for nobody.
        return;
      } else {
        at += 1;
      }
    }
  }

  #retire(now: number): void {
    const { warm, idleMs } = this.#options;
    for (const connection of toRetire([...this.#connections.keys()], { warm, idleMs, now }))
      connection.drain();
    if (this.#ending !== undefined && this.#jobs.size === 0) {
      for (const connection of [...this.#connections.keys()]) connection.drain();
    }
  }

  /** After a failure one attempt at a time. */
  #grow(now: number): void {
    if (this.#ending !== undefined && this.#jobs.size === 0) return;
    const { maxSockets, maxPerSocket, warm } = this.#options;
    const counts = countSockets(this.#connections.keys());
    const wanted = socketsWanted(counts, {
      waiting: this.#waiting.length,
      maxPerSocket,
      warm: this.#ending === undefined ? warm : 0,
      isRefused: this.refusal !== undefined,
    });
    if (wanted === 0) return;
    const { living, connecting } = counts;
    if (this.#outage !== undefined) {
      const earliest = this.#waiting.length > 0 ? this.#outage.probeAt : this.#outage.retryAt;
      if (connecting === 0 && now >= earliest && living < maxSockets) this.#open(now);
      return;
    }
    const room = maxSockets - living;
    for (let opened = 0; opened < Math.min(wanted, room); opened += 1) this.#open(now);
    if (room <= 0 && connecting === 0) this.#makeRoom();
  }

  /** All sockets stand, and somebody waits for a voice that none of them can have. */
  #makeRoom(): void {
    const connections = [...this.#connections.keys()];
    const stuck = this.#waiting.find(
      ({ voiceLock }) =>
        !connections.some((connection) => connection.state === 'ready' && fits(connection, voiceLock)),
    );
    if (stuck === undefined) return;
    pickEviction(connections, stuck.voiceLock)?.drain();
  }

  #open(now: number): void {
    this.#counters.attempts += 1;
    const connection = this.#connect({
      onChanged: (changed) => {
        this.#onChanged(changed);
      },
      onRequestLost: (pending, error) => {
        this.#retryOrFail(pending, error);
      },
      onUsage: (usage) => {
        this.#counters.spent(usage);
      },
    });
    this.#connections.set(connection, now);
    const ended = connection.ended.then(() => {
      this.#sockets.delete(ended);
    });
    this.#sockets.add(ended);
  }

  #resolveIfEnded(): void {
    if (this.#ending !== undefined && this.#jobs.size === 0 && this.#connections.size === 0)
      this.#ending.settled();
  }

  /** The next moment at which something is due without anything having happened. */
  #nextDue(now: number): number {
    let due = Infinity;
    if (this.#ending !== undefined && this.#jobs.size === 0) return due;
    if (this.#outage !== undefined && !this.#some('connecting')) {
      const { probeAt, retryAt } = this.#outage;
      due = this.#waiting.length > 0 ? probeAt : retryAt;
    }
    if (this.#waiting.length > 0 && !this.#some('ready')) {
      for (const { waitingSince } of this.#waiting) {
        due = Math.min(due, waitingSince + this.#options.connectTimeoutMs);
      }
    }
    return Math.min(due, nextIdleAt(this.#connections.keys(), this.#options.idleMs, now));
  }

  /** A timer that is due earlier stays: it looks, finds nothing to do, and is set anew. */
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
}
