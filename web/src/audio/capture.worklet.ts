/** Runs in the audio thread: collects the microphone's samples into frames of 40 ms and posts them to the page. */

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

const FRAME_SECONDS = 0.04;

class Capture extends AudioWorkletProcessor {
  #frame = new Float32Array(Math.round(sampleRate * FRAME_SECONDS));
  #filled = 0;

  process([channels]: Float32Array[][]): boolean {
    const samples = channels?.[0];
    if (samples === undefined) return true;
    for (const sample of samples) {
      this.#frame[this.#filled++] = sample;
      if (this.#filled === this.#frame.length) this.#post();
    }
    return true;
  }

  #post(): void {
    const full = this.#frame;
    this.#frame = new Float32Array(full.length);
    this.#filled = 0;
    this.port.postMessage(full, [full.buffer]);
  }
}

registerProcessor('capture', Capture);
