/** How long to wait once upstream's rate limit is reached, from its last `limits` event or from its error message. */
import type { Dialect } from '../wire/index.js';

/** A longer wait is a server's mistake, or of no use to a client. */
const LONGEST_WAIT_MS = 3_600_000;

export class RateLimits {
  readonly #dialect: Dialect;
  #frame: string | undefined;
  #receivedAt = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** @param frame one follows each response, so it is not decoded before a limit is reached */
  update(frame: string): void {
    this.#frame = frame;
    this.#receivedAt = performance.now();
  }

  /** Until the exhausted limit resets, or the one with the smallest share left; undefined where none is known. */
  get resetMs(): number | undefined {
    if (this.#frame === undefined) return undefined;
    const decoded = this.#dialect.decodeServer(this.#frame);
    if (decoded.kind !== 'event' || decoded.event.type !== 'limits') return undefined;
    const { limits } = decoded.event;
    const exhausted = limits.filter(({ remaining }) => remaining <= 0);
    const nearest = [...limits].sort((a, b) => a.remaining / a.limit - b.remaining / b.limit).slice(0, 1);
    const reached = exhausted.length > 0 ? exhausted : nearest;
    const resetMs = Math.max(...reached.map(({ resetSeconds }) => resetSeconds * 1_000));
    return clampWait(resetMs - (performance.now() - this.#receivedAt));
  }
}

const AMOUNT = /(\d+(?:\.\d+)?)\s*(ms|s|m|h)[a-z]*\s*/gi;
const WAIT_SENTENCE = new RegExp(`(?:try again in|retry after)\\s+((?:${AMOUNT.source})+)`, 'i');
const MS_OF: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Parses the wait in an error message: "Please try again in 1m26.4s.", "Please retry after 26 seconds." */
export function parseWait(message: string): number | undefined {
  const amounts = WAIT_SENTENCE.exec(message)?.[1];
  if (amounts === undefined) return undefined;
  let waitMs = 0;
  for (const [, amount, unit = ''] of amounts.matchAll(AMOUNT)) {
    waitMs += Number(amount) * (MS_OF[unit.toLowerCase()] ?? 0);
  }
  return clampWait(waitMs);
}

function clampWait(waitMs: number): number | undefined {
  return waitMs > 0 ? Math.min(waitMs, LONGEST_WAIT_MS) : undefined;
}
