/** The text of a stream as deltas, in the order of the segments; words of the current segment may be sent as they arrive. */
import type { LiveWords } from './segment-request.js';

export class OrderedDeltas {
  readonly #send: (delta: string) => Promise<void>;
  /** The index of the current segment. */
  #index = 0;
  #sentOfSegment = '';
  #allSent = '';

  /** @param send is called for one delta at a time. */
  constructor(send: (delta: string) => Promise<void>) {
    this.#send = send;
  }

  /** All that was sent: a line for each segment that has text. */
  get text(): string {
    return this.#allSent;
  }

  /** Sends the words of a segment while it is the current one; before that, nothing. */
  liveWordsOf(index: number): LiveWords {
    return {
      send: async (text) => {
        if (index === this.#index) await this.#sendUpTo(text.trim());
      },
      sent: () => (index === this.#index ? this.#sentOfSegment : ''),
    };
  }

  /**
   * Sends the rest of the current segment; the next one is current then.
   *
   * @param text the whole of it, beginning with what was sent.
   */
  async end(text: string): Promise<void> {
    await this.#sendUpTo(text.trim());
    this.#index += 1;
    this.#sentOfSegment = '';
  }

  async #sendUpTo(text: string): Promise<void> {
    if (!text.startsWith(this.#sentOfSegment)) return;
    const rest = text.slice(this.#sentOfSegment.length);
    if (rest === '') return;
    const delta = this.#sentOfSegment === '' && this.#allSent !== '' ? `\n${rest}` : rest;
    this.#sentOfSegment = text;
    this.#allSent += delta;
    await this.#send(delta);
  }
}
