/** What was said in a conversation, turn by turn, kept as the place's history. */
import { reactive, toRaw } from 'vue';
import { History, newId, type Entry } from '../store/history.js';
import type { Place } from '../store/database.js';

export interface Turn extends Entry {
  readonly id: string;
  readonly at: number;
  /** `break`: from here on the other side knows nothing of what stands above. */
  readonly speaker: 'person' | 'model' | 'break';
  text: string;
  state: 'open' | 'done' | 'interrupted' | 'failed';
}

export class Transcript {
  readonly history: History<Turn>;
  /** Turns of the running conversation by the item (or response) they belong to. */
  readonly #open = new Map<string, Turn>();

  constructor(database: Promise<IDBDatabase | undefined>, place: Place) {
    this.history = new History<Turn>(database, place, (turn) => ({ ...toRaw(turn) }));
  }

  async load(): Promise<void> {
    await this.history.load((stored) => reactive({ ...(stored as Turn) }));
  }

  /** The turn of an item; a new one at the end when the item is new. */
  turn(itemId: string, speaker: 'person' | 'model'): Turn {
    const known = this.#open.get(itemId);
    if (known !== undefined) return known;
    const turn = this.#add(speaker, 'open');
    this.#open.set(itemId, turn);
    return turn;
  }

  find(itemId: string): Turn | undefined {
    return this.#open.get(itemId);
  }

  /** Settles a turn and stores it; one in which nothing was said is forgotten. */
  close(turn: Turn, state: 'done' | 'interrupted' | 'failed'): void {
    turn.state = state;
    if (turn.text.trim() === '') void this.history.remove(turn);
    else void this.history.save(turn);
  }

  /** A finished turn of the person's, e.g. a typed one. */
  say(text: string): Turn {
    const turn = this.#add('person', 'done');
    turn.text = text;
    void this.history.save(turn);
    return turn;
  }

  /** Ends what is still open, where it stands: a reply that is over, or everything when the conversation is. */
  settle(who: 'model' | 'anyone', state: 'done' | 'interrupted' | 'failed'): void {
    for (const turn of this.#open.values()) {
      if (turn.state === 'open' && (who === 'anyone' || turn.speaker === who)) this.close(turn, state);
    }
    if (who === 'anyone') this.#open.clear();
  }

  /** Marks that a new conversation begins, where an earlier one stands above. */
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
