/** One request as the service sees it: its id, its owner, when it began, and what is told of it when it is over. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { FinishedRequest, TranslationReport } from '../../telemetry/reports.js';
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
  /** Who is told when the client leaves before its answer is whole. */
  onAbort: ((reason: ClientDisconnected) => void) | undefined;

  constructor(target: string, wished: string | string[] | undefined) {
    this.target = target;
    this.id = typeof wished === 'string' && REQUEST_ID.test(wished) ? wished : randomUUID();
  }
}

/** The client went away before its answer was whole. Nobody is there to be told; running work is cancelled. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('The client closed the connection before the answer was complete.');
  }
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
        const { onAbort } = call;
        // Node keeps a request for as long as its connection says nothing more, but not all that it was worked on with.
        call.onAbort = undefined;
        if (finished.aborted) onAbort?.(new ClientDisconnected());
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

/**
 * Tells of a connection that closes before the answer is out, by ClientGone; at once of one that has. Each call takes the
 * place of the one before.
 */
export function onDisconnect(
  { context }: IncomingMessage,
  res: ServerResponse,
  tell: (gone: ClientDisconnected) => void,
): void {
  if (!res.closed && !res.destroyed) context.onAbort = tell;
  else if (!res.writableFinished) tell(new ClientDisconnected());
}
