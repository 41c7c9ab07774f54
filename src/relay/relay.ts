/** All conversations: how many there may be, how each begins, and how they end together. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { GatewayError } from '../errors.js';
import type { ProfileInput } from '../session/profile.js';
import type { Endpoint } from '../providers/endpoint.js';
import { dialects, type DialectName } from '../wire/index.js';
import { Conversation } from './conversation.js';
import type { Charge } from './meter.js';
import { relaySettings, type ConversationKind } from './settings.js';
import { RelayCounters, type RelayTotals } from './counters.js';

export interface ConversationOptions {
  readonly kind: ConversationKind;
  /** Who it counts for: an API key's owner, or an address where the service is open. */
  readonly client: string;
  /** What the client speaks. */
  readonly dialect: DialectName;
  /** In canonical form. */
  readonly profile: ProfileInput;
  readonly requestId: string;
  /** Absent: what the client uses costs nothing. */
  readonly charge?: Charge | undefined;
  /** Opaque id of who asks, for the log. */
  readonly owner: string;
  /** Called when the conversation begins; what it returns, when nothing is left of it. */
  readonly begun?: () => () => void;
}

/** A request for an upgrade that has passed every door but the last. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client said behind its request already. */
  readonly head: Buffer;
  /** Lines of the answer, beside those of the protocol: `X-Request-Id: …`. */
  responseHeaders(): readonly string[];
  /** Called when the connection has become a WebSocket: whoever had it lets go of it. */
  onUpgraded(): void;
}

export interface RelayOptions {
  /** Conversations at the same time, in all and of one client. */
  readonly max: number;
  readonly maxPerClient: number;
  readonly connectTimeoutMs: number;
  /** Of those who ask for none; absent: the provider's default. */
  readonly voice?: string | undefined;
  /** Changed by tests only. A peer that misses a ping is dropped at the next. */
  readonly pingMs?: number;
}

const PING_MS = 20_000;
/** A client's frame carries some seconds of audio, or a text; the larger ones are refused with close code 1009. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** How long a client may take to read what is left and answer our close frame. */
const CLOSE_TIMEOUT_MS = 5_000;
const SHUTDOWN_REASON = 'The service is shutting down.';

export class Relay {
  readonly #endpoint: Endpoint;
  readonly #options: RelayOptions;
  readonly #logger: Logger;
  readonly #server: WebSocketServer;
  /** Each with the client that it counts for. */
  readonly #conversations = new Map<Conversation, string>();
  readonly #counters = new RelayCounters();
  /** From the first `close` or `destroy` on. */
  #allGone: Promise<void> | undefined;
  #onAllGone = (): void => undefined;

  constructor(endpoint: Endpoint, options: RelayOptions, logger: Logger) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#logger = logger;
    this.#server = createServer();
  }

  get stats(): { conversations: number } {
    return { conversations: this.#conversations.size };
  }

  get totals(): RelayTotals {
    return this.#counters.totals([...this.#conversations.keys()].map(({ traffic }) => traffic));
  }

  /**
   * Makes the connection a WebSocket and begins its conversation, at once: whoever asks meanwhile is counted. What goes
   * wrong upstream later is told on the WebSocket. A client that has gone already leaves no trace.
   *
   * @throws GatewayError `draining`, `pool-saturated`, `rate-limited` where there is no place for one more,
   *   `invalid-request` where the request is none for a WebSocket; the connection is still whose it was then.
   */
  accept(upgrade: Upgrade, options: ConversationOptions): void {
    this.#checkCapacity(options.client);
    const addLines = (lines: string[]): void => {
      lines.push(...upgrade.responseHeaders());
    };
    this.#server.once('headers', addLines);
    try {
      this.#server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (socket) => {
        upgrade.onUpgraded();
        this.#begin(socket, options);
      });
    } finally {
      this.#server.off('headers', addLines);
    }
  }

  /**
   * Takes no one more, tells everyone (`draining`), and says goodbye (1001) to each between two of its answers; who still
   * listens to one after `graceMs` is interrupted. Resolves when all are gone. May be called twice.
   */
  async close(graceMs = 0): Promise<void> {
    const gone = this.#untilAllGone();
    for (const conversation of [...this.#conversations.keys()]) conversation.drain(SHUTDOWN_REASON);
    const late = setTimeout(() => {
      for (const conversation of [...this.#conversations.keys()]) conversation.close(1001, SHUTDOWN_REASON);
    }, graceMs);
    await gone;
    clearTimeout(late);
  }

  /** Cuts every conversation. */
  destroy(): Promise<void> {
    for (const conversation of this.#conversations.keys()) conversation.destroy();
    return this.#untilAllGone();
  }

  #untilAllGone(): Promise<void> {
    this.#allGone ??= new Promise((resolve) => (this.#onAllGone = resolve));
    if (this.#conversations.size === 0) this.#onAllGone();
    return this.#allGone;
  }

  #begin(client: WebSocket, options: ConversationOptions): void {
    const { kind, profile, dialect, requestId, owner, charge } = options;
    const { connectTimeoutMs, voice, pingMs = PING_MS } = this.#options;
    const logger = this.#logger.child({ requestId });
    const startedAt = performance.now();
    const ended = options.begun?.();
    const conversation: Conversation = new Conversation({
      client,
      clientDialect: dialects[dialect],
      endpoint: this.#endpoint,
      settings: relaySettings(kind, profile, this.#endpoint.dialect.name, voice),
      connectTimeoutMs,
      pingMs,
      charge,
      logger,
      ended: (end) => {
        const { traffic } = conversation;
        const durationMs = Math.round(performance.now() - startedAt);
        logger.info({ kind, dialect, owner, durationMs, ...end, ...traffic }, 'conversation ended');
        this.#conversations.delete(conversation);
        this.#counters.end(kind, end, traffic);
        ended?.();
        if (this.#conversations.size === 0) this.#onAllGone();
      },
    });
    this.#conversations.set(conversation, options.client);
    this.#counters.begin(kind);
    logger.info({ kind, dialect }, 'conversation begun');
  }

  #checkCapacity(client: string): void {
    const { max, maxPerClient } = this.#options;
    if (this.#allGone !== undefined)
      throw new GatewayError('draining', 'This service is shutting down. Try again.', {
        retryAfterMs: 5_000,
      });
    if (this.#conversations.size >= max)
      throw new GatewayError('pool-saturated', `All ${max} conversations are taken. Try again later.`, {
        retryAfterMs: 10_000,
      });
    const own = [...this.#conversations.values()].filter((other) => other === client).length;
    if (own >= maxPerClient)
      throw new GatewayError(
        'rate-limited',
        `One client may hold ${maxPerClient} conversations at a time. End one first.`,
        { retryAfterMs: 1_000 },
      );
  }
}

function createServer(): WebSocketServer {
  // A variable, because the published types do not know `closeTimeout` yet.
  const options = {
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Browsers that offer subprotocols hang up unless one is chosen.
    handleProtocols: (offered: Set<string>) => (offered.has('realtime') ? 'realtime' : (false as const)),
  };
  const server = new WebSocketServer(options);
  // Without a listener ws would answer by itself, in words of its own. What is thrown here ends its `handleUpgrade`.
  server.on('wsClientError', (error) => {
    const detail = `This is no request for a WebSocket. ${error.message}.`;
    throw new GatewayError('invalid-request', detail, { errors: [{ pointer: '', detail }] });
  });
  return server;
}
