/** Reads server-sent events from an answer (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import { connectionLost } from './errors.js';

export interface ReceivedEvent {
  /** `message` where the stream does not name the event. */
  readonly name: string;
  readonly data: string;
  /** The last that the stream has given, of this event or one before. */
  readonly id: string | undefined;
}

/**
 * Yields the events of an answer. Comments (heartbeats) are skipped. Leaving the loop ends the connection.
 *
 * @throws TranslationError `connection-lost`, or the reason of the signal.
 */
export async function* readEventStream(
  { body }: Response,
  signal?: AbortSignal,
): AsyncGenerator<ReceivedEvent, void, void> {
  if (body === null) throw connectionLost();
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal?.aborted === true) throw signal.reason;
        throw connectionLost(error);
      });
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Of a connection that is lost already there is nothing to end.
    await reader.cancel().catch(() => undefined);
  }
}

class EventParser {
  #rest = '';
  #name = '';
  #data: string[] = [];
  #id: string | undefined;

  /** @returns the events that `chunk` completes. */
  push(chunk: string): ReceivedEvent[] {
    const events: ReceivedEvent[] = [];
    // A chunk may end between \r and \n: a final \r is kept until the next chunk shows what follows it.
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') {
        this.#readField(line);
        continue;
      }
      if (this.#data.length > 0)
        events.push({ name: this.#name || 'message', data: this.#data.join('\n'), id: this.#id });
      this.#name = '';
      this.#data = [];
    }
    return events;
  }

  #readField(line: string): void {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
  }
}
