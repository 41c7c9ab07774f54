/** The level of the background in one band, as it changes: the level above which a sound may be speech. */

/**
 * Between the 5th and 95th percentile of a second, smoothed over 50 ms, white and pink noise spread by 2 dB at the most, and
 * speech of three synthetic voices by 5 at the least.
 */
const STEADY_SPREAD_DB = 3;
/** How fast the floor rises where nothing tells noise from speech: slower than speech returns to it between syllables. */
const RISE_DB_PER_FRAME = 0.03;
const FIRST_PERCENTILE = 0.05;

/**
 * The floor falls at once to the quietest moments, rises slowly, and is set anew by each second that is steady: so noise
 * that begins, stops or changes is known from its first moment on.
 */
export class NoiseFloor {
  #db: number | undefined;

  get db(): number {
    return this.#db ?? 0;
  }

  /** @param comingDb the smoothed levels of the coming second, from the present frame on; of the last second, if it is the end. */
  observe(comingDb: readonly number[]): void {
    const sorted = comingDb.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    if (at(0.95) - at(0.05) <= STEADY_SPREAD_DB) this.#db = at(0.5);
    else this.#db ??= at(FIRST_PERCENTILE);
  }

  /** Follows the smoothed level of one frame. */
  follow(levelDb: number): void {
    if (this.#db !== undefined) this.#db = Math.min(levelDb, this.#db + RISE_DB_PER_FRAME);
  }
}
