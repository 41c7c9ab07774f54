/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), for the client and for the page. */

export interface SseEvent {
  /** `message` if the stream does not name the event. */
  readonly name: string;
  readonly data: string;
  /** Undefined if the event has none. A request with it as `Last-Event-ID` resumes the stream after this event. */
  readonly id?: string | undefined;
}

/** Parses events from text that arrives in chunks. */
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
      if (line !== '') {
        this.#readField(line);
        continue;
      }
      if (this.#data.length > 0)
        events.push({ name: this.#name || 'message', data: this.#data.join('\n'), id: this.#id });
      this.#name = '';
      this.#id = undefined;
      this.#data = [];
    }
    return events;
  }

  #readField(line: string): void {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    else if (field === 'id') this.#id = value;
    else if (field === 'data') this.#data.push(value);
  }
}

/**
 * Yields the events of a response. Leaving the loop closes the connection.
 *
 * @param lost creates the error to throw if the connection is lost.
 * @throws what `lost` makes, or the reason of the signal.
 */
export async function* readEventStream(
  { body }: Response,
  lost: (cause?: unknown) => Error,
  signal?: AbortSignal,
): AsyncGenerator<SseEvent, void, void> {
  if (body === null) throw lost();
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const events = new SseReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal?.aborted === true) throw signal.reason;
        throw lost(error);
      });
      if (done) return;
      yield* events.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // A connection that is lost already cannot be cancelled.
    await reader.cancel().catch(() => undefined);
  }
}
