/** The turns of a conversation, stored as the history of its view. */
import { reactive, toRaw } from 'vue';
import { History, newId, type Entry } from '../store/history.js';
import type { ViewName } from '../store/database.js';

export interface Turn extends Entry {
  readonly id: string;
  readonly at: number;
  /** `break`: a new conversation begins here, and the model does not know the turns above. */
  readonly speaker: 'person' | 'model' | 'break';
  text: string;
  state: 'open' | 'done' | 'interrupted' | 'failed';
}

export class Transcript {
  readonly history: History<Turn>;
  /** Turns of the current conversation by their item id. */
  readonly #open = new Map<string, Turn>();

  constructor(database: Promise<IDBDatabase | undefined>, view: ViewName) {
    this.history = new History<Turn>(database, view, (turn) => ({ ...toRaw(turn) }));
  }

  async load(): Promise<void> {
    await this.history.load((stored) => reactive({ ...(stored as Turn) }));
  }

  /** The turn of an item, created if necessary. */
  turnOf(itemId: string, speaker: 'person' | 'model'): Turn {
    const existing = this.#open.get(itemId);
    if (existing !== undefined) return existing;
    const turn = this.#add(speaker, 'open');
    this.#open.set(itemId, turn);
    return turn;
  }

  find(itemId: string): Turn | undefined {
    return this.#open.get(itemId);
  }

  /** Ends a turn and stores it, or removes it if it is empty. */
  close(turn: Turn, state: 'done' | 'interrupted' | 'failed'): void {
    turn.state = state;
    if (turn.text.trim() === '') void this.history.remove(turn);
    else void this.history.save(turn);
  }

  /** Adds a finished turn of the user, e.g. a typed message. */
  addMessage(text: string): Turn {
    const turn = this.#add('person', 'done');
    turn.text = text;
    void this.history.save(turn);
    return turn;
  }

  /** Ends the open turns of the model, or of both sides when the conversation is over. */
  closeOpen(who: 'model' | 'all', state: 'done' | 'interrupted' | 'failed'): void {
    for (const turn of this.#open.values()) {
      if (turn.state === 'open' && (who === 'all' || turn.speaker === who)) this.close(turn, state);
    }
    if (who === 'all') this.#open.clear();
  }

  /** Marks the beginning of a new conversation below an earlier one. */
  markBreak(): void {
    const last = this.history.entries.at(-1);
    if (last === undefined || last.speaker === 'break') return;
    void this.history.save(this.#add('break', 'done'));
  }

  async clear(): Promise<void> {
    this.#open.clear();
    await this.history.clear();
  }

  #add(speaker: Turn['speaker'], state: Turn['state']): Turn {
    const turn: Turn = reactive({ id: newId(), at: Date.now(), speaker, text: '', state });
    this.history.entries.push(turn);
    return turn;
  }
}
