/** All conversations: how many there may be, how each is set up, and how they end together. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import { GatewayError } from '../errors.js';
import type { Endpoint } from '../upstream/endpoint.js';
import { dialects, type DialectName, type SessionSettings } from '../wire/index.js';
import { Conversation } from './conversation.js';

export type ConversationKind = 'voice' | 'text';

export interface ConversationWish {
  readonly kind: ConversationKind;
  /** Who it counts for: an API key's owner, or an address where the service is open. */
  readonly client: string;
  /** What the client speaks. */
  readonly dialect: DialectName;
  readonly instructions: string;
  /** Absent: the one of the service, else the provider's default. */
  readonly voice?: string | undefined;
  /** BCP 47, where the client said what is spoken. */
  readonly source?: string | undefined;
  readonly requestId: string;
}

export interface RelayOptions {
  /** Conversations at the same time, in all and of one client. */
  readonly max: number;
  readonly maxPerClient: number;
  readonly connectTimeoutMs: number;
  readonly voice?: string | undefined;
}

/** A client's frame carries some seconds of audio, or a text; the larger ones are refused with close code 1009. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** Transcribes the caller's words in the session's own language; the older name is all that preview servers know. */
const TRANSCRIPTION_MODELS: Record<DialectName, string> = { ga: 'gpt-transcribe', preview: 'whisper-1' };

export class Relay {
  readonly #endpoint: Endpoint;
  readonly #options: RelayOptions;
  readonly #logger: Logger;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    // Browsers that offer subprotocols hang up unless one is chosen.
    handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
  });
  readonly #conversations = new Map<Conversation, string>();
  #closing = false;
  #allEnded: (() => void) | undefined;

  constructor(endpoint: Endpoint, options: RelayOptions, logger: Logger) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#logger = logger;
  }

  get stats(): { conversations: number } {
    return { conversations: this.#conversations.size };
  }

  /**
   * Takes over a socket that asks for an upgrade. What goes wrong upstream later is told on the WebSocket.
   * Whoever calls has asked `admit` just before.
   */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, wish: ConversationWish): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      const logger = this.#logger.child({ requestId: wish.requestId });
      const conversation: Conversation = new Conversation({
        client,
        clientDialect: dialects[wish.dialect],
        endpoint: this.#endpoint,
        settings: this.#settings(wish),
        connectTimeoutMs: this.#options.connectTimeoutMs,
        logger,
        ended: () => {
          this.#conversations.delete(conversation);
          if (this.#conversations.size === 0) this.#allEnded?.();
        },
      });
      this.#conversations.set(conversation, wish.client);
      logger.info({ kind: wish.kind }, 'conversation begun');
    });
  }

  /** Says goodbye to everyone (1001) and resolves when all are gone. May be called twice. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const conversation of this.#conversations.keys())
      conversation.close(1001, 'service is shutting down');
    if (this.#conversations.size > 0) await new Promise<void>((resolve) => (this.#allEnded = resolve));
  }

  /** Cuts every conversation. */
  async destroy(): Promise<void> {
    this.#closing = true;
    for (const conversation of this.#conversations.keys()) conversation.destroy();
    await this.close();
  }

  /** @throws GatewayError `draining`, `pool-saturated`, `rate-limited` where there is no place for one more */
  admit(client: string): void {
    if (this.#closing) {
      throw new GatewayError('draining', 'This service is shutting down. Try again.', {
        retryAfterMs: 5_000,
      });
    }
    if (this.#conversations.size >= this.#options.max) {
      throw new GatewayError(
        'pool-saturated',
        `All ${this.#options.max} conversations are taken. Try again later.`,
        {
          retryAfterMs: 10_000,
        },
      );
    }
    const own = [...this.#conversations.values()].filter((other) => other === client).length;
    if (own >= this.#options.maxPerClient) {
      throw new GatewayError(
        'rate-limited',
        `One client may hold ${this.#options.maxPerClient} conversations at a time. End one first.`,
        { retryAfterMs: 1_000 },
      );
    }
  }

  #settings({ kind, instructions, voice, source }: ConversationWish): SessionSettings {
    const { dialect } = this.#endpoint;
    const spokenBy = voice ?? this.#options.voice;
    const same: SessionSettings = {
      instructions,
      inputFormat: 'pcm16',
      outputFormat: 'pcm16',
      tools: [],
      toolChoice: 'none',
    };
    if (kind === 'text') return { ...same, output: 'text', turnDetection: null };
    return {
      ...same,
      output: 'audio',
      turnDetection: { type: 'server_vad', createResponse: true, interruptResponse: true },
      transcription: {
        model: TRANSCRIPTION_MODELS[dialect.name],
        // Transcription takes ISO 639-1, which is how most tags begin.
        ...(source !== undefined && { language: source.split('-', 1)[0] ?? source }),
      },
      ...(spokenBy !== undefined && { voice: spokenBy }),
    };
  }
}
