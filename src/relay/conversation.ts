/** One client's socket and one upstream session of its own, joined for as long as both live. */
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { GatewayError, upstreamCauseOf } from '../errors.js';
import type { Endpoint } from '../providers/endpoint.js';
import { openSession } from '../upstream/handshake.js';
import { KeepAlive } from '../ws/keep-alive.js';
import { wrapSocket, type Socket } from '../ws/socket.js';
import type { Dialect, ServerEvent, SessionSettings, SessionView } from '../wire/index.js';
import { cutReason, relayedClose, type Close } from '../ws/close-codes.js';
import { createTranscoder, type Transcoder } from './transcode.js';
import { HIGH_WATER_BYTES, Sink, PausableSource } from '../ws/backpressure.js';
import { Meter, type Charge } from './meter.js';
import { checkPolicy } from './policy.js';
import { noTraffic, type ConversationEnd } from './counters.js';
import { ResponseTracker } from './response-tracker.js';

export interface ConversationSetup {
  /** Open, and not read from yet. */
  readonly client: WebSocket;
  /** What the client speaks, whatever upstream does. */
  readonly clientDialect: Dialect;
  readonly endpoint: Endpoint;
  readonly settings: SessionSettings;
  readonly connectTimeoutMs: number;
  /** Between pings, and how long a pong may take. */
  readonly pingMs: number;
  readonly charge: Charge | undefined;
  readonly logger: Logger;
  /** Nothing is left of either side. Called once. */
  readonly ended: (end: ConversationEnd) => void;
}

/** Refusals that a client has not read: with so many bytes of them it had better read before it says more. */
const MAX_UNREAD_ANSWER_BYTES = 4 * HIGH_WATER_BYTES;
/** What even the smallest frame takes while it is kept. */
const FRAME_COST_BYTES = 64;
/** What stands for a side that was cut without a close frame. */
const LOST = 1006;

/** RFC 6455's registry: the client comes again later. */
const TRY_AGAIN_LATER = 1013;

type Frame = string | Uint8Array;

export class Conversation {
  readonly traffic = noTraffic();
  readonly #setup: ConversationSetup;
  readonly #logger: Logger;
  readonly #transcoder: Transcoder;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #fromClient: PausableSource;
  readonly #fromUpstream: PausableSource;
  readonly #toClient: Sink;
  readonly #toUpstream: Sink;
  readonly #clientAlive: KeepAlive;
  readonly #meter: Meter | undefined;
  #upstreamAlive: KeepAlive | undefined;
  readonly #responses = new ResponseTracker();
  /** How the conversation is to end once no answer runs. */
  #pendingClose: Close | undefined;
  /** From `ending` on nothing is passed on any more. */
  #stage: 'opening' | 'open' | 'ending' = 'opening';
  #ended: ConversationEnd = { by: 'service', code: LOST };
  /** What the client said before upstream was ready. */
  #early: Frame[] = [];
  #earlyBytes = 0;
  readonly #openSides = new Set(['client', 'upstream']);

  constructor(setup: ConversationSetup) {
    this.#setup = setup;
    this.#logger = setup.logger;
    this.#transcoder = createTranscoder(setup.clientDialect, setup.endpoint.dialect, setup.logger);
    this.#client = this.#watchClient();
    this.#upstream = this.#openUpstream();
    this.#fromClient = new PausableSource(this.#client);
    this.#fromUpstream = new PausableSource(this.#upstream);
    this.#toClient = new Sink(this.#client);
    this.#toUpstream = new Sink(this.#upstream);
    this.#clientAlive = this.#keepAlive(this.#client, () => this.#isClientPaused());
    this.#meter =
      setup.charge &&
      new Meter(setup.charge, (error) => {
        this.#onChargeFailed(error);
      });
  }

  /** Tells the client why its conversation ends, lets a running answer come to its end, and says goodbye. */
  drain(reason: string): void {
    if (this.#stage === 'ending') return;
    this.#sendEvent({ type: 'fault', kind: 'server_error', code: 'draining', message: reason });
    this.#pendingClose = { code: 1001, reason };
    this.#closeWhenIdle();
  }

  /** Says goodbye to both sides. May be called twice. */
  close(code: number, reason: string): void {
    this.#end({ by: 'service', code });
    this.#client.close(code, cutReason(reason));
    this.#upstream.close(1000);
  }

  /** Cuts both sides. */
  destroy(): void {
    this.#end({ by: 'service', code: LOST });
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #watchClient(): Socket {
    return wrapSocket(this.#setup.client, {
      frame: (frame) => {
        this.#onClientFrame(frame);
      },
      pong: () => {
        this.#clientAlive.pong();
      },
      closed: (code) => {
        this.#end({ by: 'client', code });
        this.#upstream.close(1000);
        this.#onSideClosed('client');
      },
    });
  }

  #openUpstream(): Socket {
    const { endpoint, settings, connectTimeoutMs } = this.#setup;
    return openSession(
      endpoint,
      settings,
      connectTimeoutMs,
      {
        ready: (session) => {
          if (this.#stage === 'opening') this.#open(session);
        },
        frame: (frame) => {
          if (this.#stage !== 'open') return;
          for (const told of this.#transcoder.toClient(frame)) this.#send(told, this.#fromUpstream);
          this.#responses.onUpstreamFrame(frame);
          this.#closeWhenIdle();
        },
        pong: () => {
          this.#upstreamAlive?.pong();
        },
        failed: (error, close) => {
          this.#upstreamFailed(error, close);
        },
        gone: () => {
          this.#onSideClosed('upstream');
        },
      },
      this.#logger,
    );
  }

  #open(session: SessionView): void {
    this.#stage = 'open';
    this.#upstreamAlive = this.#keepAlive(this.#upstream, () => this.#fromUpstream.isPaused);
    this.#sendEvent({ type: 'session.created', session });
    const early = this.#early;
    this.#early = [];
    for (const frame of early) this.#forward(frame);
    this.#fromClient.resume(early);
  }

  #onClientFrame(frame: Frame): void {
    this.traffic.fromClientFrames += 1;
    this.traffic.fromClientBytes += Buffer.byteLength(frame);
    if (this.#stage === 'open') this.#forward(frame);
    else if (this.#stage === 'opening') this.#bufferFrame(frame);
  }

  /** More than a little of it waits in the network. */
  #bufferFrame(frame: Frame): void {
    this.#early.push(frame);
    this.#earlyBytes += frame.length + FRAME_COST_BYTES;
    if (this.#earlyBytes > HIGH_WATER_BYTES) this.#fromClient.pause(this.#early);
  }

  #forward(frame: Frame): void {
    const verdict = checkPolicy(frame, this.#setup.clientDialect);
    if (!verdict.pass) {
      this.#sendEvent(verdict.fault);
      return;
    }
    this.#toUpstream.send(this.#transcoder.toUpstream(verdict.frame, verdict.event), this.#fromClient);
    this.#meter?.add(verdict.event);
    this.#responses.onClientEvent(verdict.event);
  }

  #closeWhenIdle(): void {
    if (this.#pendingClose !== undefined && !this.#responses.isBusy)
      this.close(this.#pendingClose.code, this.#pendingClose.reason);
  }

  /** Says something of our own to the client. */
  #sendEvent(event: ServerEvent): void {
    const frame = this.#setup.clientDialect.encodeServer(event);
    if (frame !== undefined) this.#send(frame, this.#fromClient, MAX_UNREAD_ANSWER_BYTES);
  }

  #send(frame: string, from: PausableSource, highWaterBytes?: number): void {
    this.traffic.toClientFrames += 1;
    this.traffic.toClientBytes += Buffer.byteLength(frame);
    this.#toClient.send(frame, from, highWaterBytes);
  }

  /** Said and closed: a conversation with holes in it would be of no use to anybody. */
  #onChargeFailed(error: unknown): void {
    if (this.#stage === 'ending') return;
    if (error instanceof GatewayError) {
      const { code, message } = error;
      this.#sendEvent({ type: 'fault', kind: 'rate_limit_error', code, message });
      this.close(TRY_AGAIN_LATER, message);
    } else {
      this.#logger.error({ err: error }, 'a conversation could not be charged');
      this.close(1011, 'internal');
    }
  }

  #upstreamFailed(error: GatewayError, close: Close | undefined): void {
    if (this.#stage === 'ending') return;
    const lost = this.#stage === 'open' ? 'upstream lost' : error.code;
    if (this.#stage === 'opening')
      this.#sendEvent({ type: 'fault', kind: 'server_error', code: error.code, message: error.message });
    const told = relayedClose(close, lost);
    this.#end({ by: 'upstream', code: told.code, upstream: upstreamCauseOf(error)?.label });
    this.#client.close(told.code, told.reason);
  }

  /** Both sides are read to their end, and what they still say is dropped. */
  #end(end: ConversationEnd): void {
    if (this.#stage !== 'ending') this.#ended = end;
    this.#stage = 'ending';
    this.#early = [];
    this.#fromClient.release();
    this.#fromUpstream.release();
  }

  #onSideClosed(side: 'client' | 'upstream'): void {
    this.#openSides.delete(side);
    if (this.#openSides.size > 0) return;
    this.#clientAlive.stop();
    this.#upstreamAlive?.stop();
    this.#setup.ended(this.#ended);
  }

  /** We do not read it because upstream is slow; where it is slow itself, it has to answer pings all the same. */
  #isClientPaused(): boolean {
    return this.#fromClient.isPaused && !this.#fromClient.isPausedBy(this.#toClient);
  }

  #keepAlive(socket: Socket, isPaused: () => boolean): KeepAlive {
    const { pingMs } = this.#setup;
    const onTimeout = (): void => {
      this.#logger.info('a peer answered no ping in time and is cut off');
      socket.destroy();
    };
    return new KeepAlive(
      { socket, isBusy: () => true, isPaused, onTimeout },
      { busyMs: pingMs, idleMs: pingMs, deadMs: pingMs },
    );
  }
}
