/** The results of all scenarios. A failure is excused if a fault that was active at the time explains it. */
import type { ServiceNode } from './node.js';

/** A scenario that failed; `code` is the problem's code, or `connection-lost`, `closed-1011`… */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A wrong answer. No fault excuses it. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** The time during which a fault is active, and the codes with which requests may fail meanwhile. */
export interface FaultWindow {
  readonly name: string;
  readonly codes: ReadonlySet<string>;
  readonly startedAt: number;
  endedAt: number;
}

export interface ScenarioStats {
  done: number;
  ok: number;
  /** Counts by code. `requested`: the request itself asked for the fault, and this is the expected result. */
  readonly requested: Map<string, number>;
  readonly excused: Map<string, number>;
  readonly unexpected: Map<string, number>;
  /** Durations of successful runs during which no fault was active. */
  readonly durationsMs: number[];
}

/** A request that was sent to a node. */
export interface NodeRequest {
  readonly node: ServiceNode;
  readonly startedAt: number;
}

const MAX_LISTED = 50;

export class Results {
  readonly byScenario = new Map<string, ScenarioStats>();
  readonly wrongAnswers: string[] = [];
  readonly hangs: string[] = [];
  /** The first MAX_LISTED unexcused failures, as sentences. */
  readonly unexpected: string[] = [];
  readonly #faultWindows: FaultWindow[] = [];

  get troubles(): readonly FaultWindow[] {
    return this.#faultWindows;
  }

  beginFault(name: string, codes: readonly string[]): FaultWindow {
    const window = { name, codes: new Set(codes), startedAt: performance.now(), endedAt: Infinity };
    this.#faultWindows.push(window);
    return window;
  }

  endFault(window: FaultWindow): void {
    window.endedAt = performance.now();
  }

  /** @param outcome `ok`, or the code of a failure that the request asked for */
  succeeded(name: string, startedAt: number, outcome: string): void {
    const stats = this.#statsOf(name);
    const endedAt = performance.now();
    stats.done += 1;
    if (outcome === 'ok') stats.ok += 1;
    else count(stats.requested, outcome);
    if (outcome === 'ok' && this.#faultsDuring(startedAt, endedAt).length === 0)
      stats.durationsMs.push(endedAt - startedAt);
  }

  failed(name: string, startedAt: number, nodeRequests: readonly NodeRequest[], error: unknown): void {
    const stats = this.#statsOf(name);
    stats.done += 1;
    const sentence = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    const code = error instanceof Failure ? error.code : error instanceof WrongAnswer ? 'wrong' : 'fault';
    if (code === 'wrong') this.wrongAnswers.push(sentence);
    else if (code === 'hang') this.hangs.push(sentence);
    else if (this.#isExcused(code, startedAt, nodeRequests)) {
      count(stats.excused, code);
      return;
    } else if (this.unexpected.length < MAX_LISTED) this.unexpected.push(`${sentence} (${code})`);
    count(stats.unexpected, code);
  }

  #isExcused(code: string, startedAt: number, nodeRequests: readonly NodeRequest[]): boolean {
    const endedAt = performance.now();
    if (this.#faultsDuring(startedAt, endedAt).some(({ codes }) => codes.has(code))) return true;
    return nodeRequests.some(({ node: { killedAt, stoppingAt }, startedAt: steppedAt }) => {
      if (endedAt >= killedAt && (code === 'connection-lost' || code === 'closed-1006')) return true;
      if (endedAt < stoppingAt) return false;
      // Requests that began before the stop must succeed; conversations are closed with 1001, so clients reconnect.
      if (code === 'connection-lost') return steppedAt > stoppingAt;
      return code === 'draining' || code === 'closed-1001';
    });
  }

  #faultsDuring(startedAt: number, endedAt: number): FaultWindow[] {
    return this.#faultWindows.filter((window) => window.startedAt <= endedAt && window.endedAt >= startedAt);
  }

  #statsOf(name: string): ScenarioStats {
    const existing = this.byScenario.get(name);
    if (existing !== undefined) return existing;
    const stats: ScenarioStats = {
      ...{ done: 0, ok: 0, durationsMs: [] },
      ...{ requested: new Map(), excused: new Map(), unexpected: new Map() },
    };
    this.byScenario.set(name, stats);
    return stats;
  }
}

function count(codes: Map<string, number>, code: string): void {
  codes.set(code, (codes.get(code) ?? 0) + 1);
}
