/** Accepts conversations up to a limit, starts each, and ends them together on shutdown. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { GatewayError } from '../errors.js';
import type { ProfileInput } from '../session/profile.js';
import type { Endpoint } from '../providers/endpoint.js';
import type { SessionConfiguration } from '../upstream/handshake.js';
import type { Isolation } from '../upstream/isolation/isolation.js';
import { clientDialects, type ClientDialectName } from '../wire/index.js';
import { Conversation } from './conversation.js';
import type { Charge } from './meter.js';
import { relaySettings, type ConversationKind, type SpeechDefaults } from './settings.js';
import { RelayCounters, type RelayTotals } from './counters.js';

export interface ConversationOptions {
  readonly kind: ConversationKind;
  /** Whose limit it counts towards: an API key's owner, or an address if the service needs no key. */
  readonly client: string;
  /** Of the client. */
  readonly dialect: ClientDialectName;
  /** In canonical form. */
  readonly profile: ProfileInput;
  /** Whether speech interrupts the running response. Absent: not in an interpreter, which is heard to its end. */
  readonly interrupts?: boolean | undefined;
  readonly requestId: string;
  /** Absent: the client is not charged. */
  readonly charge?: Charge | undefined;
  /** Opaque id of the client, for the log. */
  readonly owner: string;
  /** Called when the conversation begins; the function it returns, when both sides have closed. */
  readonly begun?: () => () => void;
}

/** An upgrade request that has been authenticated and checked. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came behind the request already. */
  readonly head: Buffer;
  /** Header lines of the 101 response, beside those of the protocol: `X-Request-Id: …`. */
  responseHeaders(): readonly string[];
  /** Called when the connection has become a WebSocket, which the relay owns from then on. */
  onUpgraded(): void;
}

export interface RelayOptions extends SpeechDefaults {
  /** Conversations at the same time: of all clients, and of one. */
  readonly max: number;
  readonly maxPerClient: number;
  readonly connectTimeoutMs: number;
  /** Absent: a server as OpenAI's. */
  readonly isolation?: Pick<Isolation, 'conversationSettings' | 'faultGraceMs'>;
  /** Changed by tests only. A peer that does not answer a ping is dropped at the next. */
  readonly pingMs?: number;
}

const PING_MS = 20_000;
/** A client's frame carries seconds of audio, or a text; larger frames are refused with close code 1009. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** How long a client may take to read what is buffered and answer our close frame. */
const CLOSE_TIMEOUT_MS = 5_000;
const SHUTDOWN_REASON = 'The service is shutting down.';

export class Relay {
  readonly #endpoint: Endpoint;
  readonly #options: RelayOptions;
  readonly #logger: Logger;
  readonly #server: WebSocketServer;
  /** Each with its `client`. */
  readonly #conversations = new Map<Conversation, string>();
  readonly #counters = new RelayCounters();
  /** Set by the first `close` or `destroy`. */
  #allEnded: Promise<void> | undefined;
  #onAllEnded = (): void => undefined;

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
   * Upgrades the connection and begins its conversation, synchronously, so that the limits hold for requests that come
   * at once. Upstream failures are reported on the WebSocket. A client that has disconnected already leaves no trace.
   *
   * @throws GatewayError `draining`, `pool-saturated`, `rate-limited` if there is no capacity, `invalid-request` if this
   *   is not a WebSocket request; the caller still owns the connection then.
   */
  accept(upgrade: Upgrade, options: ConversationOptions): void {
    this.#checkCapacity(options.client);
    const addHeaders = (lines: string[]): void => {
      lines.push(...upgrade.responseHeaders());
    };
    this.#server.once('headers', addHeaders);
    try {
      this.#server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (socket) => {
        upgrade.onUpgraded();
        this.#begin(socket, options);
      });
    } finally {
      this.#server.off('headers', addHeaders);
    }
  }

  /**
   * Accepts no more conversations, notifies every client (`draining`), and closes each conversation (1001) as soon as no
   * response is running in it, or after `graceMs`. Resolves when all have ended. May be called twice.
   */
  async close(graceMs = 0): Promise<void> {
    const allEnded = this.#untilAllEnded();
    for (const conversation of [...this.#conversations.keys()]) conversation.drain(SHUTDOWN_REASON);
    const deadline = setTimeout(() => {
      for (const conversation of [...this.#conversations.keys()]) conversation.close(1001, SHUTDOWN_REASON);
    }, graceMs);
    await allEnded;
    clearTimeout(deadline);
  }

  /** Terminates every conversation. */
  destroy(): Promise<void> {
    for (const conversation of this.#conversations.keys()) conversation.destroy();
    return this.#untilAllEnded();
  }

  #untilAllEnded(): Promise<void> {
    this.#allEnded ??= new Promise((resolve) => (this.#onAllEnded = resolve));
    if (this.#conversations.size === 0) this.#onAllEnded();
    return this.#allEnded;
  }

  #begin(client: WebSocket, options: ConversationOptions): void {
    const { kind, profile, dialect, requestId, owner, charge } = options;
    const { connectTimeoutMs, pingMs = PING_MS } = this.#options;
    const logger = this.#logger.child({ requestId });
    const startedAt = performance.now();
    const reportEnd = options.begun?.();
    const { interrupts = profile.target === undefined } = options;
    const conversation: Conversation = new Conversation({
      client,
      clientDialect: clientDialects[dialect],
      endpoint: this.#endpoint,
      kind,
      configuration: this.#configuration(kind, profile, interrupts),
      interrupts,
      connectTimeoutMs,
      pingMs,
      charge,
      logger,
      onEnded: (end) => {
        const { traffic } = conversation;
        const durationMs = Math.round(performance.now() - startedAt);
        logger.info({ kind, dialect, owner, durationMs, ...end, ...traffic }, 'conversation ended');
        this.#conversations.delete(conversation);
        this.#counters.end(kind, end, traffic);
        reportEnd?.();
        if (this.#conversations.size === 0) this.#onAllEnded();
      },
    });
    this.#conversations.set(conversation, options.client);
    this.#counters.begin(kind);
    logger.info({ kind, dialect }, 'conversation begun');
  }

  #configuration(kind: ConversationKind, profile: ProfileInput, interrupts: boolean): SessionConfiguration {
    const { isolation } = this.#options;
    const settings = relaySettings(kind, profile, this.#options, interrupts);
    const { dialect } = this.#endpoint;
    return {
      settings: () => isolation?.conversationSettings(settings, dialect) ?? settings,
      faultGraceMs: isolation?.faultGraceMs ?? 0,
    };
  }

  #checkCapacity(client: string): void {
    const { max, maxPerClient } = this.#options;
    if (this.#allEnded !== undefined)
      throw new GatewayError('draining', 'This service is shutting down. Try again.', {
        retryAfterMs: 5_000,
      });
    if (this.#conversations.size >= max)
      throw new GatewayError('pool-saturated', `All ${max} conversations are taken. Try again later.`, {
        retryAfterMs: 10_000,
      });
    const held = [...this.#conversations.values()].filter((other) => other === client).length;
    if (held >= maxPerClient)
      throw new GatewayError(
        'rate-limited',
        `One client may hold ${maxPerClient} conversations at a time. End one first.`,
        { retryAfterMs: 1_000 },
      );
  }
}

function createServer(): WebSocketServer {
  // A variable, because the published types do not have `closeTimeout` yet.
  const options = {
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Browsers that offer subprotocols close the connection unless one is chosen.
    handleProtocols: (offered: Set<string>) => (offered.has('realtime') ? 'realtime' : (false as const)),
  };
  const server = new WebSocketServer(options);
  // Without a listener ws would answer by itself, with its own text. `handleUpgrade` passes on what is thrown here.
  server.on('wsClientError', (error) => {
    const detail = `This is not a WebSocket request. ${error.message}.`;
    throw new GatewayError('invalid-request', detail, { errors: [{ pointer: '', detail }] });
  });
  return server;
}
