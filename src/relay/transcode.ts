/** From the vocabulary of one side of a conversation to that of the other. */
import type { Logger } from 'pino';
import type { ClientEvent, Dialect, ServerEvent } from '../wire/index.js';

export interface Transcoder {
  /** What the client is told where upstream sent this frame. */
  toClient(frame: string): readonly string[];
  /** What upstream is told where the client sent this frame, which is that event. */
  toUpstream(frame: string, event: ClientEvent): string;
}

export function createTranscoder(client: Dialect, upstream: Dialect, logger: Logger): Transcoder {
  return client === upstream ? passThrough : new DialectTranscoder(client, upstream, logger);
}

/** Where both speak the same nothing is looked into: a frame is passed on as it came. */
const passThrough: Transcoder = {
  toClient: (frame) => [frame],
  toUpstream: (frame) => frame,
};

class DialectTranscoder implements Transcoder {
  readonly #client: Dialect;
  readonly #upstream: Dialect;
  readonly #logger: Logger;
  /** Items that are still being written, each with the id of the one before it. */
  readonly #unfinished = new Map<string, string | null>();

  constructor(client: Dialect, upstream: Dialect, logger: Logger) {
    this.#client = client;
    this.#upstream = upstream;
    this.#logger = logger;
  }

  toClient(frame: string): string[] {
    const decoded = this.#upstream.decodeServer(frame);
    switch (decoded.kind) {
      case 'event':
        return this.#complete(decoded.event).flatMap((event) => this.#client.encodeServer(event) ?? []);
      case 'ignored':
        this.#logger.debug({ type: decoded.type }, 'unknown event from upstream');
        return [];
      case 'malformed':
        this.#logger.warn({ reason: decoded.reason }, 'malformed frame from upstream');
        return [];
    }
  }

  toUpstream(_frame: string, event: ClientEvent): string {
    return this.#upstream.encodeClient(event);
  }

  /** Where upstream never says that an item is done, it is done when it was added whole, or when its output is. */
  #complete(event: ServerEvent): ServerEvent[] {
    if (this.#upstream.finishesItems) return [event];
    if (event.type === 'item.added') {
      const { item, previousItemId } = event;
      if (item.status !== 'in_progress') return [event, { ...event, type: 'item.done' }];
      if (item.id !== undefined) this.#unfinished.set(item.id, previousItemId);
      return [event];
    }
    if (event.type !== 'output.done') return [event];
    const { item } = event;
    const previousItemId = this.#unfinished.get(item.id ?? '');
    if (previousItemId === undefined) return [event];
    this.#unfinished.delete(item.id ?? '');
    return [{ type: 'item.done', item, previousItemId }, event];
  }
}
