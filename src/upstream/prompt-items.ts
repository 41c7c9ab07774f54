/** The prompts that a socket has as conversation items, which requests refer to by id; the least recently used go. */
import { createHash } from 'node:crypto';

export interface PromptItem {
  readonly id: string;
  /** False where the socket has the item already. */
  readonly isNew: boolean;
  /** The item to delete, because `max` is reached. */
  readonly evictedId: string | undefined;
}

export class PromptItems {
  readonly #max: number;
  /** prompt → item id, the least recently used first. */
  readonly #idOf = new Map<string, string>();
  /** The most recently used, which is last already. */
  #latest: string | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  has(prompt: string): boolean {
    return this.#idOf.has(prompt);
  }

  ensure(prompt: string): PromptItem {
    const known = this.#idOf.get(prompt);
    if (known !== undefined) {
      if (prompt !== this.#latest) {
        this.#idOf.delete(prompt);
        this.#idOf.set(prompt, known);
        this.#latest = prompt;
      }
      return { id: known, isNew: false, evictedId: undefined };
    }
    const id = promptItemId(prompt);
    const evictedId = this.#idOf.size >= this.#max ? this.#evict() : undefined;
    this.#idOf.set(prompt, id);
    this.#latest = prompt;
    return { id, isNew: true, evictedId };
  }

  /** The socket does not have the item after all: the next request with the prompt creates it again. */
  invalidate(prompt: string): void {
    this.#idOf.delete(prompt);
  }

  /** The same for every item whose id occurs in an error of upstream. */
  invalidateNamedIn(message: string): void {
    for (const [prompt, id] of this.#idOf) if (message.includes(id)) this.#idOf.delete(prompt);
  }

  #evict(): string | undefined {
    for (const [prompt, id] of this.#idOf) {
      this.#idOf.delete(prompt);
      return id;
    }
    return undefined;
  }
}

/** 31 characters; servers refuse item ids of more than 32. */
function promptItemId(prompt: string): string {
  return `prompt_${createHash('sha256').update(prompt).digest('hex').slice(0, 24)}`;
}
