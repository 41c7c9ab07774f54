/** One run of a scenario by one client: its node, its key, and HTTP requests whose failures have a code. */
import { Failure, type NodeRequest } from './results.js';
import type { ServiceNode } from './node.js';
import type { Random } from './random.js';

/** Longer than the service may take for any request: one that has not ended by then hangs. */
export const DEADLINE_MS = 35_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly partial?: string;
}

export class Scenario {
  readonly random: Random;
  readonly key: string;
  /** Another client's key. */
  readonly otherKey: string;
  /** Unique among all runs. */
  readonly number: number;
  readonly #pickNode: () => ServiceNode;
  readonly #sharesSessions: boolean;
  #lastNode: ServiceNode | undefined;
  readonly #nodeRequests: NodeRequest[] = [];

  constructor(setup: {
    random: Random;
    keys: readonly [string, string];
    number: number;
    pickNode: () => ServiceNode;
    sharesSessions: boolean;
  }) {
    this.random = setup.random;
    [this.key, this.otherKey] = setup.keys;
    this.number = setup.number;
    this.#pickNode = setup.pickNode;
    this.#sharesSessions = setup.sharesSessions;
  }

  /** In the order in which they were sent; some overlap. */
  get nodeRequests(): readonly NodeRequest[] {
    return this.#nodeRequests;
  }

  /** The node for the next request: any node if all know the same sessions, otherwise always the first one picked. */
  nextNode(): ServiceNode {
    const node = this.#sharesSessions ? this.#pickNode() : (this.#lastNode ??= this.#pickNode());
    this.#nodeRequests.push({ node, startedAt: performance.now() });
    return node;
  }

  /** A text that no other run sends. */
  uniqueText(count: number): string {
    const words = Array.from({ length: count }, () => this.random.pick(VOCABULARY));
    return [`t${this.number}`, ...words].join(' ');
  }

  /** @throws Failure `connection-lost` or `hang` */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const { url } = this.nextNode();
    const headers = new Headers(init.headers);
    if (!headers.has('x-api-key')) headers.set('x-api-key', this.key);
    const timeout = AbortSignal.timeout(DEADLINE_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return await this.toFailure(timeout, fetch(`${url}${path}`, { ...init, headers, signal }));
  }

  /** Resolves to the complete response. */
  async request(path: string, init: RequestInit = {}): Promise<Answer> {
    const startedAt = performance.now();
    const response = await this.fetch(path, init);
    const timeout = AbortSignal.timeout(Math.max(1, Math.round(DEADLINE_MS + startedAt - performance.now())));
    const body = Buffer.from(await this.toFailure(timeout, response.arrayBuffer()));
    return { status: response.status, headers: response.headers, body };
  }

  post(path: string, body: object, init: RequestInit = {}): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
    return this.request(path, { method: 'POST', ...init, headers, body: JSON.stringify(body) });
  }

  /** Turns network errors into a Failure with a code. The abort reason of a client that leaves on purpose is rethrown. */
  async toFailure<T>(timeout: AbortSignal, promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (timeout.aborted) throw new Failure('hang', `no answer within ${DEADLINE_MS} ms`);
      if (error instanceof TypeError) {
        const { cause } = error as { cause?: { code?: string; message?: string } };
        throw new Failure('connection-lost', `${error.message}: ${cause?.code ?? cause?.message ?? ''}`);
      }
      throw error;
    }
  }
}

const VOCABULARY: readonly [string, ...string[]] = [
  ...['the', 'weather', 'is', 'beautiful', 'today', 'and', 'my', 'friend', 'lives', 'in', 'a', 'house'],
  ...['größer', 'mañana', 'día', 'œuvre', 'été', '天气', '很好', '🙂', '👍🏽', 'naïve', '"quoted"', "it's"],
  ...['back\\slash', '<b>', '&amp;', '%41', 'one,two', 'x'.repeat(60)],
] as [string, ...string[]];

/** Returns the parsed body of a response with this status. @throws Failure with the problem's code */
export function expectJson(answer: Answer, status = 200): unknown {
  if (answer.status !== status) throw failureOf(answer);
  return JSON.parse(answer.body.toString());
}

/** Returns the problem if it has one of these codes. @throws Failure with the actual code otherwise */
export function expectProblem(answer: Answer, ...codes: string[]): Problem {
  const problem = problemOf(answer);
  if (problem === undefined) throw new Failure('accepted', `${answer.status} instead of ${codes.join(', ')}`);
  if (!codes.includes(problem.code)) throw failureOf(answer);
  return problem;
}

export function failureOf(answer: Answer): Failure {
  const problem = problemOf(answer);
  if (problem === undefined) {
    const shown = answer.body.toString().slice(0, 200);
    return new Failure(`status-${answer.status}`, `${answer.status} ${shown}`);
  }
  return new Failure(problem.code, `${answer.status} ${problem.code}: ${problem.detail ?? ''}`);
}

function problemOf({ headers, body }: Answer): Problem | undefined {
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
  return isProblem ? (JSON.parse(body.toString()) as Problem) : undefined;
}
