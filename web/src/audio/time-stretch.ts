/** Plays speech faster or slower at the same pitch, by overlapping pieces of it where they resemble each other (WSOLA). */

/** At 24 kHz: 20 ms of output a step, which holds two periods of a low voice. */
const HOP = 480;
/** How far from its place a piece may be taken, so that it continues the wave of the one before: 10 ms. */
const SEARCH = 240;
/** Every fourth sample is compared, at every second place: enough for speech. */
const [COMPARE_STEP, PLACE_STEP] = [4, 2];

export class TimeStretch {
  #input = new Float32Array(0);
  /** Where the piece that was output last would go on. */
  #next = 0;
  /** Where the next piece is due; fractional, so that the speed holds over any length. */
  #due = 0;

  /** @param speed 1.5: half as long again in the same time. @returns what is ready; about 30 ms are kept back. */
  push(samples: Float32Array, speed: number): Float32Array<ArrayBuffer> {
    this.#append(samples);
    const output: Float32Array[] = [];
    for (;;) {
      const due = Math.round(this.#due);
      const end = Math.max(this.#next, due + SEARCH) + HOP;
      if (end > this.#input.length) break;
      const place = this.#bestPlace(due);
      output.push(this.#crossfade(place));
      this.#next = place + HOP;
      this.#due += HOP * speed;
    }
    this.#discardOld();
    return concatenateFloats(output);
  }

  /** @returns the rest, and begins anew. */
  flush(): Float32Array<ArrayBuffer> {
    const rest = this.#input.slice(this.#next);
    this.#input = new Float32Array(0);
    this.#next = 0;
    this.#due = 0;
    return rest;
  }

  #append(samples: Float32Array): void {
    const joined = new Float32Array(this.#input.length + samples.length);
    joined.set(this.#input);
    joined.set(samples, this.#input.length);
    this.#input = joined;
  }

  /** The place near `due` whose wave is most like the continuation of the last piece. */
  #bestPlace(due: number): number {
    let best = Math.max(0, due);
    let bestLikeness = -Infinity;
    for (let place = Math.max(0, due - SEARCH); place <= due + SEARCH; place += PLACE_STEP) {
      let product = 0;
      let energy = 1e-9;
      for (let i = 0; i < HOP; i += COMPARE_STEP) {
        const sample = this.#input[place + i] ?? 0;
        product += sample * (this.#input[this.#next + i] ?? 0);
        energy += sample * sample;
      }
      const likeness = product / Math.sqrt(energy);
      if (likeness > bestLikeness) [best, bestLikeness] = [place, likeness];
    }
    return best;
  }

  #crossfade(place: number): Float32Array {
    const piece = new Float32Array(HOP);
    for (let i = 0; i < HOP; i++) {
      const share = i / HOP;
      piece[i] = (this.#input[this.#next + i] ?? 0) * (1 - share) + (this.#input[place + i] ?? 0) * share;
    }
    return piece;
  }

  #discardOld(): void {
    const used = Math.max(0, Math.min(this.#next, Math.floor(this.#due) - SEARCH));
    this.#input = this.#input.slice(used);
    this.#next -= used;
    this.#due -= used;
  }
}

function concatenateFloats(pieces: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
