/** The items of a session's default conversation, in order and by id. */
import { randomBytes } from 'node:crypto';
import type { Item } from '../../wire/index.js';
import { RequestError } from './errors.js';

/** Shorter than the 32 characters that the protocol allows, prefix included. */
export function makeId(prefix: 'sess' | 'conv' | 'item' | 'resp'): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

export type StoredItem = Item & { readonly id: string };

/** An item with the id of the one before it; null when it is the first. */
export interface PlacedItem {
  readonly item: StoredItem;
  readonly previousItemId: string | null;
}

interface Entry {
  item: StoredItem;
  /** Duration of an assistant's speech, whose samples are not kept. */
  speechMs: number;
  bytes: number;
}

const MAX_ITEMS = 4_096;
const MAX_BYTES = 128 * 1024 * 1024;

export class ConversationItems {
  /** Ids in the order of the conversation, which a Map cannot keep because items can be inserted. */
  #order: string[] = [];
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /**
   * @param previousItemId absent: append; `root`: insert at the start
   * @throws RequestError for a duplicate id, an unknown predecessor, or a full conversation
   */
  add(item: StoredItem, previousItemId?: string): PlacedItem {
    if (this.#entries.has(item.id)) {
      throw new RequestError('invalid_value', `Item with id '${item.id}' already exists.`, 'item.id');
    }
    const at = this.#positionAfter(previousItemId);
    const bytes = sizeOf(item);
    if (this.#order.length >= MAX_ITEMS || this.#bytes + bytes > MAX_BYTES) {
      throw new RequestError(
        'conversation_full',
        `A conversation holds at most ${MAX_ITEMS} items and ${MAX_BYTES} bytes. Delete items or open another session.`,
      );
    }
    this.#order.splice(at, 0, item.id);
    this.#entries.set(item.id, { item, speechMs: 0, bytes });
    this.#bytes += bytes;
    return { item, previousItemId: this.#order[at - 1] ?? null };
  }

  /** Replaces the item with the same id; no effect if that was deleted. */
  replace(item: StoredItem, speechMs = 0): void {
    const entry = this.#entries.get(item.id);
    if (entry === undefined) return;
    const bytes = sizeOf(item);
    this.#bytes += bytes - entry.bytes;
    this.#entries.set(item.id, { item, speechMs, bytes });
  }

  get(id: string): StoredItem | undefined {
    return this.#entries.get(id)?.item;
  }

  /** The id of the last item, null when there is none. */
  get lastId(): string | null {
    return this.#order.at(-1) ?? null;
  }

  /** The id of the item before; null when there is none. */
  previousOf(id: string): string | null {
    return this.#order[this.#order.indexOf(id) - 1] ?? null;
  }

  /** Returns the item with that id. @throws RequestError with the given code when there is none. */
  require(id: string, code: string): StoredItem {
    const item = this.get(id);
    if (item === undefined) throw new RequestError(code, `Item with id '${id}' does not exist.`, 'item_id');
    return item;
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new RequestError(
        'item_delete_invalid_item_id',
        `Error deleting item: the item with id '${id}' does not exist.`,
      );
    }
    this.#entries.delete(id);
    this.#order = this.#order.filter((other) => other !== id);
    this.#bytes -= entry.bytes;
  }

  /** Cuts an assistant's speech where the listener stopped it, and drops the transcript, which no longer matches. */
  truncate(id: string, contentIndex: number, audioEndMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new RequestError(
        'item_truncate_invalid_item_id',
        `Error truncating item: the item with id '${id}' does not exist.`,
      );
    }
    if (entry.item.role !== 'assistant' || entry.item.parts[contentIndex]?.type !== 'audio') {
      throw new RequestError(
        'unsupported_content_type',
        'Only model output audio messages can be truncated.',
      );
    }
    if (audioEndMs > entry.speechMs) {
      throw new RequestError(
        'invalid_value',
        `Audio content of ${Math.floor(entry.speechMs)}ms is already shorter than ${audioEndMs}ms.`,
        'audio_end_ms',
      );
    }
    const parts = entry.item.parts.map((part, index) =>
      index === contentIndex ? { type: 'audio' as const } : part,
    );
    this.replace({ ...entry.item, parts }, audioEndMs);
  }

  items(): StoredItem[] {
    return this.#order.flatMap((id) => this.get(id) ?? []);
  }

  #positionAfter(previousItemId: string | undefined): number {
    if (previousItemId === undefined) return this.#order.length;
    if (previousItemId === 'root') return 0;
    const at = this.#order.indexOf(previousItemId);
    if (at === -1) {
      throw new RequestError(
        'invalid_value',
        `Error adding item: the previous item with id '${previousItemId}' does not exist.`,
        'previous_item_id',
      );
    }
    return at + 1;
  }
}

function sizeOf(item: Item): number {
  let bytes = 0;
  for (const part of item.parts) {
    bytes +=
      part.type === 'text'
        ? 2 * part.text.length
        : (part.audio?.length ?? 0) + 2 * (part.transcript?.length ?? 0);
  }
  return bytes;
}
