/** What happened, and whether it might: every act of every client ends here, judged by what was going on meanwhile. */
import type { ServiceNode } from './node.js';

/** An act that ended otherwise than it should; `code` is the problem's, or `connection-lost`, `closed-1011`… */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The answer is not the one to the question. No circumstance excuses it. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** A time in which something is wrong on purpose: with what codes requests may fail that run in it. */
export interface Trouble {
  readonly name: string;
  readonly codes: ReadonlySet<string>;
  readonly startedAt: number;
  endedAt: number;
}

export interface Kind {
  done: number;
  ok: number;
  /** By code. `asked`: the fault was asked for by the request itself, and this is the right end. */
  readonly asked: Map<string, number>;
  readonly excused: Map<string, number>;
  readonly unexpected: Map<string, number>;
  /** Milliseconds of those that went well while nothing was wrong. */
  readonly calmMs: number[];
}

/** A request to one node. */
export interface Step {
  readonly node: ServiceNode;
  readonly startedAt: number;
}

const MAX_TOLD = 50;

export class Ledger {
  readonly kinds = new Map<string, Kind>();
  readonly wrong: string[] = [];
  readonly hangs: string[] = [];
  /** The first of the failures that nothing excuses, as sentences. */
  readonly unexpected: string[] = [];
  readonly #troubles: Trouble[] = [];

  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  begin(name: string, codes: readonly string[]): Trouble {
    const trouble = { name, codes: new Set(codes), startedAt: performance.now(), endedAt: Infinity };
    this.#troubles.push(trouble);
    return trouble;
  }

  end(trouble: Trouble): void {
    trouble.endedAt = performance.now();
  }

  /** @param outcome `ok`, or the code of a failure that was asked for */
  succeeded(name: string, startedAt: number, outcome: string): void {
    const kind = this.#kind(name);
    const endedAt = performance.now();
    kind.done += 1;
    if (outcome === 'ok') kind.ok += 1;
    else count(kind.asked, outcome);
    if (outcome === 'ok' && this.#during(startedAt, endedAt).length === 0)
      kind.calmMs.push(endedAt - startedAt);
  }

  /** @param steps with which nodes, and since when */
  failed(name: string, startedAt: number, steps: readonly Step[], error: unknown): void {
    const kind = this.#kind(name);
    kind.done += 1;
    const told = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    const code = error instanceof Failure ? error.code : error instanceof WrongAnswer ? 'wrong' : 'fault';
    if (code === 'wrong') this.wrong.push(told);
    else if (code === 'hang') this.hangs.push(told);
    else if (this.#isExcused(code, startedAt, steps)) {
      count(kind.excused, code);
      return;
    } else if (this.unexpected.length < MAX_TOLD) this.unexpected.push(`${told} (${code})`);
    count(kind.unexpected, code);
  }

  #isExcused(code: string, startedAt: number, steps: readonly Step[]): boolean {
    const endedAt = performance.now();
    if (this.#during(startedAt, endedAt).some(({ codes }) => codes.has(code))) return true;
    return steps.some(({ node: { killedAt, stoppingAt }, startedAt: steppedAt }) => {
      if (endedAt >= killedAt && (code === 'connection-lost' || code === 'closed-1006')) return true;
      if (endedAt < stoppingAt) return false;
      // What began before the stop has to end well, but for conversations: they are told to come back.
      if (code === 'connection-lost') return steppedAt > stoppingAt;
      return code === 'draining' || code === 'closed-1001';
    });
  }

  #during(startedAt: number, endedAt: number): Trouble[] {
    return this.#troubles.filter((trouble) => trouble.startedAt <= endedAt && trouble.endedAt >= startedAt);
  }

  #kind(name: string): Kind {
    const known = this.kinds.get(name);
    if (known !== undefined) return known;
    const kind: Kind = {
      ...{ done: 0, ok: 0, calmMs: [] },
      ...{ asked: new Map(), excused: new Map(), unexpected: new Map() },
    };
    this.kinds.set(name, kind);
    return kind;
  }
}

function count(codes: Map<string, number>, code: string): void {
  codes.set(code, (codes.get(code) ?? 0) + 1);
}
