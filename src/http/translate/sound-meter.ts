/** Takes the points of a recording as it goes on: whole ones as soon as they are due. */
import { audioPoints } from '../../quota/points.js';

export class SoundMeter {
  readonly #charge: (points: number) => Promise<void>;
  #owed = 0;
  #charging: Promise<void> = Promise.resolve();

  /** @param charge takes whole points, for which the client's next requests pay; never rejects for lack of them. */
  constructor(charge: (points: number) => Promise<void>) {
    this.#charge = charge;
  }

  /** @param soundMs of a response. */
  readonly add = (soundMs: number): void => {
    this.#owed += audioPoints(soundMs);
    const whole = Math.floor(this.#owed);
    if (whole === 0) return;
    this.#owed -= whole;
    const before = this.#charging;
    this.#charging = Promise.all([before, this.#charge(whole)]).then(() => undefined);
    // The caller of `settled` receives the rejection.
    this.#charging.catch(() => undefined);
  };

  /** Resolves when the points are taken, and the headers say what is left. */
  settled(): Promise<void> {
    return this.#charging;
  }
}
