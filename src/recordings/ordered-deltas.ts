/** The text of a stream as deltas, segment after segment; of the one whose turn it is, words may go out as they come. */
import type { LiveWords } from './segment-request.js';

export class OrderedDeltas {
  readonly #send: (delta: string) => Promise<void>;
  /** The segment whose turn it is, and what of it was sent. */
  #index = 0;
  #sent = '';
  #text = '';

  /** @param send is called for one delta at a time. */
  constructor(send: (delta: string) => Promise<void>) {
    this.#send = send;
  }

  /** All that was sent: a line for each segment that has text. */
  get text(): string {
    return this.#text;
  }

  /** Of a segment that has to wait for its turn nothing is sent. */
  wordsOf(index: number): LiveWords {
    return {
      send: async (text) => {
        if (index === this.#index) await this.#sendUpTo(text.trim());
      },
      sent: () => (index === this.#index ? this.#sent : ''),
    };
  }

  /**
   * Sends the rest of the segment whose turn it is; then it is the next one's.
   *
   * @param text the whole of it, beginning with what was sent.
   */
  async end(text: string): Promise<void> {
    await this.#sendUpTo(text.trim());
    this.#index += 1;
    this.#sent = '';
  }

  async #sendUpTo(text: string): Promise<void> {
    if (!text.startsWith(this.#sent)) return;
    const rest = text.slice(this.#sent.length);
    if (rest === '') return;
    const delta = this.#sent === '' && this.#text !== '' ? `\n${rest}` : rest;
    this.#sent = text;
    this.#text += delta;
    await this.#send(delta);
  }
}
