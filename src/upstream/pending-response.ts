/** One request on its way: what is asked, and the answer as it arrives. */
import type { GatewayError } from '../errors.js';
import type { Item, OutputKind, Part, ContentPosition, ResponseView, Usage } from '../wire/index.js';
import { emptyAnswer } from './errors.js';
import { textOfItem, textOfPart, WholeText } from './whole-text.js';

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
  /** Nobody takes the answer in pieces: it is in `text` and `audio` when the response is whole. */
  readonly onlyWhole?: boolean;
  /** Travels beside our own `request_id`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Chunk = { type: 'started' } | { type: 'text'; delta: string } | { type: 'audio'; pcm: Buffer };

/** Moments in milliseconds of the process's monotonic clock. */
interface Timestamps {
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
  readonly timestamps: Timestamps = {
    acceptedAt: performance.now(),
    sentAt: undefined,
    firstDeltaAt: undefined,
    endedAt: undefined,
  };
  /** All text so far. */
  text = '';
  /** All sound so far, PCM16. */
  audio: Buffer[] = [];
  usage: Usage | undefined;
  /** Bytes of sound that came, those of a run whose socket was lost included. */
  audioBytes = 0;
  /** How many sockets it has been sent on. */
  attempts = 0;
  /** What upstream was told as the id of the last attempt. */
  upstreamId: string | undefined;
  readonly #chunks: Chunk[] = [];
  readonly #onSettled: () => void;
  /** What came whole while there was no delta. */
  #whole: WholeText | undefined;
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

  /** A delta of the last attempt has come. */
  get hasBegun(): boolean {
    return this.timestamps.firstDeltaAt !== undefined;
  }

  /** Something of the answer was told in pieces, so it can no longer be run again unnoticed. */
  get isTold(): boolean {
    return this.hasBegun && this.request.onlyWhole !== true;
  }

  /** Each attempt begins with an empty answer. */
  sent(upstreamId: string): void {
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
    if (this.request.onlyWhole !== true) this.#push({ type: 'text', delta });
  }

  audioDelta(pcm: Buffer): void {
    if (pcm.length === 0 || this.settled) return;
    this.timestamps.firstDeltaAt ??= performance.now();
    this.audioBytes += pcm.length;
    this.audio.push(pcm);
    if (this.request.onlyWhole !== true) this.#push({ type: 'audio', pcm });
  }

  /** No word has come yet, so that a part or an item that is said whole may be all that comes. */
  get lacksText(): boolean {
    return this.text === '' && !this.settled;
  }

  wholePart(place: ContentPosition, part: Part): void {
    this.#whole ??= new WholeText();
    this.#whole.addPart(place, textOfPart(part));
  }

  wholeItem(outputIndex: number, item: Item): void {
    this.#whole ??= new WholeText();
    this.#whole.addItem(outputIndex, item);
  }

  /**
   * The response ended upstream.
   * @param error why it is not whole
   */
  finish(response: ResponseView, error: GatewayError | undefined): void {
    this.started();
    // Some servers send no deltas, only the final text.
    if (this.text === '') {
      const final = response.output.map(textOfItem).join('');
      this.textDelta(final === '' ? (this.#whole?.text ?? '') : final);
    }
    this.usage = response.usage;
    this.#settle(error ?? this.#missing());
  }

  fail(error: GatewayError): void {
    this.#settle(error);
  }

  /** For whoever needs no chunk. Resolves when the response is whole, rejects with a GatewayError when it is not. */
  async done(): Promise<void> {
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

  /** A text that can be seen has a translation, and words can be spoken; a recording may be of silence. */
  #missing(): GatewayError | undefined {
    const { question, output } = this.request;
    const isSeen = 'text' in question && /[^\p{C}\p{Z}]/u.test(question.text);
    if (isSeen && this.text.trim() === '') return emptyAnswer('words');
    const isSilent = output === 'audio' && this.audio.length === 0;
    return isSilent && /[\p{L}\p{N}]/u.test(this.text) ? emptyAnswer('sound') : undefined;
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
    this.timestamps.endedAt = performance.now();
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
