/** Start times of queued audio, in seconds of the audio clock. */

interface Slot {
  readonly itemId: string;
  readonly start: number;
  readonly end: number;
}

/** The item that was playing when the sound stopped. */
export interface PlaybackPosition {
  readonly itemId: string;
  /** How much of the item was actually played. */
  readonly playedMs: number;
}

export class PlaybackQueue {
  #slots: Slot[] = [];

  /** Appends a chunk. @returns its start: the end of the chunk before it, but not earlier than `now`. */
  add(itemId: string, duration: number, now: number): number {
    const start = Math.max(now, this.#slots.at(-1)?.end ?? 0);
    this.#slots.push({ itemId, start, end: start + duration });
    return start;
  }

  /** Empties the queue. @returns the item that is playing at `now`, if any. */
  stop(now: number): PlaybackPosition | undefined {
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
