/** The turns of a conversation, kept as items of its place. */
import type { ComputedRef } from 'vue';
import type { Item } from '../store/item.js';
import type { ItemStore } from '../store/item-store.js';

/** An item whose `text` is what was said, and whose input says by whom. */
export type Turn = Item & { readonly input: { readonly kind: 'turn' } };

type Speaker = Turn['input']['speaker'];

export class Transcript {
  /** Oldest first. */
  readonly turns: ComputedRef<Turn[]>;
  /** The languages of what is added from now on, as far as they are known. */
  languages: { readonly source?: string | undefined; readonly target?: string | undefined } = {};
  readonly #items: ItemStore;
  readonly #place: string;
  /** Turns of the current conversation by their item id. */
  readonly #open = new Map<string, Turn>();

  constructor(items: ItemStore, place: string) {
    this.#items = items;
    this.#place = place;
    this.turns = items.of(place) as ComputedRef<Turn[]>;
  }

  /** The turn of an item, created if necessary. */
  turnOf(itemId: string, speaker: 'person' | 'model'): Turn {
    const existing = this.#open.get(itemId);
    if (existing !== undefined) return existing;
    const turn = this.#add(speaker, '', 'streaming');
    this.#open.set(itemId, turn);
    return turn;
  }

  find(itemId: string): Turn | undefined {
    return this.#open.get(itemId);
  }

  /** Appends to a turn that is still being said. */
  append(turn: Turn, text: string): void {
    turn.text += text;
    this.#items.saveSoon(turn);
  }

  /** Ends a turn and stores it, or removes it if it is empty. */
  close(turn: Turn, state: 'done' | 'interrupted' | 'failed'): void {
    if (turn.text.trim() === '') this.#items.remove(turn);
    else this.#items.update(turn, { state });
  }

  /** Adds a finished turn of the user, e.g. a typed message. */
  addMessage(text: string): Turn {
    return this.#add('person', text, 'done');
  }

  /** Ends the open turns of the model, or of both sides when the conversation is over. */
  closeOpen(who: 'model' | 'all', state: 'done' | 'interrupted' | 'failed'): void {
    for (const turn of this.#open.values()) {
      if (turn.state === 'streaming' && (who === 'all' || turn.input.speaker === who))
        this.close(turn, state);
    }
    if (who === 'all') this.#open.clear();
  }

  /** Marks the beginning of a new conversation below an earlier one. */
  markBreak(): void {
    const last = this.turns.value.at(-1);
    if (last === undefined || last.input.speaker === 'break') return;
    this.#add('break', '', 'done');
  }

  clear(): void {
    this.#open.clear();
    this.#items.clear(this.#place);
  }

  #add(speaker: Speaker, text: string, state: 'streaming' | 'done'): Turn {
    const { source, target } = this.languages;
    const input = { kind: 'turn', speaker } as const;
    return this.#items.add({ place: this.#place, input, text, state, source, target }) as Turn;
  }
}
