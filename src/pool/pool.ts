/**
 * How many sockets there are, which one serves a request, and who waits.
 * Everything changes lists and calls `#advance()`, the only place that decides what happens next.
 */
import type { Logger } from 'pino';
import { Bag, type Placed } from '../bag.js';
import { GatewayError, upstreamCauseOf } from '../errors.js';
import type { Connection, ConnectionObserver } from '../upstream/connection.js';
import { lostAnswer, upstreamError } from '../upstream/failure.js';
import { PendingResponse, type UpstreamRequest } from '../upstream/response.js';
import { choose, chooseVictim, fits, laneOf, type Lane } from './choose.js';
import { Tally, type PoolTotals } from './tally.js';
import { nextIdleAt, socketsWanted, superfluous, takeCensus } from './growth.js';
import { afterFailure, isBroken, type Trouble } from './trouble.js';

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
interface Job extends Placed {
  readonly pending: PendingResponse;
  readonly lane: Lane;
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
  readonly #tally = new Tally();
  readonly #sockets = new Set<Promise<void>>();
  #waiting: Job[] = [];
  #trouble: Trouble | undefined;
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
    this.#refuseWhileBroken();
    const accepted = this.#waiting.length + this.#running;
    if (accepted >= this.#capacity + this.#options.maxWaiting)
      throw new GatewayError(
        'pool-saturated',
        'All connections to the translation provider are busy. Try again.',
      );
    const pending = new PendingResponse(request, () => {
      this.#settled(job);
    });
    const job: Job = {
      place: 0,
      pending,
      lane: laneOf(request),
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
    return this.#tally;
  }

  /** The first attempt for the warm stock has neither succeeded nor failed yet. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Why upstream refuses us, since it last did and until a handshake succeeds. */
  get refusal(): GatewayError | undefined {
    const error = this.#trouble?.error;
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
  #settled(job: Job): void {
    const { pending } = job;
    this.#jobs.remove(job);
    this.#tally.heardAudioBytes += pending.audioBytes;
    clearTimeout(job.deadline);
    if (job.connection === undefined) this.#waiting = this.#waiting.filter((other) => other !== job);
    else job.connection.abandon(pending);
    // A slot is free when its socket says so, which asks what is next as well.
    if (job.connection === undefined || this.#ending !== undefined) this.#advance();
  }

  /** The socket under a request is gone: once more on another one, unless part of the answer was told already. */
  #orphaned(pending: PendingResponse, cause: GatewayError): void {
    const job = [...this.#jobs].find((each) => each.pending === pending);
    if (job === undefined) return;
    if (pending.isTold || pending.attempts >= MAX_ATTEMPTS) {
      pending.fail(lostAnswer(pending.hasBegun, cause));
      return;
    }
    job.connection = undefined;
    job.waitingSince = performance.now();
    this.#tally.reruns += 1;
    // Ahead of those that have not run yet, in the order of acceptance.
    const ahead = this.#waiting.findIndex(({ pending: { attempts, moments } }) => {
      return attempts === 0 || moments.acceptedAt > pending.moments.acceptedAt;
    });
    this.#waiting.splice(ahead < 0 ? this.#waiting.length : ahead, 0, job);
  }

  #changed(connection: Connection): void {
    if (connection.state !== 'connecting') this.#isStarting = false;
    if (connection.state === 'ready' && this.#trouble !== undefined) {
      this.#logger.info('upstream is back');
      this.#trouble = undefined;
    }
    if (connection.state === 'closed') this.#buried(connection);
    this.#advance();
  }

  #buried(connection: Connection): void {
    const startedAt = this.#connections.get(connection);
    this.#connections.delete(connection);
    const { error, readyAt } = connection;
    this.#tally.ended(error, readyAt !== undefined);
    if (startedAt === undefined || error === undefined || this.#ending !== undefined) return;
    const now = performance.now();
    const proven = readyAt !== undefined && (connection.finished > 0 || now - readyAt > PROVEN_AFTER_MS);
    if (proven && error.code === 'upstream-unavailable') return;
    this.#trouble = afterFailure(this.#trouble, { error, startedAt, now });
    this.#logger.warn(
      { code: error.code, upstream: upstreamCauseOf(error)?.label, failures: this.#trouble.failures },
      'no connection to upstream',
    );
    // A refusal concerns everybody, also those who could still be served by sockets that were accepted earlier.
    if (error.code === 'upstream-rejected') this.#failWaiting(this.#waiting, this.#trouble, now);
  }

  /** Upstream is out of reach: those for whom waiting has become pointless are told at once. */
  #giveUpWaiting(now: number): void {
    const trouble = this.#trouble;
    if (trouble === undefined || this.#waiting.length === 0 || this.#some('ready')) return;
    const isPointless =
      now < trouble.demandAt &&
      isBroken(trouble, this.#options.connectTimeoutMs, now) &&
      !this.#some('connecting');
    const given = this.#waiting.filter(
      ({ waitingSince }) => isPointless || now - waitingSince >= this.#options.connectTimeoutMs,
    );
    this.#failWaiting(given, trouble, now);
  }

  #failWaiting(jobs: readonly Job[], trouble: Trouble, now: number): void {
    for (const { pending } of [...jobs]) pending.fail(this.#troubled(trouble, now));
  }

  #refuseWhileBroken(): void {
    const trouble = this.#trouble;
    const now = performance.now();
    if (trouble === undefined || now >= trouble.demandAt) return;
    if (this.#some('ready') || this.#some('connecting')) return;
    if (isBroken(trouble, this.#options.connectTimeoutMs, now)) throw this.#troubled(trouble, now);
  }

  #troubled({ error, retryAt }: Trouble, now: number): GatewayError {
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
        this.#giveUpWaiting(now);
        this.#assign();
        this.#retire(now);
        this.#grow(now);
        this.#finishEnding();
        this.#wakeAt(this.#nextDue(now), now);
      } while (this.#isAskedAgain());
    } finally {
      this.#advancing = 'no';
    }
  }

  #isAskedAgain(): boolean {
    return this.#advancing === 'again';
  }

  /** First come, first served, but a voice that has no socket does not hold up the others. */
  #assign(): void {
    let at = 0;
    for (let job = this.#waiting[at]; job !== undefined; job = this.#waiting[at]) {
      const connection = choose(this.#connections.keys(), job.lane, job.pending.request.prompt);
      if (connection !== undefined) {
        this.#waiting.splice(at, 1);
        job.connection = connection;
        connection.run(job.pending);
        this.#tally.sent(job.pending);
      } else if (job.lane === undefined) {
        // No room for text is room for nobody.
        return;
      } else {
        at += 1;
      }
    }
  }

  #retire(now: number): void {
    const { warm, idleMs } = this.#options;
    for (const connection of superfluous([...this.#connections.keys()], { warm, idleMs, now }))
      connection.drain();
    if (this.#ending !== undefined && this.#jobs.size === 0) {
      for (const connection of [...this.#connections.keys()]) connection.drain();
    }
  }

  /** After a failure one attempt at a time. */
  #grow(now: number): void {
    if (this.#ending !== undefined && this.#jobs.size === 0) return;
    const { maxSockets, maxPerSocket, warm } = this.#options;
    const census = takeCensus(this.#connections.keys());
    const wanted = socketsWanted(census, {
      waiting: this.#waiting.length,
      maxPerSocket,
      warm: this.#ending === undefined ? warm : 0,
      isRefused: this.refusal !== undefined,
    });
    if (wanted === 0) return;
    const { living, connecting } = census;
    if (this.#trouble !== undefined) {
      const earliest = this.#waiting.length > 0 ? this.#trouble.demandAt : this.#trouble.retryAt;
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
      ({ lane }) => !connections.some((connection) => connection.state === 'ready' && fits(connection, lane)),
    );
    if (stuck === undefined) return;
    chooseVictim(connections, stuck.lane)?.drain();
  }

  #open(now: number): void {
    this.#tally.attempts += 1;
    const connection = this.#connect({
      changed: (changed) => {
        this.#changed(changed);
      },
      orphaned: (pending, error) => {
        this.#orphaned(pending, error);
      },
      spent: (usage) => {
        this.#tally.spent(usage);
      },
    });
    this.#connections.set(connection, now);
    const ended = connection.ended.then(() => {
      this.#sockets.delete(ended);
    });
    this.#sockets.add(ended);
  }

  #finishEnding(): void {
    if (this.#ending !== undefined && this.#jobs.size === 0 && this.#connections.size === 0)
      this.#ending.settled();
  }

  /** The next moment at which something is due without anything having happened. */
  #nextDue(now: number): number {
    let due = Infinity;
    if (this.#ending !== undefined && this.#jobs.size === 0) return due;
    if (this.#trouble !== undefined && !this.#some('connecting')) {
      const { demandAt, retryAt } = this.#trouble;
      due = this.#waiting.length > 0 ? demandAt : retryAt;
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
