/** Transcripts of recordings: each is recognised once for all callers, and cached as long as its samples are referenced. */

interface Recognition {
  readonly transcript: Promise<string>;
  readonly abort: AbortController;
  /** Callers that wait for it. */
  waiting: number;
}

export class TranscriptCache {
  readonly #recognise: (pcm: Buffer, signal: AbortSignal) => Promise<string>;
  readonly #recognitions = new WeakMap<Buffer, Recognition>();

  constructor(recognise: (pcm: Buffer, signal: AbortSignal) => Promise<string>) {
    this.#recognise = recognise;
  }

  /** Recognition continues while any caller waits for it. @throws `signal.reason` when aborted */
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
      recognition.transcript.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', leave);
      });
    });
  }

  #start(pcm: Buffer): Recognition {
    const abort = new AbortController();
    const transcript = this.#recognise(pcm, abort.signal);
    const recognition = { transcript, abort, waiting: 0 };
    this.#recognitions.set(pcm, recognition);
    const forget = (): void => {
      this.#recognitions.delete(pcm);
    };
    abort.signal.addEventListener('abort', forget);
    // The next caller tries a failed recognition again.
    transcript.catch(forget);
    return recognition;
  }
}
