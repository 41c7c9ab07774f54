/** Changes the rate of a running stream, for browsers that refuse to record at 24 kHz. */

/**
 * Each output sample is the mean of the input it covers, which attenuates frequencies above the new limit instead of
 * aliasing them. State is carried between calls, so frames may have any length.
 */
export class Resampler {
  readonly #ratio: number;
  /** Sum and width (in input samples) of the output sample being filled. */
  #sum = 0;
  #width = 0;

  /** @param from input rate in Hz. @param to output rate in Hz, at most `from`. */
  constructor(from: number, to: number) {
    if (to > from) throw new RangeError(`cannot resample ${from} Hz up to ${to} Hz`);
    this.#ratio = from / to;
  }

  push(frame: Float32Array): Float32Array<ArrayBuffer> {
    if (this.#ratio === 1) return new Float32Array(frame);
    const output = new Float32Array(Math.ceil((frame.length + this.#width) / this.#ratio));
    let length = 0;
    for (const sample of frame) {
      const missing = this.#ratio - this.#width;
      if (missing > 1) {
        this.#sum += sample;
        this.#width += 1;
        continue;
      }
      output[length++] = (this.#sum + sample * missing) / this.#ratio;
      this.#width = 1 - missing;
      this.#sum = sample * this.#width;
    }
    return output.slice(0, length);
  }
}
