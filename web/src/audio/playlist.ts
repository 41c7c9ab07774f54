/** Which sound is heard when: the arithmetic of the playback queue, in seconds of the audio clock. */

interface Slot {
  readonly itemId: string;
  readonly start: number;
  readonly end: number;
}

/** What was being heard when the sound stopped. */
export interface Heard {
  readonly itemId: string;
  /** How much of that item was really played. */
  readonly playedMs: number;
}

export class Playlist {
  #slots: Slot[] = [];

  /** Takes the next place in the queue: never before `now`, never over what is queued. @returns when to start. */
  add(itemId: string, duration: number, now: number): number {
    const start = Math.max(now, this.#slots.at(-1)?.end ?? 0);
    this.#slots.push({ itemId, start, end: start + duration });
    return start;
  }

  /** Empties the queue. @returns the item being heard at `now`, if any was. */
  stop(now: number): Heard | undefined {
    const current = this.#slots.find((slot) => slot.end > now);
    const slots = this.#slots;
    this.#slots = [];
    if (current === undefined) return undefined;
    const played = slots
      .filter((slot) => slot.itemId === current.itemId)
      .reduce((sum, slot) => sum + Math.max(0, Math.min(slot.end, now) - slot.start), 0);
    return { itemId: current.itemId, playedMs: Math.round(played * 1000) };
  }
}
