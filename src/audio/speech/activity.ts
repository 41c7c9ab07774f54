/** Tells frames of speech from frames of background, two seconds late: it looks ahead to know the noise. */
import { BandLevels, FRAME_MS } from './band-levels.js';
import { NoiseFloor } from './noise-floor.js';

export interface ActivityFrame {
  readonly active: boolean;
  /** Level of the lower band in dB below full scale. */
  readonly levelDb: number;
}

/** How far above the floor a sound begins to count, and how far it counts on once it has begun. */
const START_MARGIN_DB = 6;
const STAY_MARGIN_DB = 3.5;
/** Fainter sounds never count, however silent the background. */
const FAINTEST_LOW_DB = -58;
const FAINTEST_HIGH_DB = -62;

const LOOK_AHEAD_FRAMES = 2_000 / FRAME_MS;
/** Frames between two looks ahead. */
const OBSERVE_EVERY = 10;
/** Decisions smooth over three frames, the floor over five: so many to each side of the one in the middle. */
const DECIDE_SIDE = 1;
const FLOOR_SIDE = 2;

export class SpeechActivity {
  readonly #levels = new BandLevels();
  readonly #low = new Band(FAINTEST_LOW_DB);
  readonly #high = new Band(FAINTEST_HIGH_DB);
  #frames = 0;
  #decided = 0;

  /** @returns the frames that are decided now, in order. */
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

  /** @returns the frames that are left. */
  end(): ActivityFrame[] {
    const decided: ActivityFrame[] = [];
    while (this.#decided < this.#frames) decided.push(this.#decide());
    return decided;
  }

  #decide(): ActivityFrame {
    const observe = this.#decided % OBSERVE_EVERY === 0;
    this.#decided += 1;
    const low = this.#low.decide(observe);
    const high = this.#high.decide(observe);
    return { active: low.active || high.active, levelDb: low.levelDb };
  }
}

/** One band: its powers of the time ahead and of the frames just before. */
class Band {
  readonly #faintestDb: number;
  readonly #floor: NoiseFloor;
  /** The frame to decide next is at `#next`; a few seconds before it and the look-ahead after it are kept. */
  readonly #powers: number[] = [];
  /** Levels smoothed for the floor, of all frames but the last two. */
  readonly #smoothDb: number[] = [];
  #next = 0;
  #active = false;

  constructor(faintestDb: number) {
    this.#faintestDb = faintestDb;
    this.#floor = new NoiseFloor(faintestDb - START_MARGIN_DB);
  }

  push(power: number): void {
    this.#powers.push(power);
    const known = this.#powers.length - FLOOR_SIDE;
    if (known > 0) this.#smoothDb.push(this.#smoothed(known - 1, FLOOR_SIDE));
  }

  decide(observe: boolean): ActivityFrame {
    this.#floor.follow(this.#smoothDb[this.#next] ?? this.#smoothed(this.#next, FLOOR_SIDE));
    if (observe) this.#floor.observe(this.#smoothDb.slice(this.#next));
    const levelDb = this.#smoothed(this.#next, DECIDE_SIDE);
    const margin = this.#active ? STAY_MARGIN_DB : START_MARGIN_DB;
    this.#active = levelDb > Math.max(this.#floor.db + margin, this.#faintestDb);
    this.#next += 1;
    if (this.#next > 2 * LOOK_AHEAD_FRAMES) this.#forget();
    return { active: this.#active, levelDb };
  }

  /** The level of the frames around one, as far as they are known. */
  #smoothed(frame: number, side: number): number {
    const first = Math.max(0, frame - side);
    const last = Math.min(this.#powers.length - 1, frame + side);
    let sum = 0;
    for (let at = first; at <= last; at += 1) sum += this.#powers[at] ?? 0;
    return 10 * Math.log10(sum / (last - first + 1));
  }

  #forget(): void {
    const old = this.#next - 2 * FLOOR_SIDE;
    this.#powers.splice(0, old);
    this.#smoothDb.splice(0, old);
    this.#next -= old;
  }
}
