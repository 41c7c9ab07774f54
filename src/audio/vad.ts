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
const QUIET_ROOM_DB = -65;

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
    this.#marginDb = 4 + 12 * options.threshold;
    this.#faintestDb = -60 + 36 * options.threshold;
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
    const loud = levelDb > this.#levelOfSpeech();
    this.#followFloor(levelDb);
    this.#run = loud === this.#speaking ? 0 : this.#run + 1;
    const needed = this.#speaking ? this.#quietFrames : ONSET_MS / VAD_FRAME_MS;
    if (this.#run < needed) return undefined;
    this.#speaking = !this.#speaking;
    this.#run = 0;
    return this.#speaking ? 'started' : 'stopped';
  }

  #levelOfSpeech(): number {
    const level = Math.max(this.#floorDb + this.#marginDb, this.#faintestDb);
    return this.#speaking ? level - HYSTERESIS_DB : level;
  }

  #followFloor(levelDb: number): void {
    const followed = Math.min(levelDb, this.#floorDb + FLOOR_RISE_DB_PER_FRAME);
    this.#floorDb = Math.max(QUIET_ROOM_DB, followed);
  }
}
