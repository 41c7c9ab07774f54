/** When a sentence ended, on the clock of the page, from the offsets that the service names in the sound it was sent. */

/** The protocol's own closing silence, where the session does not name one. */
const DEFAULT_SILENCE_MS = 500;

export class SpeechClock {
  /** How long it must be silent before a sentence counts as ended. */
  silenceMs = DEFAULT_SILENCE_MS;
  #sentMs = 0;
  #sentAt = 0;

  /** Another session begins, whose offsets count from 0. */
  restart(): void {
    this.silenceMs = DEFAULT_SILENCE_MS;
    this.#sentMs = 0;
  }

  /** So much sound was sent just now. */
  sent(milliseconds: number): void {
    this.#sentMs += milliseconds;
    this.#sentAt = performance.now();
  }

  /**
   * @param audioEndMs offset of the end of the turn, closing silence included; undefined where the service names none.
   * @returns when the last word ended, on the clock of `performance.now()`.
   */
  endOf(audioEndMs: number | undefined): number {
    if (audioEndMs === undefined) return performance.now() - this.silenceMs;
    return this.#sentAt - (this.#sentMs - (audioEndMs - this.silenceMs));
  }
}
