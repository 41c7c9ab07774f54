/** One browser socket and one upstream session of its own, joined for as long as both live. */
import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import type { GatewayError } from '../errors.js';
import type { Endpoint } from '../upstream/endpoint.js';
import { openSession } from '../upstream/handshake.js';
import { KeepAlive } from '../upstream/keep-alive.js';
import type { Socket } from '../upstream/socket.js';
import type { Dialect, ServerEvent, SessionSettings, SessionView } from '../wire/index.js';
import { clientClose, cutReason } from './close.js';
import { Flow } from './flow.js';
import { judge } from './rules.js';

export interface ConversationSetup {
  readonly client: WebSocket;
  /** What the client speaks, whatever upstream does. */
  readonly clientDialect: Dialect;
  readonly endpoint: Endpoint;
  readonly settings: SessionSettings;
  readonly connectTimeoutMs: number;
  readonly logger: Logger;
  /** Both sides are gone. */
  readonly ended: () => void;
}

/** A missed pong is noticed at the next ping, so a peer is dropped within 40 s. */
const PING_TIMES = { busyMs: 20_000, idleMs: 20_000, deadMs: 20_000 };
/** What a client may say before upstream is ready; more of it waits in the network. */
const MAX_HELD_BYTES = 256 * 1024;

export class Conversation {
  readonly #client: WebSocket;
  readonly #setup: ConversationSetup;
  readonly #upstream: Socket;
  readonly #down: Flow;
  readonly #up: Flow;
  readonly #keepAlives: KeepAlive[] = [];
  /** Frames of the client from before upstream was ready; undefined from then on. */
  #held: string[] | undefined = [];
  #heldBytes = 0;
  #upstreamGone = false;
  #over = false;

  constructor(setup: ConversationSetup) {
    const { client, endpoint, logger } = setup;
    this.#setup = setup;
    this.#client = client;
    this.#upstream = openSession(
      endpoint,
      setup.settings,
      setup.connectTimeoutMs,
      {
        ready: (session) => {
          this.#ready(session);
        },
        frame: (text) => {
          this.#fromUpstream(text);
        },
        pong: () => {
          this.#keepAlives[1]?.pong();
        },
        failed: (error, close) => {
          this.#upstreamFailed(error, close);
        },
        gone: () => {
          this.#upstreamGone = true;
          this.#end();
        },
      },
      logger,
    );
    const clientSink = {
      get bufferedBytes() {
        return client.bufferedAmount;
      },
      send: (frame: string, sent: () => void) => {
        if (client.readyState === WebSocket.OPEN) client.send(frame, sent);
      },
    };
    this.#down = new Flow(this.#upstream, clientSink);
    this.#up = new Flow(client, this.#upstream);
    this.#watchClient();
  }

  /** Ends it from our side; upstream hears a plain goodbye. May be called twice. */
  close(code: number, reason: string): void {
    this.#over = true;
    this.#client.close(code, cutReason(reason));
    this.#upstream.close(1000);
  }

  /** Cuts both sides. */
  destroy(): void {
    this.#over = true;
    this.#client.terminate();
    this.#upstream.terminate();
  }

  #watchClient(): void {
    const client = this.#client;
    client.on('message', (data, isBinary) => {
      // Frames are text; what a binary one holds is refused as what it is not.
      const buffer = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
      this.#fromClient(isBinary ? '' : buffer.toString('utf8'));
    });
    client.on('error', (error) => {
      this.#setup.logger.debug({ err: error }, 'conversation socket failed');
    });
    client.on('close', (code, reason) => {
      this.#over = true;
      this.#setup.logger.info({ code, reason: reason.toString('utf8') }, 'conversation left by its client');
      // A paused upstream would not notice its own end.
      this.#upstream.resume();
      this.#upstream.close(1000);
      this.#end();
    });
    const down = this.#down;
    const up = this.#up;
    const upstream = this.#upstream;
    const clientAlive = new KeepAlive(
      {
        ping: () => {
          if (client.readyState === WebSocket.OPEN) client.ping();
        },
        get bufferedBytes() {
          return client.bufferedAmount;
        },
        busy: true,
        get deaf() {
          return up.paused;
        },
        dead: () => {
          client.terminate();
        },
      },
      PING_TIMES,
    );
    const upstreamAlive = new KeepAlive(
      {
        ping: () => {
          upstream.ping();
        },
        get bufferedBytes() {
          return upstream.bufferedBytes;
        },
        busy: true,
        get deaf() {
          return down.paused;
        },
        dead: () => {
          upstream.terminate();
        },
      },
      PING_TIMES,
    );
    client.on('pong', () => {
      clientAlive.pong();
    });
    this.#keepAlives.push(clientAlive, upstreamAlive);
  }

  #ready(session: SessionView): void {
    const created: ServerEvent = { type: 'session.created', session };
    this.#tell(created);
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#heldBytes > MAX_HELD_BYTES) this.#client.resume();
    for (const frame of held) this.#fromClient(frame);
  }

  #fromClient(frame: string): void {
    if (this.#held !== undefined) {
      this.#held.push(frame);
      const before = this.#heldBytes;
      this.#heldBytes += frame.length;
      if (before <= MAX_HELD_BYTES && this.#heldBytes > MAX_HELD_BYTES) this.#client.pause();
      return;
    }
    const { clientDialect, endpoint } = this.#setup;
    const verdict = judge(clientDialect.decodeClient(frame));
    if (!verdict.pass) this.#tell(verdict.fault);
    else
      this.#up.send(
        clientDialect === endpoint.dialect ? frame : endpoint.dialect.encodeClient(verdict.event),
      );
  }

  /** Where both speak the same nothing is looked into: a frame is passed on as it came. */
  #fromUpstream(frame: string): void {
    const { clientDialect, endpoint, logger } = this.#setup;
    if (clientDialect === endpoint.dialect) {
      this.#down.send(frame);
      return;
    }
    const decoded = endpoint.dialect.decodeServer(frame);
    if (decoded.kind === 'event') this.#tell(decoded.event);
    else logger.debug(decoded, 'an upstream event that the client has no word for');
  }

  #upstreamFailed(error: GatewayError, close: { code: number; reason: string } | undefined): void {
    if (this.#over) return;
    this.#over = true;
    const ready = this.#held === undefined;
    if (!ready) {
      this.#tell({ type: 'fault', kind: 'server_error', code: error.code, message: error.message });
    }
    const { code, reason } = clientClose(close, ready ? 'upstream lost' : error.code);
    this.#client.resume();
    this.#client.close(code, reason);
  }

  #tell(event: ServerEvent): void {
    const frame = this.#setup.clientDialect.encodeServer(event);
    if (frame !== undefined) this.#down.send(frame);
  }

  #end(): void {
    if (!this.#upstreamGone || this.#client.readyState !== WebSocket.CLOSED) return;
    for (const keepAlive of this.#keepAlives) keepAlive.stop();
    this.#setup.ended();
  }
}
