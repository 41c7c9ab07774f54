/** Server-sent events out of text that arrives in pieces (https://html.spec.whatwg.org/multipage/server-sent-events.html). */

export interface SseEvent {
  /** `message` where the stream names none. */
  readonly name: string;
  readonly data: string;
}

export class SseReader {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** The events that are complete now; what is not yet waits for the next piece. Comments (heartbeats) vanish. */
  push(piece: string): SseEvent[] {
    const events: SseEvent[] = [];
    // A piece may end between \r and \n: the \r stays until it is known what follows.
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0)
          events.push({ name: this.#name || 'message', data: this.#data.join('\n') });
        this.#name = '';
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.#name = value;
      if (field === 'data') this.#data.push(value);
    }
    return events;
  }
}
