/** One request as the service sees it: its id, its owner, when it began, and what is told of it when it is over. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { GatewayError } from '../../errors.js';
import type { TranslationReport } from '../../translate/trace.js';
import type { Tracing } from '../../telemetry/tracing.js';
import { say } from '../response.js';
import { routeOf } from '../routes.js';
import type { Middleware } from './compose.js';

declare module 'http' {
  interface IncomingMessage {
    context: RequestContext;
  }
}

/** The owner of every session where no keys are set. */
export const OPEN_OWNER = 'anonymous';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

export class RequestContext {
  /** What was asked for, as it stands in the request line: routers take off what they have matched. */
  readonly target: string;
  /** The client's own id where it sent a good one, else one of ours. Not unique: two clients may send the same. */
  readonly id: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt = performance.now();
  /** Opaque id of the API key, or the one fixed value of an open service. */
  owner = OPEN_OWNER;
  /** The code of the problem that was told, if any. */
  code: string | undefined;
  /** What upstream did to cause that problem, if it was upstream. */
  upstream: string | undefined;
  /** Of a translation that is over. */
  report: TranslationReport | undefined;
  /** The request has become a WebSocket. @returns what is to be called when that has ended */
  onUpgraded: () => () => void = () => () => undefined;
  /** How the route writes an error; absent: as problem+json. */
  writeError: ((res: ServerResponse, error: GatewayError, requestId: string) => void) | undefined;
  #abort: AbortController | undefined;
  #isDisconnected = false;

  constructor(target: string, wished: string | string[] | undefined) {
    this.target = target;
    this.id = typeof wished === 'string' && REQUEST_ID.test(wished) ? wished : randomUUID();
  }

  /**
   * Cancels all work on the request. Aborted with ClientDisconnected when the connection closes before the response is
   * complete. Made on first use, for it costs 5 µs; never combined by `AbortSignal.any`, which costs 54.
   */
  get abort(): AbortController {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#isDisconnected) this.#abort.abort(new ClientDisconnected());
    }
    return this.#abort;
  }

  /** The connection closed, or the response is complete. */
  close(isDisconnected: boolean): void {
    this.#isDisconnected = isDisconnected;
    if (isDisconnected) this.#abort?.abort(new ClientDisconnected());
    // Node keeps a request until the next on its connection; what listens to the signal must not live as long.
    this.#abort = undefined;
  }
}

/** The client went away before its answer was whole. Nobody is there to be told; running work is cancelled. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('The client closed the connection before the answer was complete.');
  }
}

/** A request that is over, by names of which there are few. */
export interface FinishedRequest {
  readonly method: string;
  /** The pattern of the path, never the path. */
  readonly route: string;
  /** Undefined where the client left before it was told one. */
  readonly status: number | undefined;
  /** Of the problem. */
  readonly code: string | undefined;
  /** The client did not get the whole answer. */
  readonly aborted: boolean;
  readonly durationMs: number;
  readonly report: TranslationReport | undefined;
}

export interface RequestObservers {
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly metrics: { observe(call: FinishedRequest): void };
}

/** Gives every request its `call`, every answer its `X-Request-Id`; the log gets one line when the answer has ended. */
export function requestContext({ logger, tracing, metrics }: RequestObservers): Middleware {
  return (req, res, next) => {
    const call = new RequestContext(req.url ?? '', req.headers['x-request-id']);
    req.context = call;
    say(res, 'X-Request-Id', call.id);
    tracing.serve(req.headers, (span) => {
      const told = (finished: FinishedRequest): void => {
        const { method, route, status, code, aborted } = finished;
        const attributes = () => ({
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
          'error.type': code ?? (aborted ? 'client-gone' : undefined),
          'request.id': call.id,
        });
        span.end(() => `${method} ${route}`, attributes, (status ?? 0) >= 500);
      };
      res.once('close', () => {
        const finished = finishedRequest(req, res);
        call.close(finished.aborted);
        logRequest(logger, req, finished);
        metrics.observe(finished);
        told(finished);
      });
      call.onUpgraded = () => {
        const finished = { ...finishedRequest(req, res), status: 101, aborted: false };
        metrics.observe(finished);
        return () => {
          told(finished);
        };
      };
      next();
    });
  };
}

function finishedRequest(req: IncomingMessage, res: ServerResponse): FinishedRequest {
  const { target, code, report, startedAt } = req.context;
  return {
    method: req.method ?? '',
    route: routeOf(target),
    status: res.headersSent ? res.statusCode : undefined,
    code,
    aborted: !res.writableFinished,
    durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
    report,
  };
}

/** Never the query (it may hold a ticket), never a header, never text or audio. */
function logRequest(logger: Logger, req: IncomingMessage, finished: FinishedRequest): void {
  const { context } = req;
  const { method, status, code, durationMs, report, aborted } = finished;
  const line = {
    requestId: context.id,
    method,
    path: context.target.split('?', 1)[0]?.slice(0, 200),
    status,
    code,
    upstream: context.upstream,
    owner: context.owner,
    durationMs,
    timings: report?.timings,
    usage: report?.usage,
    attempts: report?.attempts,
    upstreamId: report?.upstreamId,
    aborted: aborted ? true : undefined,
  };
  if ((status ?? 0) >= 500) logger.warn(line, 'request failed');
  else logger.info(line, 'request');
}
