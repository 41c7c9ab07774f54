/** The level of the background noise in one band, as it changes. A louder sound may be speech. */

/**
 * Between the 5th and 95th percentile of a second, smoothed over 50 ms, white and pink noise spread by 2 dB at the most, and
 * speech of three synthetic voices by 5 at the least.
 */
const STEADY_SPREAD_DB = 3;
/** One second: the stretch that counts as steady or not. */
export const STEADY_FRAMES = 100;
/** How fast the floor rises in a second that is not steady: too slowly to reach speech, which falls back to it between syllables. */
const RISE_DB_PER_FRAME = 0.03;

/**
 * The floor falls at once to the quietest moments and rises slowly. A second of steady sound is noise and sets it directly, and
 * it is never below the quietest moment of the two seconds to come. So noise that begins, stops or changes is known from its
 * first moment.
 */
export class NoiseFloor {
  readonly #lowestDb: number;
  #db: number;

  /** @param lowestDb the floor of a silent recording. */
  constructor(lowestDb: number) {
    this.#lowestDb = lowestDb;
    this.#db = lowestDb;
  }

  get db(): number {
    return this.#db;
  }

  /** @param comingDb the smoothed levels of the two seconds from the present frame on, or what is left of the recording. */
  observe(comingDb: readonly number[]): void {
    if (comingDb.length < STEADY_FRAMES) return;
    const sorted = comingDb.slice(0, STEADY_FRAMES).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    if (at(0.95) - at(0.05) <= STEADY_SPREAD_DB) this.#set(at(0.5));
    else this.#set(Math.max(this.#db, Math.min(...comingDb)));
  }

  /** Follows the smoothed level of one frame. */
  follow(levelDb: number): void {
    this.#set(Math.min(levelDb, this.#db + RISE_DB_PER_FRAME));
  }

  #set(db: number): void {
    this.#db = Math.max(this.#lowestDb, db);
  }
}
