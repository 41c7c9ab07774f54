/** One act of one client: which node it speaks to, with which key, until when; and HTTP with failures that have a code. */
import { Failure, type Step } from './ledger.js';
import type { ServiceNode } from './node.js';
import type { Random } from './random.js';

/** Longer than the service may take for anything: what has not ended by then hangs. */
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

export class Trip {
  readonly random: Random;
  readonly key: string;
  /** Another client's key. */
  readonly strangersKey: string;
  /** Unlike that of any other trip. */
  readonly number: number;
  readonly #target: () => ServiceNode;
  readonly #sharesSessions: boolean;
  #home: ServiceNode | undefined;
  readonly #steps: Step[] = [];

  constructor(setup: {
    random: Random;
    keys: readonly [string, string];
    number: number;
    target: () => ServiceNode;
    sharesSessions: boolean;
  }) {
    this.random = setup.random;
    [this.key, this.strangersKey] = setup.keys;
    this.number = setup.number;
    this.#target = setup.target;
    this.#sharesSessions = setup.sharesSessions;
  }

  /** So far, the oldest first; some run at the same time. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** The node for the next step: any, where all know the same sessions, else the first again. */
  next(): ServiceNode {
    const node = this.#sharesSessions ? this.#target() : (this.#home ??= this.#target());
    this.#steps.push({ node, startedAt: performance.now() });
    return node;
  }

  /** Words that are this trip's alone. */
  words(count: number): string {
    const words = Array.from({ length: count }, () => this.random.pick(VOCABULARY));
    return [`t${this.number}`, ...words].join(' ');
  }

  /** @throws Failure `connection-lost` or `hang` */
  async open(path: string, init: RequestInit = {}): Promise<Response> {
    const { url } = this.next();
    const headers = new Headers(init.headers);
    if (!headers.has('x-api-key')) headers.set('x-api-key', this.key);
    const late = AbortSignal.timeout(DEADLINE_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, late]) : late;
    return await this.guard(late, fetch(`${url}${path}`, { ...init, headers, signal }));
  }

  /** The whole answer. */
  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const startedAt = performance.now();
    const response = await this.open(path, init);
    const late = AbortSignal.timeout(Math.max(1, Math.round(DEADLINE_MS + startedAt - performance.now())));
    const body = Buffer.from(await this.guard(late, response.arrayBuffer()));
    return { status: response.status, headers: response.headers, body };
  }

  post(path: string, body: object, init: RequestInit = {}): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
    return this.ask(path, { method: 'POST', ...init, headers, body: JSON.stringify(body) });
  }

  /** Gives what fails in the network its code. A client that leaves on purpose sees its own reason. */
  async guard<T>(late: AbortSignal, doing: Promise<T>): Promise<T> {
    try {
      return await doing;
    } catch (error) {
      if (late.aborted) throw new Failure('hang', `no answer within ${DEADLINE_MS} ms`);
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

/** The parsed body of an answer with this status. @throws Failure with the problem's code */
export function expectJson(answer: Answer, status = 200): unknown {
  if (answer.status !== status) throw failureOf(answer);
  return JSON.parse(answer.body.toString());
}

/** Passes where the answer is the problem that was asked for. @throws Failure with what it was instead */
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
