/** What the imitated servers have in common: a conversation, settings, and responses of which one runs. */
import type { Item, OutputKind, ResponseRequest, ServerEvent, SessionView } from '../../../wire/index.js';
import { ConversationItems, makeId, type StoredItem } from '../conversation-items.js';
import type { Responder } from '../responder.js';
import { RunningResponse } from '../response.js';
import type { KindSetup } from '../server-kind.js';
import { DEFAULT_VOICE, defaultSettings, type Settings } from '../settings.js';

export interface ResponseHabits {
  readonly responder: Responder;
  readonly items: readonly Item[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the answer is kept in the conversation. */
  readonly isStored: boolean;
  /** What the server sends for an event of the published order. */
  readonly send: (event: ServerEvent) => void;
}

export class ImitatedSession {
  readonly setup: KindSetup;
  readonly id = makeId('sess');
  readonly conversationId = makeId('conv');
  readonly conversation = new ConversationItems();
  readonly closed = new AbortController();
  settings: Settings;
  running: RunningResponse | undefined;

  constructor(setup: KindSetup) {
    this.setup = setup;
    this.settings = { ...defaultSettings(setup.model), output: 'audio' };
  }

  get view(): SessionView {
    return { ...this.settings, id: this.id };
  }

  send(event: ServerEvent): void {
    this.setup.sink.send(event);
  }

  /** An error without the id of the event that caused it, unless one is given. */
  fail(kind: string, code: string, message: string, causedBy?: string): void {
    this.send({ type: 'fault', kind, code, message, ...(causedBy !== undefined && { causedBy }) });
  }

  /** Starts a response, whose first event is sent before this returns. */
  respond(options: ResponseRequest, habits: ResponseHabits): RunningResponse {
    const voice = options.voice ?? this.settings.voice;
    const output: OutputKind = options.output ?? this.settings.output;
    const response: RunningResponse = new RunningResponse({
      request: {
        responseId: makeId('resp'),
        output,
        voice: voice === DEFAULT_VOICE ? undefined : voice,
        instructions: options.instructions ?? this.settings.instructions,
        metadata: habits.metadata,
        items: habits.items,
      },
      responder: habits.responder,
      sink: { send: habits.send, drained: () => this.setup.sink.drained() },
      voice,
      store: habits.isStored ? { id: this.conversationId, conversation: this.conversation } : undefined,
      maxOutputTokens: options.maxOutputTokens ?? this.settings.maxOutputTokens,
      onFirstAudio: () => undefined,
      onEnd: () => {
        if (this.running === response) this.running = undefined;
      },
    });
    this.running = response;
    response.start();
    return response;
  }

  close(): void {
    this.closed.abort();
    this.running?.abandon();
    this.running = undefined;
  }
}

export function storable(item: Item): StoredItem {
  return { ...item, id: item.id ?? makeId('item'), status: item.status ?? 'completed' };
}

/** Acknowledgements omit the samples. */
export function shown(item: StoredItem): StoredItem {
  const parts = item.parts.map((part) => {
    if (part.type === 'text') return part;
    return part.transcript === undefined
      ? { type: part.type }
      : { type: part.type, transcript: part.transcript };
  });
  return { ...item, parts };
}
