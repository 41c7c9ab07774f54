/** What all conversations have been so far: how many, how they ended, and what crossed. */
import type { ConversationKind } from './settings.js';

/** What has crossed, as the client's side saw it. */
export interface Traffic {
  fromClientFrames: number;
  fromClientBytes: number;
  toClientFrames: number;
  toClientBytes: number;
}

/** Who ended a conversation first, and with which code (RFC 6455, 7.4) as the client was told or told us. */
export interface ConversationEnd {
  readonly by: 'client' | 'upstream' | 'service';
  readonly code: number;
  /** What upstream did, where it failed. */
  readonly upstream?: string | undefined;
}

export interface RelayTotals {
  readonly running: Readonly<Record<ConversationKind, number>>;
  readonly begun: Readonly<Record<ConversationKind, number>>;
  /** By who ended them, then by close code; a code that an application chose counts as `3xxx` or `4xxx`. */
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
  /** Of those that have ended. */
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

  /** @param running what has crossed in conversations that have not ended */
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
