/** Charges a client for the events of its conversation. */
import { BYTES_PER_MS } from '../audio/pcm.js';
import { countChars } from '../quota/characters.js';
import { audioPoints, RESPONSE_POINTS, textPoints } from '../quota/points.js';
import type { ClientEvent, Item, ItemReference } from '../wire/index.js';

/** Takes points from the client. Rejects with a GatewayError if it has none left. */
export type Charge = (points: number) => Promise<void>;

/**
 * Adds up what a conversation uses and charges whole points in the background: no frame waits for it. One charge is
 * pending at a time; what is used meanwhile goes into the next.
 */
export class Meter {
  readonly #charge: Charge;
  readonly #onRejected: (error: unknown) => void;
  #owed = 0;
  #isCharging = false;

  /** @param onRejected called once, with the reason of the charge's rejection; nothing is charged after it */
  constructor(charge: Charge, onRejected: (error: unknown) => void) {
    this.#charge = charge;
    this.#onRejected = onRejected;
  }

  add(event: ClientEvent): void {
    this.#owed += costOf(event);
    this.#settle();
  }

  #settle(): void {
    const points = Math.floor(this.#owed);
    if (this.#isCharging || points === 0) return;
    this.#owed -= points;
    this.#isCharging = true;
    this.#charge(points).then(() => {
      this.#isCharging = false;
      this.#settle();
    }, this.#onRejected);
  }
}

/** In points, not rounded. */
function costOf(event: ClientEvent): number {
  switch (event.type) {
    case 'buffer.append':
      return audioCost(event.audio);
    case 'item.create':
      return itemCost(event.item);
    case 'session.configure':
      return textCost(event.session.instructions);
    case 'response.create': {
      const { instructions, input = [] } = event.response;
      return RESPONSE_POINTS + textCost(instructions) + input.reduce((sum, item) => sum + itemCost(item), 0);
    }
    default:
      return 0;
  }
}

function itemCost(item: Item | ItemReference): number {
  if ('reference' in item) return 0;
  return item.parts.reduce(
    (sum, part) => sum + (part.type === 'text' ? textCost(part.text) : audioCost(part.audio)),
    0,
  );
}

function textCost(text = ''): number {
  return textPoints(countChars(text));
}

/** Not rounded, unlike a recording's duration: many short pieces cost as much as one long one. */
function audioCost(pcm?: Buffer): number {
  return pcm === undefined ? 0 : audioPoints(pcm.length / BYTES_PER_MS);
}
