/** Voice activity detection by energy above a noise floor that adapts to the background. */
import { loudnessDb } from './loudness.js';

export interface VadOptions {
  /** 0 to 1: how loud, and how far above the noise, a sound must be to count as speech. */
  threshold: number;
  /** Silence after which speech counts as finished. */
  silenceMs: number;
}

export const VAD_FRAME_MS = 20;
/** Speech starts with this much consecutive loud audio, so that a click does not count. */
export const ONSET_MS = 3 * VAD_FRAME_MS;
/** Within speech, a sound may be this much fainter and still count. */
const HYSTERESIS_DB = 4;
/** How fast the floor adapts to louder noise: steady noise stops counting as speech after some seconds. */
const FLOOR_RISE_DB_PER_FRAME = 0.06;
/** The lowest floor: fainter backgrounds are all alike. */
const QUIET_ROOM_DB = -65;
/** What the threshold from 0 to 1 stands for: 4 to 16 dB above the floor, and never fainter than -60 to -24 dB. */
const MARGIN_DB = { from: 4, to: 16 };
const FAINTEST_DB = { from: -60, to: -24 };

/**
 * Expects consecutive frames of VAD_FRAME_MS. The floor falls at once in the quietest moments (a pause between words) and
 * rises slowly, which distinguishes speech from a steady hum.
 */
export class VoiceActivityDetector {
  readonly #quietFrames: number;
  readonly #marginDb: number;
  readonly #faintestDb: number;
  #floorDb = QUIET_ROOM_DB;
  #speaking = false;
  /** Loud frames in a row while silent, quiet frames in a row while speaking. */
  #run = 0;

  constructor(options: VadOptions) {
    this.#quietFrames = Math.max(1, Math.ceil(options.silenceMs / VAD_FRAME_MS));
    this.#marginDb = MARGIN_DB.from + (MARGIN_DB.to - MARGIN_DB.from) * options.threshold;
    this.#faintestDb = FAINTEST_DB.from + (FAINTEST_DB.to - FAINTEST_DB.from) * options.threshold;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Ends the current speech and keeps the noise floor. */
  reset(): void {
    this.#speaking = false;
    this.#run = 0;
  }

  /** Returns `started` at the last frame of an onset, `stopped` at the last frame of the closing silence. */
  push(frame: Buffer): 'started' | 'stopped' | undefined {
    const levelDb = loudnessDb(frame);
    const isLoud = levelDb > this.#speechLevelDb();
    this.#followFloor(levelDb);
    this.#run = isLoud === this.#speaking ? 0 : this.#run + 1;
    const needed = this.#speaking ? this.#quietFrames : ONSET_MS / VAD_FRAME_MS;
    if (this.#run < needed) return undefined;
    this.#speaking = !this.#speaking;
    this.#run = 0;
    return this.#speaking ? 'started' : 'stopped';
  }

  #speechLevelDb(): number {
    const level = Math.max(this.#floorDb + this.#marginDb, this.#faintestDb);
    return this.#speaking ? level - HYSTERESIS_DB : level;
  }

  #followFloor(levelDb: number): void {
    const followed = Math.min(levelDb, this.#floorDb + FLOOR_RISE_DB_PER_FRAME);
    this.#floorDb = Math.max(QUIET_ROOM_DB, followed);
  }
}
