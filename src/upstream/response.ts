/** One request on its way: what is asked, and the answer as it arrives. */
import type { GatewayError } from '../errors.js';
import type { OutputKind, ResponseView, Usage } from '../wire/index.js';
import { unfinished } from './failure.js';

/** Self-contained, so that any socket can serve it. */
export interface UpstreamRequest {
  /** The session's instructions; planted once per socket and referenced. */
  readonly prompt: string;
  /** Helps, but is not translated; for this request alone. */
  readonly context?: string | undefined;
  /** PCM16 mono 24 kHz, raw samples. */
  readonly question: { readonly text: string } | { readonly pcm: Buffer };
  readonly output: OutputKind;
  readonly voice?: string | undefined;
  /** Nobody takes the text in pieces: it is in `text` when the response is whole. */
  readonly onlyWhole?: boolean;
  /** Travels beside our own `request_id`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Chunk = { type: 'started' } | { type: 'text'; delta: string } | { type: 'audio'; pcm: Buffer };

/** Moments in milliseconds of the process's monotonic clock. */
interface Moments {
  readonly acceptedAt: number;
  sentAt: number | undefined;
  firstDeltaAt: number | undefined;
  endedAt: number | undefined;
}

/**
 * Iterate it for the chunks; the loop ends when the response is whole and throws a GatewayError when it is not.
 * Leaving the loop early cancels. It settles once, whoever comes first: upstream, deadline, client or shutdown.
 */
export class PendingResponse implements AsyncIterable<Chunk> {
  readonly request: UpstreamRequest;
  readonly moments: Moments = {
    acceptedAt: performance.now(),
    sentAt: undefined,
    firstDeltaAt: undefined,
    endedAt: undefined,
  };
  /** All text so far. */
  text = '';
  usage: Usage | undefined;
  /** All sound so far, in bytes of PCM16. */
  audioBytes = 0;
  /** How many sockets it has been sent on. */
  attempts = 0;
  /** What upstream was told as the id of the last attempt. */
  upstreamId: string | undefined;
  readonly #chunks: Chunk[] = [];
  readonly #onSettled: () => void;
  #started = false;
  /** Nobody takes chunks, only the end is waited for. */
  #isWholeWanted = false;
  #outcome: { error: GatewayError | undefined } | undefined;
  #wake: (() => void) | undefined;

  /** @param onSettled called exactly once, at the moment of settling, so that its owner can let go of it */
  constructor(request: UpstreamRequest, onSettled: () => void) {
    this.request = request;
    this.#onSettled = onSettled;
  }

  get settled(): boolean {
    return this.#outcome !== undefined;
  }

  /** Something of the answer has reached the client, so it can no longer be run again unnoticed. */
  get yielded(): boolean {
    return this.moments.firstDeltaAt !== undefined;
  }

  sent(upstreamId: string): void {
    this.attempts += 1;
    this.upstreamId = upstreamId;
    this.moments.sentAt = performance.now();
  }

  started(): void {
    if (this.#started) return;
    this.#started = true;
    this.#push({ type: 'started' });
  }

  textDelta(delta: string): void {
    if (delta === '' || this.settled) return;
    this.moments.firstDeltaAt ??= performance.now();
    this.text += delta;
    if (this.request.onlyWhole !== true) this.#push({ type: 'text', delta });
  }

  audioDelta(pcm: Buffer): void {
    if (pcm.length === 0 || this.settled) return;
    this.moments.firstDeltaAt ??= performance.now();
    this.audioBytes += pcm.length;
    this.#push({ type: 'audio', pcm });
  }

  /** The response ended upstream, whole or not. */
  finish(response: ResponseView): void {
    this.started();
    // Some servers send no deltas, only the final text.
    if (this.text === '') this.textDelta(finalText(response));
    this.usage = response.usage;
    this.#settle(unfinished(response));
  }

  fail(error: GatewayError): void {
    this.#settle(error);
  }

  /** For whoever needs no chunk. Resolves when the response is whole, rejects with a GatewayError when it is not. */
  async whole(): Promise<void> {
    this.#isWholeWanted = true;
    this.#chunks.length = 0;
    while (this.#outcome === undefined) await this.#more();
    if (this.#outcome.error !== undefined) throw this.#outcome.error;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, void> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) yield chunk;
        else if (this.#outcome === undefined) await this.#more();
        else if (this.#outcome.error === undefined) return;
        else throw this.#outcome.error;
      }
    } finally {
      // Left early: nobody waits for the rest, so it is over for its owner too.
      this.#settle(undefined);
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #push(chunk: Chunk): void {
    if (this.settled || this.#isWholeWanted) return;
    this.#chunks.push(chunk);
    this.#notify();
  }

  #settle(error: GatewayError | undefined): void {
    if (this.#outcome !== undefined) return;
    this.moments.endedAt = performance.now();
    this.#outcome = { error: error?.withPartial(this.text) };
    this.#onSettled();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function finalText(response: ResponseView): string {
  return response.output
    .flatMap((item) => item.parts)
    .map((part) => (part.type === 'text' ? part.text : (part.transcript ?? '')))
    .join('');
}
