/** Start times of scheduled audio, in seconds of the audio clock. */

interface Slot {
  readonly start: number;
  readonly end: number;
  /** Seconds of the sound in a second of playback. */
  readonly speed: number;
}

export class PlaybackQueue {
  #slots: Slot[] = [];

  /** Appends a chunk of `duration` seconds. @returns its start: the end of the chunk before, but not before `now`. */
  add(duration: number, now: number, speed = 1): number {
    const start = Math.max(now, this.#slots.at(-1)?.end ?? 0);
    this.#slots.push({ start, end: start + duration, speed });
    return start;
  }

  /** When all of it has been played. */
  get end(): number {
    return this.#slots.at(-1)?.end ?? 0;
  }

  /** How much of the sound has been played at `now`, in milliseconds of the sound at its own speed. */
  playedMs(now: number): number {
    const played = this.#slots.reduce(
      (sum, { start, end, speed }) => sum + Math.max(0, Math.min(end, now) - start) * speed,
      0,
    );
    return Math.round(played * 1000);
  }
}
