/** Counts conversations: how many, how they ended, and their traffic. */
import type { ConversationKind } from './settings.js';

/** Frames and bytes of the client's socket. */
export interface Traffic {
  fromClientFrames: number;
  fromClientBytes: number;
  toClientFrames: number;
  toClientBytes: number;
}

/** Which side ended a conversation first, and the close code (RFC 6455, 7.4) that the client sent or received. */
export interface ConversationEnd {
  readonly by: 'client' | 'upstream' | 'service';
  readonly code: number;
  /** How upstream failed, if it did. */
  readonly upstream?: string | undefined;
}

export interface RelayTotals {
  readonly running: Readonly<Record<ConversationKind, number>>;
  readonly begun: Readonly<Record<ConversationKind, number>>;
  /** By the side that ended them, then by close code; application-defined codes count as `3xxx` or `4xxx`. */
  readonly ended: Readonly<Record<ConversationEnd['by'], ReadonlyMap<string, number>>>;
  readonly traffic: Readonly<Traffic>;
}

export function noTraffic(): Traffic {
  return { fromClientFrames: 0, fromClientBytes: 0, toClientFrames: 0, toClientBytes: 0 };
}

export class RelayCounters {
  readonly #running = { voice: 0, text: 0 };
  readonly #begun = { voice: 0, text: 0 };
  readonly #ended = {
    client: new Map<string, number>(),
    upstream: new Map<string, number>(),
    service: new Map<string, number>(),
  };
  /** Of conversations that have ended. */
  readonly #traffic = noTraffic();

  begin(kind: ConversationKind): void {
    this.#begun[kind] += 1;
    this.#running[kind] += 1;
  }

  end(kind: ConversationKind, { by, code }: ConversationEnd, traffic: Traffic): void {
    this.#running[kind] -= 1;
    add(this.#traffic, traffic);
    const name = code < 3000 ? String(code) : `${String(code).charAt(0)}xxx`;
    this.#ended[by].set(name, (this.#ended[by].get(name) ?? 0) + 1);
  }

  /** @param running traffic of the conversations that have not ended */
  totals(running: Iterable<Traffic>): RelayTotals {
    const traffic = { ...this.#traffic };
    for (const each of running) add(traffic, each);
    return { running: { ...this.#running }, begun: { ...this.#begun }, ended: this.#ended, traffic };
  }
}

function add(sum: Traffic, more: Traffic): void {
  sum.fromClientFrames += more.fromClientFrames;
  sum.fromClientBytes += more.fromClientBytes;
  sum.toClientFrames += more.toClientFrames;
  sum.toClientBytes += more.toClientBytes;
}
