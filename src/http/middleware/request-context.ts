/** What is known of a request while it is answered, as `req.context`: its id, route and owner, and what it came to. */
import { randomUUID } from 'node:crypto';
import { Cancellation } from '../../cancellation.js';
import type { TranslationReport } from '../../telemetry/reports.js';
import type { ErrorWriter } from '../problem.js';

declare module 'http' {
  interface IncomingMessage {
    context: RequestContext;
  }
}

/** The owner of every session where no keys are set. */
export const OPEN_OWNER = 'anonymous';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

export class RequestContext {
  /** As it stands in the request line, without its query. */
  readonly path: string;
  /** The pattern of the path, of which there are few; `other` where no route has it. */
  readonly route: string;
  /** How its route writes failures. */
  readonly writeError: ErrorWriter;
  /** The client's own id if it is well-formed, else a UUID. Not unique: two clients may send the same. */
  readonly id: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt = performance.now();
  /** Segments of the path that its pattern names, decoded. */
  params: Readonly<Record<string, string>> = {};
  /** Opaque id of the API key, or the one fixed value of an open service. */
  owner = OPEN_OWNER;
  /** The code of the problem that the client was sent, if any. */
  code: string | undefined;
  /** What upstream did to cause that problem, if it was upstream. */
  upstream: string | undefined;
  /** Of a translation that has ended, however it ended. */
  report: TranslationReport | undefined;
  /** Follows the request if it becomes a WebSocket. */
  upgrade: UpgradeObserver | undefined;
  #abort: Cancellation | undefined;
  #isDisconnected = false;

  constructor(path: string, route: string, writeError: ErrorWriter, wantedId: string | string[] | undefined) {
    this.path = path;
    this.route = route;
    this.writeError = writeError;
    this.id = typeof wantedId === 'string' && REQUEST_ID.test(wantedId) ? wantedId : randomUUID();
  }

  /**
   * Cancels all work on the request. Aborted with ClientDisconnected when the connection closes before the response is
   * complete.
   */
  get abort(): Cancellation {
    if (this.#abort === undefined) {
      this.#abort = new Cancellation();
      if (this.#isDisconnected) this.#abort.abort(new ClientDisconnected());
    }
    return this.#abort;
  }

  /** The connection closed, or the response is complete. */
  close(isDisconnected: boolean): void {
    this.#isDisconnected = isDisconnected;
    if (isDisconnected) this.#abort?.abort(new ClientDisconnected());
    // Node keeps a request until the next on its connection; what listens to it must not live as long.
    this.#abort = undefined;
  }
}

export interface UpgradeObserver {
  /** The request has become a WebSocket. */
  opened(): void;
  /** That WebSocket is gone. */
  closed(): void;
}

/** The client closed the connection before its answer was complete. No answer is sent; running work is cancelled. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientDisconnected';

  constructor() {
    super('The client closed the connection before the answer was complete.');
  }
}
