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
/** Decisions smooth over three frames, the floor over five: what varies less can be told apart by less. */
const DECIDE_FRAMES = 3;
const FLOOR_FRAMES = 5;

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
  #next = 0;
  #active = false;

  constructor(faintestDb: number) {
    this.#faintestDb = faintestDb;
    this.#floor = new NoiseFloor(faintestDb - START_MARGIN_DB);
  }

  push(power: number): void {
    this.#powers.push(power);
  }

  decide(observe: boolean): ActivityFrame {
    this.#floor.follow(this.#smoothed(this.#next, FLOOR_FRAMES));
    if (observe) this.#observe();
    const levelDb = this.#smoothed(this.#next, DECIDE_FRAMES);
    const margin = this.#active ? STAY_MARGIN_DB : START_MARGIN_DB;
    this.#active = levelDb > Math.max(this.#floor.db + margin, this.#faintestDb);
    this.#next += 1;
    if (this.#next > 2 * LOOK_AHEAD_FRAMES) this.#forget();
    return { active: this.#active, levelDb };
  }

  #observe(): void {
    const coming: number[] = [];
    for (let at = this.#next; at < this.#powers.length; at += 1) coming.push(this.#smoothed(at, FLOOR_FRAMES));
    this.#floor.observe(coming);
  }

  /** The level of the frames around one, as far as they are known. */
  #smoothed(frame: number, width: number): number {
    const side = (width - 1) / 2;
    const around = this.#powers.slice(Math.max(0, frame - side), frame + side + 1);
    return 10 * Math.log10(around.reduce((sum, power) => sum + power, 0) / around.length);
  }

  #forget(): void {
    const old = this.#next - FLOOR_FRAMES;
    this.#powers.splice(0, old);
    this.#next -= old;
  }
}
