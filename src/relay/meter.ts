/** What a client's events cost, and that it pays for them. */
import { countChars } from '../quota/characters.js';
import { audioPoints, RESPONSE_POINTS, textPoints } from '../quota/points.js';
import type { ClientEvent, Item, ItemReference } from '../wire/index.js';

/** PCM16, mono, 24 kHz: what a client speaks in every conversation. */
const BYTES_PER_MS = 48;

/** Takes so many points from the client. Rejects with a GatewayError when it had spent them all before. */
export type Charge = (points: number) => Promise<void>;

/**
 * Adds up what a conversation uses and takes whole points for it, behind its back: no frame waits for that. One charge
 * is under way at a time, and what is used meanwhile goes into the next.
 */
export class Meter {
  readonly #charge: Charge;
  readonly #onRejected: (error: unknown) => void;
  #owed = 0;
  #isCharging = false;

  /** @param refused called once, with what the charge was rejected with; nothing is charged after it. */
  constructor(charge: Charge, refused: (error: unknown) => void) {
    this.#charge = charge;
    this.#onRejected = refused;
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

/** In points, not a whole number. */
function costOf(event: ClientEvent): number {
  switch (event.type) {
    case 'buffer.append':
      return soundCost(event.audio);
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
    (sum, part) => sum + (part.type === 'text' ? textCost(part.text) : soundCost(part.audio)),
    0,
  );
}

function textCost(text = ''): number {
  return textPoints(countChars(text));
}

/** Unrounded, unlike a recording's duration: many short pieces are no cheaper than one long. */
function soundCost(pcm?: Buffer): number {
  return pcm === undefined ? 0 : audioPoints(pcm.length / BYTES_PER_MS);
}
