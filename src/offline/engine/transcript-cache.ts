/** Transcripts of recordings: each is recognised once for all callers, and cached as long as its samples are referenced. */
import type { RecognizedSpeech } from '../server/responder.js';

interface Recognition {
  readonly transcript: Promise<RecognizedSpeech>;
  readonly abort: AbortController;
  /** Callers that wait for it. */
  waiting: number;
}

type Recognise = (
  pcm: Buffer,
  language: string | undefined,
  signal: AbortSignal,
) => Promise<RecognizedSpeech>;

export class TranscriptCache {
  readonly #recognise: Recognise;
  /** By the language that was asked for: a recognizer that is told another one writes other words. */
  readonly #recognitions = new WeakMap<Buffer, Map<string, Recognition>>();

  constructor(recognise: Recognise) {
    this.#recognise = recognise;
  }

  /** Recognition continues while any caller waits for it. @throws `signal.reason` when aborted */
  get(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<RecognizedSpeech> {
    const recognition = this.#recognitions.get(pcm)?.get(language ?? '') ?? this.#start(pcm, language);
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

  #start(pcm: Buffer, language: string | undefined): Recognition {
    const abort = new AbortController();
    const transcript = this.#recognise(pcm, language, abort.signal);
    const recognition = { transcript, abort, waiting: 0 };
    const ofRecording = this.#recognitions.get(pcm) ?? new Map<string, Recognition>();
    this.#recognitions.set(pcm, ofRecording.set(language ?? '', recognition));
    const forget = (): void => {
      if (ofRecording.get(language ?? '') === recognition) ofRecording.delete(language ?? '');
    };
    abort.signal.addEventListener('abort', forget);
    // The next caller tries a failed recognition again.
    transcript.catch(forget);
    return recognition;
  }
}
