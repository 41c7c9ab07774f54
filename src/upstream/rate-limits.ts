/** How long to wait once upstream's rate limit is met: what upstream said of its limits, and what its refusals say. */
import type { Dialect } from '../wire/index.js';

/** A longer wait is a mistake of the server, or of no use to a client. */
const LONGEST_WAIT_MS = 3_600_000;

export class RateLimits {
  readonly #dialect: Dialect;
  #frame: string | undefined;
  #heardAt = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** @param frame follows each response, so that it is not read before a limit is met */
  heard(frame: string): void {
    this.#frame = frame;
    this.#heardAt = performance.now();
  }

  /** Until the exhausted limit resets, or the one that is nearest to its end; undefined where none is known. */
  get resetMs(): number | undefined {
    if (this.#frame === undefined) return undefined;
    const decoded = this.#dialect.decodeServer(this.#frame);
    if (decoded.kind !== 'event' || decoded.event.type !== 'limits') return undefined;
    const { limits } = decoded.event;
    const exhausted = limits.filter(({ remaining }) => remaining <= 0);
    const nearest = [...limits].sort((a, b) => a.remaining / a.limit - b.remaining / b.limit).slice(0, 1);
    const resets = (exhausted.length > 0 ? exhausted : nearest).map(
      ({ resetSeconds }) => resetSeconds * 1_000,
    );
    return sensible(Math.max(...resets) - (performance.now() - this.#heardAt));
  }
}

const AMOUNT = /(\d+(?:\.\d+)?)\s*(ms|s|m|h)[a-z]*\s*/gi;
const TOLD = new RegExp(`(?:try again in|retry after)\\s+((?:${AMOUNT.source})+)`, 'i');
const MS_OF: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** @returns what a server's sentence says: "Please try again in 1m26.4s.", "Please retry after 26 seconds." */
export function waitToldIn(message: string): number | undefined {
  const amounts = TOLD.exec(message)?.[1];
  if (amounts === undefined) return undefined;
  let waitMs = 0;
  for (const [, amount, unit = ''] of amounts.matchAll(AMOUNT)) {
    waitMs += Number(amount) * (MS_OF[unit.toLowerCase()] ?? 0);
  }
  return sensible(waitMs);
}

function sensible(waitMs: number): number | undefined {
  return waitMs > 0 ? Math.min(waitMs, LONGEST_WAIT_MS) : undefined;
}
