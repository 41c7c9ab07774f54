/**
 * Imitates Azure Voice Live as far as the types of @azure/ai-voicelive 1.1.0 tell: requests in its own spelling, no item
 * references, and one response at a time. What its servers do beside that is not published.
 */
import { voicelive as dialect, type ClientEvent, type ServerEvent } from '../../../wire/index.js';
import { RealtimeSession } from '../realtime-session.js';
import {
  publishedCodec,
  publishedKind,
  type KindSetup,
  type ServerKind,
  type ServerSession,
} from '../server-kind.js';

export const voiceLiveServer: ServerKind = {
  ...publishedKind(dialect),
  connect: (setup) => ({ codec: publishedCodec(dialect), session: new VoiceLiveSession(setup) }),
};

class VoiceLiveSession implements ServerSession {
  readonly #send: (event: ServerEvent) => void;
  readonly #session: RealtimeSession;
  #running: string | undefined;

  constructor(setup: KindSetup) {
    const { sink } = setup;
    this.#send = (event) => {
      sink.send(event);
    };
    const watched = {
      send: (event: ServerEvent): void => {
        if (event.type === 'response.started') this.#running = event.response.id;
        if (event.type === 'response.finished') this.#running = undefined;
        sink.send(event);
      },
      drained: () => sink.drained(),
    };
    this.#session = new RealtimeSession({ ...setup, sink: watched });
  }

  open(): void {
    this.#session.open();
  }

  handle(event: ClientEvent): void {
    if (event.type !== 'response.create') {
      this.#session.handle(event);
      return;
    }
    const { conversation, input = [] } = event.response;
    if (input.some((entry) => 'reference' in entry)) {
      this.#refuse('invalid_value', "Invalid value: 'item_reference'.", event.eventId);
    } else if (this.#running === undefined) {
      this.#session.handle(event);
    } else if (conversation === 'none') {
      const code = 'conversation_already_has_active_response';
      this.#refuse(code, 'Conversation already has an active response.', event.eventId);
    } else {
      // Without `cancel_previous: false` the response before is cancelled.
      this.#session.handle({ type: 'response.cancel', responseId: this.#running });
      this.#session.handle(event);
    }
  }

  close(): void {
    this.#session.close();
  }

  #refuse(code: string, message: string, causedBy: string | undefined): void {
    const kind = 'invalid_request_error';
    this.#send({ type: 'fault', kind, code, message, ...(causedBy !== undefined && { causedBy }) });
  }
}
