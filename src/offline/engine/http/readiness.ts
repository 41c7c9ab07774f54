/** Whether the parts behind HTTP can be reached: each base address is asked once at the start, and again while it fails. */
import type { PartCheck } from '../../server/responder.js';
import type { PartClient, PartRequest } from './part-client.js';
import { PartError, type PartName } from './part-error.js';

/** What is asked of one part. */
export interface ReadinessQuestion {
  readonly name: PartName;
  readonly client: PartClient;
  /** Absent: a whole address was given, which has no list beside it. */
  readonly url: string | undefined;
  /** Called with the answer, where it is JSON. */
  readonly onAnswer?: (answer: unknown) => void;
}

/** A failed check is made again when somebody asks, at most this often. */
const RETRY_MS = 10_000;
const MAX_LIST_BYTES = 10_000_000;

interface Attempt {
  readonly at: number;
  readonly outcome: Promise<string | undefined>;
  /** Its outcome was that the address can be reached. */
  succeeded: boolean;
}

export class Readiness {
  readonly #questions: readonly ReadinessQuestion[];
  /** By base address, since one server may be all three parts. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #closed = new AbortController();

  /** Begins to ask. */
  constructor(questions: readonly ReadinessQuestion[]) {
    this.#questions = questions;
    for (const question of questions) this.#attempt(question);
  }

  /** One check for each part. Waits for the attempts that are running. */
  async checks(): Promise<readonly PartCheck[]> {
    return await Promise.all(
      this.#questions.map(async (question) => {
        const fault = await this.#attempt(question)?.outcome;
        return {
          name: question.name,
          ok: fault === undefined,
          detail: fault ?? 'It can be reached, or is asked only when it is needed.',
        };
      }),
    );
  }

  close(): void {
    this.#closed.abort(new Error('The speech engine is closed.'));
  }

  #attempt(question: ReadinessQuestion): Attempt | undefined {
    const { url } = question;
    if (url === undefined) return undefined;
    const last = this.#attempts.get(url);
    const isRecent = last !== undefined && (last.succeeded || performance.now() - last.at < RETRY_MS);
    if (isRecent || this.#closed.signal.aborted) return last;
    const attempt: Attempt = {
      at: performance.now(),
      succeeded: false,
      outcome: this.#ask(question, url).then((fault) => {
        attempt.succeeded = fault === undefined;
        return fault;
      }),
    };
    this.#attempts.set(url, attempt);
    return attempt;
  }

  /** Why it is not ready; undefined where it is. A server without that list (404) is. */
  async #ask({ client, onAnswer }: ReadinessQuestion, url: string): Promise<string | undefined> {
    const request: PartRequest = { url, method: 'GET' };
    try {
      const answer = await client.read(request, MAX_LIST_BYTES, this.#closed.signal);
      onAnswer?.(parsed(answer));
      return undefined;
    } catch (error) {
      if (!(error instanceof PartError)) return undefined;
      const isReached = error.kind === 'rejected' && error.httpStatus !== 401 && error.httpStatus !== 403;
      return isReached || error.kind === 'overlong' || error.kind === 'rate_limited'
        ? undefined
        : error.message;
    }
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
