/** Whether upstream answers, or has been asked to: for a goodbye that does not cut an answer off. */
import { responseEdge, type ClientEvent } from '../wire/index.js';

export class ResponseTracker {
  #asked = false;
  #running = 0;

  get isBusy(): boolean {
    return this.#asked || this.#running > 0;
  }

  /** The client's event was passed on. */
  onClientEvent(event: ClientEvent): void {
    if (event.type === 'response.create') this.#asked = true;
  }

  /** Upstream's frame was passed on. */
  onUpstreamFrame(frame: string): void {
    const edge = responseEdge(frame);
    if (edge === undefined) return;
    // An error may be the answer to what was asked; if it was another's, a goodbye comes a moment too early.
    this.#asked = false;
    if (edge === 'begins') this.#running += 1;
    if (edge === 'ends') this.#running = Math.max(0, this.#running - 1);
  }
}
