/** Translates frames between the dialects of the two sides of a conversation. */
import type { Logger } from 'pino';
import type { ClientEvent, Dialect, ServerEvent } from '../wire/index.js';

export interface Transcoder {
  /** @returns the frames for the client that an upstream frame becomes */
  toClient(frame: string): readonly string[];
  /** @param event what the client's frame was decoded to */
  toUpstream(frame: string, event: ClientEvent): string;
}

export function createTranscoder(client: Dialect, upstream: Dialect, logger: Logger): Transcoder {
  return client === upstream ? passThrough : new DialectTranscoder(client, upstream, logger);
}

/** If both sides use the same dialect, frames are passed on unread. */
const passThrough: Transcoder = {
  toClient: (frame) => [frame],
  toUpstream: (frame) => frame,
};

class DialectTranscoder implements Transcoder {
  readonly #client: Dialect;
  readonly #upstream: Dialect;
  readonly #logger: Logger;
  /** Items that were added but are not done, each with the id of the one before it. */
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
        return this.#withItemDone(decoded.event).flatMap((event) => this.#client.encodeServer(event) ?? []);
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

  /**
   * Adds the `item.done` that an upstream of the preview dialect never sends: when the item was added complete, or else
   * when its output is done.
   */
  #withItemDone(event: ServerEvent): ServerEvent[] {
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
