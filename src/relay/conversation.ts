/** A conversation: one client's socket joined to an upstream session of its own until either closes. */
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { GatewayError, upstreamCauseOf } from '../errors.js';
import type { Endpoint } from '../providers/endpoint.js';
import { openSession, type SessionConfiguration } from '../upstream/handshake.js';
import { KeepAlive } from '../ws/keep-alive.js';
import { wrapSocket, type Socket } from '../ws/socket.js';
import {
  responseEdge,
  type ClientEvent,
  type Decoded,
  type Dialect,
  type ServerEvent,
  type SessionView,
} from '../wire/index.js';
import { cutReason, relayedClose, type Close } from '../ws/close-codes.js';
import { createTranscoder, type Transcoder } from './transcode.js';
import { HIGH_WATER_BYTES, Sink, PausableSource } from '../ws/backpressure.js';
import type { ConversationKind } from './settings.js';
import { Meter, type Charge } from './meter.js';
import { checkPolicy } from './policy.js';
import { noTraffic, type ConversationEnd } from './counters.js';
import { FOLLOWED_EVENTS, TurnQueue } from './turn-queue.js';

export interface ConversationSetup {
  /** Open, and not read from yet. */
  readonly client: WebSocket;
  /** Independent of upstream's. */
  readonly clientDialect: Dialect;
  readonly endpoint: Endpoint;
  readonly configuration: SessionConfiguration;
  readonly kind: ConversationKind;
  /** What is said interrupts the running response; else it waits its turn. */
  readonly interrupts: boolean;
  readonly connectTimeoutMs: number;
  /** The interval of pings, and how long a pong may take. */
  readonly pingMs: number;
  readonly charge: Charge | undefined;
  readonly logger: Logger;
  /** Called once, when both sides have closed. */
  readonly onEnded: (end: ConversationEnd) => void;
}

/** While a client has more bytes of our own events unread, it is not read from: they may be errors that it causes. */
const MAX_UNREAD_EVENT_BYTES = 4 * HIGH_WATER_BYTES;
/** Memory that even the smallest buffered frame takes. */
const FRAME_OVERHEAD_BYTES = 64;

/** Stands for a connection that ended without a close frame (RFC 6455, 7.4.1). */
const ABNORMAL_CLOSURE = 1006;
/** Of RFC 6455's registry. */
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
  readonly #clientKeepAlive: KeepAlive;
  readonly #meter: Meter | undefined;
  #upstreamKeepAlive: KeepAlive | undefined;
  readonly #responses = new ResponseTracker();
  /** Absent in a written conversation, where nobody speaks meanwhile. */
  readonly #turns: TurnQueue | undefined;
  readonly #decodeFollowed: (frame: string) => Decoded<ServerEvent>;
  /** How the conversation closes once no response is running. */
  #pendingClose: Close | undefined;
  /** While `ending`, frames are read and dropped. */
  #stage: 'opening' | 'open' | 'ending' = 'opening';
  #outcome: ConversationEnd = { by: 'service', code: ABNORMAL_CLOSURE };
  /** The client's frames from before upstream was ready. */
  #buffered: Frame[] = [];
  #bufferedBytes = 0;
  readonly #openSides = new Set(['client', 'upstream']);

  constructor(setup: ConversationSetup) {
    this.#setup = setup;
    this.#logger = setup.logger;
    this.#transcoder = createTranscoder(setup.clientDialect, setup.endpoint.dialect, setup.logger);
    this.#decodeFollowed = setup.endpoint.dialect.decoderOf(FOLLOWED_EVENTS);
    this.#turns = setup.kind === 'text' ? undefined : this.#createTurns();
    this.#client = this.#watchClient();
    this.#upstream = this.#openUpstream();
    this.#fromClient = new PausableSource(this.#client);
    this.#fromUpstream = new PausableSource(this.#upstream);
    this.#toClient = new Sink(this.#client);
    this.#toUpstream = new Sink(this.#upstream);
    this.#clientKeepAlive = this.#keepAlive(this.#client, () => this.#isClientPaused());
    this.#meter =
      setup.charge &&
      new Meter(setup.charge, (error) => {
        this.#onChargeFailed(error);
      });
  }

  /** Tells the client why its conversation ends, and closes it as soon as no response is running. */
  drain(reason: string): void {
    if (this.#stage === 'ending') return;
    this.#sendEvent({ type: 'fault', kind: 'server_error', code: 'draining', message: reason });
    this.#pendingClose = { code: 1001, reason };
    this.#closeWhenIdle();
  }

  /** Closes both sides. May be called twice. */
  close(code: number, reason: string): void {
    this.#end({ by: 'service', code });
    this.#client.close(code, cutReason(reason));
    this.#upstream.close(1000);
  }

  /** Terminates both sides. May be called twice. */
  destroy(): void {
    this.#end({ by: 'service', code: ABNORMAL_CLOSURE });
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #watchClient(): Socket {
    return wrapSocket(this.#setup.client, {
      frame: (frame) => {
        this.#onClientFrame(frame);
      },
      pong: () => {
        this.#clientKeepAlive.pong();
      },
      closed: (code) => {
        this.#end({ by: 'client', code });
        this.#upstream.close(1000);
        this.#onSideClosed('client');
      },
    });
  }

  #openUpstream(): Socket {
    const { endpoint, configuration, connectTimeoutMs } = this.#setup;
    return openSession(
      endpoint,
      configuration,
      connectTimeoutMs,
      {
        ready: (session) => {
          if (this.#stage === 'opening') this.#open(session);
        },
        frame: (frame) => {
          if (this.#stage !== 'open') return;
          this.#onUpstreamFrame(frame);
        },
        pong: () => {
          this.#upstreamKeepAlive?.pong();
        },
        failed: (error, close) => {
          this.#onUpstreamFailed(error, close);
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
    this.#upstreamKeepAlive = this.#keepAlive(this.#upstream, () => this.#fromUpstream.isPaused);
    this.#sendEvent({ type: 'session.created', session: this.#turns?.shownSession(session) ?? session });
    const buffered = this.#buffered;
    this.#buffered = [];
    for (const frame of buffered) this.#forward(frame);
    this.#fromClient.resume(buffered);
  }

  #onClientFrame(frame: Frame): void {
    this.traffic.fromClientFrames += 1;
    this.traffic.fromClientBytes += Buffer.byteLength(frame);
    if (this.#stage === 'open') this.#forward(frame);
    else if (this.#stage === 'opening') this.#bufferFrame(frame);
  }

  /** Before upstream is ready. Beyond `HIGH_WATER_BYTES` the client is not read from, so that the rest waits at its end. */
  #bufferFrame(frame: Frame): void {
    this.#buffered.push(frame);
    this.#bufferedBytes += frame.length + FRAME_OVERHEAD_BYTES;
    if (this.#bufferedBytes > HIGH_WATER_BYTES) this.#fromClient.pause(this.#buffered);
  }

  #forward(frame: Frame): void {
    const decision = checkPolicy(frame, this.#setup.clientDialect);
    if (!decision.pass) {
      this.#sendEvent(decision.fault);
      return;
    }
    const { event } = decision;
    const outcome = this.#turns?.onClientEvent(event, frame.length) ?? 'pass';
    if (outcome === 'pass')
      this.#toUpstream.send(this.#transcoder.toUpstream(decision.frame, event), this.#fromClient);
    else if (outcome !== 'held') this.#sendUpstream(outcome);
    this.#meter?.add(event);
    this.#responses.onClientEvent(event);
  }

  #onUpstreamFrame(frame: string): void {
    const decoded = this.#turns === undefined ? undefined : this.#decodeFollowed(frame);
    const outcome = decoded?.kind === 'event' ? this.#turns?.onServerEvent(decoded.event) : 'pass';
    if (outcome === undefined || outcome === 'pass')
      for (const out of this.#transcoder.toClient(frame)) this.#send(out, this.#fromUpstream);
    else if (outcome !== 'hidden') this.#sendEvent(outcome);
    this.#responses.onUpstreamFrame(frame);
    this.#closeWhenIdle();
  }

  #createTurns(): TurnQueue {
    return new TurnQueue({
      interrupts: this.#setup.interrupts,
      send: (event) => {
        this.#sendUpstream(event);
      },
      report: (fault) => {
        this.#sendEvent(fault);
      },
      isUpstreamPaused: () => this.#fromUpstream.isPaused,
    });
  }

  #sendUpstream(event: ClientEvent): void {
    this.#toUpstream.send(this.#setup.endpoint.dialect.encodeClient(event), this.#fromClient);
  }

  #closeWhenIdle(): void {
    const isBusy = this.#responses.isBusy || this.#turns?.isBusy === true;
    if (this.#pendingClose !== undefined && !isBusy)
      this.close(this.#pendingClose.code, this.#pendingClose.reason);
  }

  /** Sends the client an event of our own. */
  #sendEvent(event: ServerEvent): void {
    const frame = this.#setup.clientDialect.encodeServer(event);
    if (frame !== undefined) this.#send(frame, this.#fromClient, MAX_UNREAD_EVENT_BYTES);
  }

  #send(frame: string, from: PausableSource, highWaterBytes?: number): void {
    this.traffic.toClientFrames += 1;
    this.traffic.toClientBytes += Buffer.byteLength(frame);
    this.#toClient.send(frame, from, highWaterBytes);
  }

  /** Reports the error and closes: a conversation with gaps would be of no use. */
  #onChargeFailed(error: unknown): void {
    if (this.#stage === 'ending') return;
    if (error instanceof GatewayError) {
      const { code, message } = error;
      this.#sendEvent({ type: 'fault', kind: 'rate_limit_error', code, message });
      this.close(TRY_AGAIN_LATER, message);
    } else {
      this.#logger.error({ err: error }, 'failed to charge a conversation');
      this.close(1011, 'internal');
    }
  }

  #onUpstreamFailed(error: GatewayError, close: Close | undefined): void {
    if (this.#stage === 'ending') return;
    const fallback = this.#stage === 'open' ? 'upstream lost' : error.code;
    if (this.#stage === 'opening')
      this.#sendEvent({ type: 'fault', kind: 'server_error', code: error.code, message: error.message });
    const { code, reason } = relayedClose(close, fallback);
    this.#end({ by: 'upstream', code, upstream: upstreamCauseOf(error)?.label });
    this.#client.close(code, reason);
  }

  /** From here on both sides are read until they close, and their frames are dropped. */
  #end(end: ConversationEnd): void {
    if (this.#stage !== 'ending') this.#outcome = end;
    this.#stage = 'ending';
    this.#turns?.close();
    this.#buffered = [];
    this.#fromClient.release();
    this.#fromUpstream.release();
  }

  #onSideClosed(side: 'client' | 'upstream'): void {
    this.#openSides.delete(side);
    if (this.#openSides.size > 0) return;
    this.#clientKeepAlive.stop();
    this.#upstreamKeepAlive?.stop();
    this.#setup.onEnded(this.#outcome);
  }

  /** Paused because of upstream. A client that is slow itself can be expected to answer pings. */
  #isClientPaused(): boolean {
    return this.#fromClient.isPaused && !this.#fromClient.isPausedBy(this.#toClient);
  }

  /** @param isPaused whether the socket is not being read from, so that its pong cannot arrive */
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

/** Whether upstream is responding or has been asked to, so that no response is cut off when the conversation closes. */
class ResponseTracker {
  #isRequested = false;
  #running = 0;

  get isBusy(): boolean {
    return this.#isRequested || this.#running > 0;
  }

  onClientEvent(event: ClientEvent): void {
    if (event.type === 'response.create') this.#isRequested = true;
  }

  onUpstreamFrame(frame: string): void {
    const edge = responseEdge(frame);
    if (edge === undefined) return;
    // An error may be the answer to the request. If it belongs to another event, the conversation closes too early.
    this.#isRequested = false;
    if (edge === 'begins') this.#running += 1;
    if (edge === 'ends') this.#running = Math.max(0, this.#running - 1);
  }
}
