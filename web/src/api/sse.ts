/** Parses server-sent events from text that arrives in chunks (https://html.spec.whatwg.org/multipage/server-sent-events.html). */

export interface SseEvent {
  /** `message` where the stream does not name the event. */
  readonly name: string;
  readonly data: string;
  /** Undefined where the event has none. Sent as `Last-Event-ID`, the stream goes on after it. */
  readonly id?: string | undefined;
}

export class SseReader {
  #rest = '';
  #name = '';
  #id: string | undefined;
  #data: string[] = [];

  /** @returns the events that `chunk` completes. Comments (heartbeats) are skipped. */
  push(chunk: string): SseEvent[] {
    const events: SseEvent[] = [];
    // A chunk may end between \r and \n: a final \r is kept until the next chunk shows what follows it.
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0)
          events.push({ name: this.#name || 'message', data: this.#data.join('\n'), id: this.#id });
        this.#name = '';
        this.#id = undefined;
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.#name = value;
      if (field === 'id') this.#id = value;
      if (field === 'data') this.#data.push(value);
    }
    return events;
  }
}
