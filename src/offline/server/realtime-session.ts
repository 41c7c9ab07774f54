/** The server side of one Realtime session: executes or rejects each client event. */
import type { Logger } from 'pino';
import type { ClientEvent, Item, ItemReference, ResponseRequest, SessionView } from '../../wire/index.js';
import { ConversationItems, makeId, type StoredItem } from './conversation-items.js';
import { InputAudio, type AudioTurn } from './input-audio.js';
import { pcmDurationMs } from '../../audio/pcm.js';
import { RequestError, ResponderError } from './errors.js';
import type { Responder, ResponderRequest } from './responder.js';
import { RunningResponse, type EventSink } from './response.js';
import {
  checkFormat,
  requireVoice,
  DEFAULT_VOICE,
  defaultSettings,
  updateSettings,
  type Settings,
  type VoiceNames,
} from './settings.js';

export interface SessionSetup {
  readonly responder: Responder;
  readonly voices: VoiceNames;
  readonly model: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly sink: EventSink;
  readonly logger: Logger | undefined;
}

type EventOf<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>;

/** Bounds the work that one socket can start; far more than a client needs. */
const MAX_RUNNING = 1_024;

export class RealtimeSession {
  readonly #setup: SessionSetup;
  readonly #id = makeId('sess');
  readonly #conversationId = makeId('conv');
  readonly #conversation = new ConversationItems();
  readonly #input = new InputAudio();
  readonly #closed = new AbortController();
  readonly #running = new Map<string, RunningResponse>();
  #settings: Settings;
  /** The response that writes to the default conversation. */
  #active: RunningResponse | undefined;
  /** The voice of the session's first audio, which cannot be changed afterwards. */
  #lockedVoice: string | undefined;
  /** The id reserved for the item of the current speech. */
  #speechItemId: string | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.#settings = defaultSettings(setup.model);
    this.#input.configure(this.#settings.turnDetection);
  }

  open(): void {
    this.#setup.sink.send({ type: 'session.created', session: this.#view() });
  }

  /** Executes the event, or sends the `error` event that names it. Never throws. */
  handle(event: ClientEvent): void {
    this.#run(() => {
      this.#serve(event);
    }, event.eventId);
  }

  /** Stops everything without sending anything, because the socket has closed. */
  close(): void {
    this.#closed.abort();
    for (const response of this.#running.values()) response.abandon();
    this.#running.clear();
    this.#active = undefined;
  }

  #serve(event: ClientEvent): void {
    const { sink } = this.#setup;
    switch (event.type) {
      case 'session.configure':
        this.#configure(event);
        break;
      case 'item.create':
        this.#addItem(withId(event.item), event.previousItemId);
        break;
      case 'item.retrieve':
        sink.send({
          type: 'item.retrieved',
          item: this.#conversation.require(event.itemId, 'item_retrieve_invalid_item_id'),
        });
        break;
      case 'item.delete':
        this.#conversation.delete(event.itemId);
        sink.send({ type: 'item.deleted', itemId: event.itemId });
        break;
      case 'item.truncate':
        this.#conversation.truncate(event.itemId, event.contentIndex, event.audioEndMs);
        sink.send({
          type: 'item.truncated',
          itemId: event.itemId,
          contentIndex: event.contentIndex,
          audioEndMs: event.audioEndMs,
        });
        break;
      case 'buffer.append':
        // An error in one turn is not attributed to this event, and does not affect the next turn.
        for (const turn of this.#input.append(event.audio)) {
          this.#run(() => {
            this.#takeTurn(turn);
          }, undefined);
        }
        break;
      case 'buffer.commit':
        this.#commit(this.#input.commit());
        break;
      case 'buffer.clear':
        this.#input.clear();
        this.#speechItemId = undefined;
        sink.send({ type: 'buffer.cleared' });
        break;
      case 'response.create':
        this.#respond(event.response);
        break;
      case 'response.cancel':
        this.#cancel(event.responseId);
        break;
    }
  }

  #configure(event: EventOf<'session.configure'>): void {
    this.#settings = updateSettings(this.#settings, event.session, this.#setup.voices, this.#lockedVoice);
    if (event.session.turnDetection !== undefined) {
      this.#input.configure(this.#settings.turnDetection);
      this.#speechItemId = undefined;
    }
    this.#setup.sink.send({ type: 'session.updated', session: this.#view() });
  }

  #view(): SessionView {
    return { ...this.#settings, id: this.#id, expiresAt: this.#setup.expiresAt };
  }

  #addItem(item: StoredItem, previousItemId?: string): void {
    const placed = this.#conversation.add(item, previousItemId);
    const shown = { item: withoutAudio(placed.item), previousItemId: placed.previousItemId };
    this.#setup.sink.send({ type: 'item.added', ...shown });
    this.#setup.sink.send({ type: 'item.done', ...shown });
  }

  /** The start of speech interrupts the active response; its end is answered. */
  #takeTurn(turn: AudioTurn): void {
    const detection = this.#settings.turnDetection;
    if (turn.type === 'started') {
      const itemId = makeId('item');
      this.#speechItemId = itemId;
      this.#setup.sink.send({ type: 'speech.started', itemId, audioStartMs: turn.audioStartMs });
      if (detection?.interruptResponse !== false) this.#active?.cancel('turn_detected');
      return;
    }
    const itemId = this.#speechItemId ?? makeId('item');
    this.#setup.sink.send({ type: 'speech.stopped', itemId, audioEndMs: turn.audioEndMs });
    this.#commit(turn.audio, itemId);
    if (detection?.createResponse !== false) this.#respond({});
  }

  #commit(audio: Buffer, itemId = this.#speechItemId ?? makeId('item')): void {
    this.#speechItemId = undefined;
    const item: StoredItem = {
      id: itemId,
      role: 'user',
      status: 'completed',
      parts: [{ type: 'audio', audio }],
    };
    const previousItemId = this.#conversation.lastId;
    this.#setup.sink.send({ type: 'buffer.committed', itemId, previousItemId });
    this.#addItem(item);
    if (this.#settings.transcription !== null)
      void this.#transcribe(item, audio, this.#settings.transcription.language);
  }

  /** Runs concurrently with the response, as on the real server. Never rejects. */
  async #transcribe(item: StoredItem, audio: Buffer, language: string | undefined): Promise<void> {
    const { responder, sink, logger } = this.#setup;
    const place = { itemId: item.id, contentIndex: 0 };
    try {
      const { text: transcript } = await responder.transcribe(audio, language, this.#closed.signal);
      this.#conversation.replace({ ...item, parts: [{ type: 'audio', audio, transcript }] });
      if (transcript !== '') sink.send({ type: 'transcription.delta', ...place, delta: transcript });
      const seconds = Math.ceil(pcmDurationMs(audio.length) / 1000);
      sink.send({ type: 'transcription.completed', ...place, transcript, seconds });
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      const isExpected = error instanceof ResponderError;
      if (!isExpected) logger?.error({ err: error }, 'transcription failed');
      const code = isExpected ? error.code : 'server_error';
      const message = isExpected ? error.message : 'The server had an error while transcribing.';
      sink.send({ type: 'transcription.failed', ...place, code, message });
    }
  }

  #respond(options: ResponseRequest): void {
    const inBand = options.conversation !== 'none';
    if (inBand && this.#active !== undefined) {
      throw new RequestError(
        'conversation_already_has_active_response',
        `Conversation already has an active response in progress: ${this.#active.id}. Wait until the response is finished before creating a new one.`,
      );
    }
    if (this.#running.size >= MAX_RUNNING) {
      throw new RequestError(
        'rate_limit_exceeded',
        `A session runs at most ${MAX_RUNNING} responses at a time.`,
      );
    }
    checkFormat(options.outputFormat);
    requireVoice(options.voice, this.#setup.voices, this.#lockedVoice);
    const voice = options.voice ?? this.#lockedVoice ?? this.#settings.voice;
    const response: RunningResponse = new RunningResponse({
      request: this.#request(options, voice),
      responder: this.#setup.responder,
      sink: this.#setup.sink,
      voice,
      store: inBand ? { id: this.#conversationId, conversation: this.#conversation } : undefined,
      maxOutputTokens: options.maxOutputTokens ?? this.#settings.maxOutputTokens,
      onFirstAudio: () => (this.#lockedVoice ??= voice),
      onEnd: (fault) => {
        this.#onResponseEnd(response, fault);
      },
    });
    this.#running.set(response.id, response);
    if (inBand) this.#active = response;
    response.start();
  }

  #request(options: ResponseRequest, voice: string): ResponderRequest {
    return {
      responseId: makeId('resp'),
      output: options.output ?? this.#settings.output,
      voice: voice === DEFAULT_VOICE ? undefined : voice,
      instructions: options.instructions ?? this.#settings.instructions,
      metadata: options.metadata ?? {},
      items: options.input?.map((entry) => this.#resolve(entry)) ?? this.#conversation.items(),
    };
  }

  #resolve(entry: Item | ItemReference): Item {
    if (!('reference' in entry)) return entry;
    const item = this.#conversation.get(entry.reference);
    if (item === undefined) {
      throw new RequestError(
        'invalid_value',
        `Item with id '${entry.reference}' does not exist.`,
        'response.input',
      );
    }
    return item;
  }

  #onResponseEnd(response: RunningResponse, fault: unknown): void {
    if (fault !== undefined)
      this.#setup.logger?.error({ err: fault, responseId: response.id }, 'the responder failed');
    this.#running.delete(response.id);
    if (this.#active === response) this.#active = undefined;
  }

  #cancel(responseId: string | undefined): void {
    const response = responseId === undefined ? this.#active : this.#running.get(responseId);
    if (response === undefined) {
      throw new RequestError('response_cancel_not_active', 'Cancellation failed: no active response found');
    }
    response.cancel('client_cancelled');
  }

  #run(action: () => void, causedBy: string | undefined): void {
    try {
      action();
    } catch (error) {
      this.#sendError(error, causedBy);
    }
  }

  #sendError(error: unknown, causedBy: string | undefined): void {
    const isRejection = error instanceof RequestError;
    if (!isRejection) this.#setup.logger?.error({ err: error }, 'a client event failed');
    this.#setup.sink.send({
      type: 'fault',
      kind: isRejection ? 'invalid_request_error' : 'server_error',
      code: isRejection ? error.code : 'server_error',
      message: isRejection ? error.message : 'The server had an error while processing your request.',
      ...(isRejection && error.param !== undefined ? { param: error.param } : {}),
      ...(causedBy === undefined ? {} : { causedBy }),
    });
  }
}

function withId(item: Item): StoredItem {
  return { ...item, id: item.id ?? makeId('item'), status: item.status ?? 'completed' };
}

/** Acknowledgements omit the samples. */
function withoutAudio(item: StoredItem): StoredItem {
  const parts = item.parts.map((part) => {
    if (part.type === 'text') return part;
    return part.transcript === undefined
      ? { type: part.type }
      : { type: part.type, transcript: part.transcript };
  });
  return { ...item, parts };
}
