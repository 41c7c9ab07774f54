/** Transcripts of recordings: each is recognised once for all callers that send the same samples. */
import { createHash } from 'node:crypto';
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

/** A recording is sent twice at most: to be translated and to be transcribed, nearly at once. */
const MAX_RECOGNITIONS = 64;

export class TranscriptCache {
  readonly #recognise: Recognise;
  /**
   * By the digest of the samples and the language that was asked for, the latest last: a recognizer that is told another
   * language writes other words.
   */
  readonly #recognitions = new Map<string, Recognition>();
  readonly #digests = new WeakMap<Buffer, string>();

  constructor(recognise: Recognise) {
    this.#recognise = recognise;
  }

  /** Recognition continues while any caller waits for it. @throws `signal.reason` when aborted */
  get(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<RecognizedSpeech> {
    const key = `${this.#digestOf(pcm)} ${language ?? ''}`;
    const recognition = this.#recognitions.get(key) ?? this.#start(key, pcm, language);
    recognition.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        recognition.waiting -= 1;
        if (recognition.waiting === 0) recognition.abort.abort(signal.reason);
        reject(signal.reason as Error);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
      recognition.transcript.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', leave);
      });
    });
  }

  #start(key: string, pcm: Buffer, language: string | undefined): Recognition {
    const abort = new AbortController();
    const transcript = this.#recognise(pcm, language, abort.signal);
    const recognition = { transcript, abort, waiting: 0 };
    this.#recognitions.set(key, recognition);
    const forget = (): void => {
      if (this.#recognitions.get(key) === recognition) this.#recognitions.delete(key);
    };
    abort.signal.addEventListener('abort', forget);
    // The next caller tries a failed recognition again.
    transcript.catch(forget);
    for (const oldest of this.#recognitions.keys()) {
      if (this.#recognitions.size <= MAX_RECOGNITIONS) break;
      this.#recognitions.delete(oldest);
    }
    return recognition;
  }

  /** 4 minutes of speech take about 10 ms. */
  #digestOf(pcm: Buffer): string {
    const known = this.#digests.get(pcm);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(pcm).digest('base64');
    this.#digests.set(pcm, digest);
    return digest;
  }
}
