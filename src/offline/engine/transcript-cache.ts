/** What was said in a recording, recognised once however many ask, as long as the recording is kept. */

interface Recognition {
  readonly words: Promise<string>;
  readonly abort: AbortController;
  /** How many wait for it. */
  waiting: number;
}

export class TranscriptCache {
  readonly #recognise: (pcm: Buffer, signal: AbortSignal) => Promise<string>;
  readonly #recognitions = new WeakMap<Buffer, Recognition>();

  constructor(recognise: (pcm: Buffer, signal: AbortSignal) => Promise<string>) {
    this.#recognise = recognise;
  }

  /** Recognition goes on while anyone waits for it. @throws `signal.reason` when aborted */
  get(pcm: Buffer, signal: AbortSignal): Promise<string> {
    const recognition = this.#recognitions.get(pcm) ?? this.#start(pcm);
    recognition.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        recognition.waiting -= 1;
        if (recognition.waiting === 0) recognition.abort.abort(signal.reason);
        reject(signal.reason as Error);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave);
      recognition.words.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', leave);
      });
    });
  }

  #start(pcm: Buffer): Recognition {
    const abort = new AbortController();
    const words = this.#recognise(pcm, abort.signal);
    const recognition = { words, abort, waiting: 0 };
    this.#recognitions.set(pcm, recognition);
    const forget = (): void => {
      this.#recognitions.delete(pcm);
    };
    abort.signal.addEventListener('abort', forget);
    // What failed is tried again by the next one who asks.
    words.catch(forget);
    return recognition;
  }
}
