/** A request from its acceptance to its end: what was asked, where it is, and the answer as it arrives. */
import type { Indexed } from '../bag.js';
import type { GatewayError } from '../errors.js';
import type { Item, OutputKind, Part, ContentPosition, ResponseView, Usage } from '../wire/index.js';
import { emptyAnswer, upstreamError } from './errors.js';
import { textOfItem, textOfPart, WholeText } from './whole-text.js';

/** Self-contained, so that any socket can serve it. */
export interface UpstreamRequest {
  /** The session's instructions; sent once per socket as a conversation item and referenced from then on. */
  readonly prompt: string;
  /** Helps, but is not translated; for this request alone. */
  readonly context?: string | undefined;
  /** PCM16 mono 24 kHz, raw samples. */
  readonly question: { readonly text: string } | { readonly pcm: Buffer };
  readonly output: OutputKind;
  readonly voice?: string | undefined;
  /** No deltas are passed on: the answer is in `text` and `audio` once the response is complete. */
  readonly onlyWhole?: boolean;
  /** Travels beside our own `request_id`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Chunk = { type: 'started' } | { type: 'text'; delta: string } | { type: 'audio'; pcm: Buffer };

/** What runs a request, and cancels it upstream when the request settles before the response has ended. */
export interface RequestRunner {
  abandon(pending: PendingResponse): void;
}

/** Milliseconds of the process's monotonic clock. */
interface Timestamps {
  readonly acceptedAt: number;
  sentAt: number | undefined;
  firstDeltaAt: number | undefined;
  endedAt: number | undefined;
}

/**
 * Iterate it for the chunks; the loop ends when the response is complete and throws a GatewayError when it failed.
 * Leaving the loop early cancels. It settles exactly once, by what comes first: upstream, deadline, client or shutdown.
 */
export class PendingResponse implements AsyncIterable<Chunk>, Indexed {
  readonly request: UpstreamRequest;
  /**
   * The voice that its socket has or takes on, for as long as the socket lives; the empty string is the provider's
   * default. Undefined for text, which any socket serves.
   */
  readonly voiceLock: string | undefined;
  /** Its place in the pool's bag of accepted requests. */
  index = 0;
  /** Its neighbours in the pool's queue, and when it last joined the queue, by the monotonic clock. */
  previous: PendingResponse | undefined;
  next: PendingResponse | undefined;
  queuedAt = 0;
  /** The connection that it was sent on; undefined while it is queued. */
  connection: RequestRunner | undefined;
  readonly timestamps: Timestamps = {
    acceptedAt: performance.now(),
    sentAt: undefined,
    firstDeltaAt: undefined,
    endedAt: undefined,
  };
  /** All text so far. */
  text = '';
  /** All audio so far, PCM16. */
  audio: Buffer[] = [];
  usage: Usage | undefined;
  /** Bytes of audio received, those of an attempt whose socket was lost included. */
  audioBytes = 0;
  /** The language of the question as the engine detected it: its response's metadata say so (offline server). */
  detectedLanguage: string | undefined;
  /** How many sockets it has been sent on. */
  attempts = 0;
  /** The request id of the last attempt, as it was sent upstream. */
  upstreamId: string | undefined;
  readonly #chunks: Chunk[] = [];
  readonly #deadline: NodeJS.Timeout;
  readonly #onSettled: (pending: PendingResponse) => void;
  /** Complete parts and items that came before any delta. */
  #whole: WholeText | undefined;
  #started = false;
  #outcome: { error: GatewayError | undefined } | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param timeoutMs until it fails with `upstream-timeout`, waiting and a retry included
   * @param onSettled called exactly once, synchronously, when it settles
   */
  constructor(request: UpstreamRequest, timeoutMs: number, onSettled: (pending: PendingResponse) => void) {
    this.request = request;
    this.voiceLock = request.output === 'audio' ? (request.voice ?? '') : undefined;
    this.#onSettled = onSettled;
    this.#deadline = setTimeout(() => {
      this.fail(upstreamError('upstream-timeout'));
    }, timeoutMs);
  }

  get settled(): boolean {
    return this.#outcome !== undefined;
  }

  /** A delta of the last attempt has arrived. */
  get hasOutput(): boolean {
    return this.timestamps.firstDeltaAt !== undefined;
  }

  /** Nothing of the answer was passed on yet, so that a retry goes unnoticed. */
  get canRetry(): boolean {
    return !this.hasOutput || this.request.onlyWhole === true;
  }

  /** Each attempt begins with an empty answer. */
  beginAttempt(connection: RequestRunner, upstreamId: string): void {
    this.connection = connection;
    this.attempts += 1;
    this.text = '';
    this.audio = [];
    this.#whole = undefined;
    this.timestamps.firstDeltaAt = undefined;
    this.upstreamId = upstreamId;
    this.timestamps.sentAt = performance.now();
  }

  started(): void {
    if (this.#started) return;
    this.#started = true;
    this.#push({ type: 'started' });
  }

  textDelta(delta: string): void {
    if (delta === '' || this.settled) return;
    this.timestamps.firstDeltaAt ??= performance.now();
    this.text += delta;
    this.#push({ type: 'text', delta });
  }

  audioDelta(pcm: Buffer): void {
    if (pcm.length === 0 || this.settled) return;
    this.timestamps.firstDeltaAt ??= performance.now();
    this.audioBytes += pcm.length;
    this.audio.push(pcm);
    this.#push({ type: 'audio', pcm });
  }

  /** No text delta has arrived, so that a complete part or item may be the only source of the text. */
  get lacksText(): boolean {
    return this.text === '' && !this.settled;
  }

  wholePart(position: ContentPosition, part: Part): void {
    this.#whole ??= new WholeText();
    this.#whole.addPart(position, textOfPart(part));
  }

  wholeItem(outputIndex: number, item: Item): void {
    this.#whole ??= new WholeText();
    this.#whole.addItem(outputIndex, item);
  }

  /**
   * The response ended upstream.
   * @param error why it is incomplete
   */
  finish(response: ResponseView, error: GatewayError | undefined): void {
    this.started();
    // Some servers send no deltas, only the final text.
    if (this.text === '') {
      const final = response.output.map(textOfItem).join('');
      this.textDelta(final === '' ? (this.#whole?.text ?? '') : final);
    }
    this.usage = response.usage;
    this.detectedLanguage = response.metadata?.detected_language;
    this.#settle(error ?? this.#missing());
  }

  fail(error: GatewayError): void {
    this.#settle(error);
  }

  /** Instead of iterating. Resolves when the response is complete, rejects with a GatewayError when it failed. */
  async done(): Promise<void> {
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
      // The loop was left early: this cancels the rest.
      this.#settle(undefined);
    }
  }

  /** A visible text has a translation, and words have a sound; a recording may be silent. */
  #missing(): GatewayError | undefined {
    const { question, output } = this.request;
    const isVisible = 'text' in question && /[^\p{C}\p{Z}]/u.test(question.text);
    if (isVisible && this.text.trim() === '') return emptyAnswer('words');
    const isSilent = output === 'audio' && this.audio.length === 0;
    return isSilent && /[\p{L}\p{N}]/u.test(this.text) ? emptyAnswer('sound') : undefined;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #push(chunk: Chunk): void {
    if (this.settled || this.request.onlyWhole === true) return;
    this.#chunks.push(chunk);
    this.#notify();
  }

  #settle(error: GatewayError | undefined): void {
    if (this.#outcome !== undefined) return;
    clearTimeout(this.#deadline);
    this.timestamps.endedAt = performance.now();
    this.#outcome = { error: error?.withPartial(this.text) };
    this.#onSettled(this);
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
