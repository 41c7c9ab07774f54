/** Classifies frames as speech or background, two seconds late: it looks ahead to measure the noise. */
import { BandLevels, FRAME_MS } from './band-levels.js';
import { NoiseFloor } from './noise-floor.js';

export interface ActivityFrame {
  /** Whether it is speech, as far as its level tells. */
  readonly active: boolean;
  /** Level of the lower band in dB below full scale. */
  readonly levelDb: number;
}

/** How far above the noise floor speech begins, and how far above it speech goes on once it has begun. */
const START_MARGIN_DB = 6;
const STAY_MARGIN_DB = 3.5;
/** Fainter sounds never count as speech, however silent the background is. */
const FAINTEST_LOW_DB = -58;
const FAINTEST_HIGH_DB = -62;

const LOOK_AHEAD_FRAMES = 2_000 / FRAME_MS;
/** Frames from one look ahead to the next. */
const OBSERVE_EVERY_FRAMES = 10;
/** Smoothing windows, as frames to each side of the middle one: a decision averages three frames, the floor five. */
const DECISION_HALF_WIDTH = 1;
const FLOOR_HALF_WIDTH = 2;

export class SpeechActivity {
  readonly #levels = new BandLevels();
  readonly #low = new Band(FAINTEST_LOW_DB);
  readonly #high = new Band(FAINTEST_HIGH_DB);
  #frames = 0;
  #decided = 0;

  /** @returns the frames that can be classified now, in order: those two seconds before the end of `pcm`. */
  push(pcm: Buffer): ActivityFrame[] {
    const decided: ActivityFrame[] = [];
    for (const { low, high } of this.#levels.push(pcm)) {
      this.#low.push(low);
      this.#high.push(high);
      this.#frames += 1;
      if (this.#frames > LOOK_AHEAD_FRAMES) decided.push(this.#decide());
    }
    return decided;
  }

  /** @returns the remaining frames. */
  end(): ActivityFrame[] {
    const decided: ActivityFrame[] = [];
    while (this.#decided < this.#frames) decided.push(this.#decide());
    return decided;
  }

  #decide(): ActivityFrame {
    const looksAhead = this.#decided % OBSERVE_EVERY_FRAMES === 0;
    this.#decided += 1;
    const low = this.#low.decide(looksAhead);
    const high = this.#high.decide(looksAhead);
    return { active: low.active || high.active, levelDb: low.levelDb };
  }
}

/** One frequency band: the power of the frames just decided, and of those ahead. */
class Band {
  readonly #faintestDb: number;
  readonly #floor: NoiseFloor;
  /** The frame to decide next is at `#next`; a few seconds before it and the look-ahead after it are kept. */
  readonly #powers: number[] = [];
  /** Levels smoothed for the floor; the last two frames have none yet. */
  readonly #smoothDb: number[] = [];
  #next = 0;
  #active = false;

  constructor(faintestDb: number) {
    this.#faintestDb = faintestDb;
    this.#floor = new NoiseFloor(faintestDb - START_MARGIN_DB);
  }

  push(power: number): void {
    this.#powers.push(power);
    const known = this.#powers.length - FLOOR_HALF_WIDTH;
    if (known > 0) this.#smoothDb.push(this.#smoothed(known - 1, FLOOR_HALF_WIDTH));
  }

  decide(looksAhead: boolean): ActivityFrame {
    this.#floor.follow(this.#smoothDb[this.#next] ?? this.#smoothed(this.#next, FLOOR_HALF_WIDTH));
    if (looksAhead) this.#floor.observe(this.#smoothDb.slice(this.#next));
    const levelDb = this.#smoothed(this.#next, DECISION_HALF_WIDTH);
    const margin = this.#active ? STAY_MARGIN_DB : START_MARGIN_DB;
    this.#active = levelDb > Math.max(this.#floor.db + margin, this.#faintestDb);
    this.#next += 1;
    if (this.#next > 2 * LOOK_AHEAD_FRAMES) this.#dropOld();
    return { active: this.#active, levelDb };
  }

  /** The mean level of a frame and of up to `halfWidth` known frames to each side, in dB. */
  #smoothed(frame: number, halfWidth: number): number {
    const first = Math.max(0, frame - halfWidth);
    const last = Math.min(this.#powers.length - 1, frame + halfWidth);
    let sum = 0;
    for (let at = first; at <= last; at += 1) sum += this.#powers[at] ?? 0;
    return 10 * Math.log10(sum / (last - first + 1));
  }

  /** Drops frames that no smoothing window reaches any more. */
  #dropOld(): void {
    const old = this.#next - 2 * FLOOR_HALF_WIDTH;
    this.#powers.splice(0, old);
    this.#smoothDb.splice(0, old);
    this.#next -= old;
  }
}
