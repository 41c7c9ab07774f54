/** The prompts planted on one socket, each a conversation item that requests refer to by its id. */
import { createHash } from 'node:crypto';

export interface PromptItem {
  readonly id: string;
  /** False where the item is on the socket already. */
  readonly isNew: boolean;
  /** The seed that has to make room, used longest ago. */
  readonly evictedId: string | undefined;
}

export class PromptItems {
  readonly #max: number;
  /** prompt → item id, the least recently used first. */
  readonly #idOf = new Map<string, string>();
  /** The one used last, which need not be moved behind the others. */
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

  /** Upstream does not have it after all: the next request plants it anew. */
  invalidate(prompt: string): void {
    this.#idOf.delete(prompt);
  }

  /** The same, of all whose id stands in what upstream said. */
  forgetIn(said: string): void {
    for (const [prompt, id] of this.#idOf) if (said.includes(id)) this.#idOf.delete(prompt);
  }

  #evict(): string | undefined {
    for (const [prompt, id] of this.#idOf) {
      this.#idOf.delete(prompt);
      return id;
    }
    return undefined;
  }
}

/** 29 characters; servers refuse item ids of more than 32. */
function promptItemId(prompt: string): string {
  return `seed_${createHash('sha256').update(prompt).digest('hex').slice(0, 24)}`;
}
