/** Every request leaves one log line, one span and one sample of the metrics when its response has ended. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ServerSpan, Tracing } from '../../telemetry/tracing.js';
import type { Middleware } from './compose.js';
import type { FinishedRequest } from '../../telemetry/reports.js';
import type { UpgradeObserver } from './request-context.js';

export interface RequestSinks {
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly metrics: { observe(finished: FinishedRequest): void };
}

/** Sets `X-Request-Id`, and runs the rest of the request inside its span. */
export function observeRequests(sinks: RequestSinks): Middleware {
  return (req, res, next) => {
    res.setHeader('X-Request-Id', req.context.id);
    sinks.tracing.serve(req.headers, (span) => {
      const observer = new RequestObserver(req, res, span, sinks);
      req.context.upgrade = observer;
      res.once('close', () => {
        observer.onClose();
      });
      next();
    });
  };
}

class RequestObserver implements UpgradeObserver {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #span: ServerSpan;
  readonly #sinks: RequestSinks;
  /** Of a request that has become a WebSocket: answered, while its span lasts as long as the WebSocket. */
  #upgraded: FinishedRequest | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, span: ServerSpan, sinks: RequestSinks) {
    this.#req = req;
    this.#res = res;
    this.#span = span;
    this.#sinks = sinks;
  }

  /** The response is complete, or its connection is closed. */
  onClose(): void {
    const { context } = this.#req;
    const finished = this.#finish();
    context.close(finished.aborted);
    this.#log(finished);
    this.#sinks.metrics.observe(finished);
    this.#endSpan(finished);
  }

  opened(): void {
    this.#upgraded = { ...this.#finish(), status: 101, aborted: false };
    this.#sinks.metrics.observe(this.#upgraded);
  }

  closed(): void {
    if (this.#upgraded !== undefined) this.#endSpan(this.#upgraded);
  }

  #finish(): FinishedRequest {
    const { method = '', context } = this.#req;
    const { route, code, report, startedAt } = context;
    return {
      method,
      route,
      status: this.#res.headersSent ? this.#res.statusCode : undefined,
      code,
      aborted: !this.#res.writableFinished,
      durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
      report,
    };
  }

  /** Never the query (it may hold a ticket), never a header, never text or audio. */
  #log({ method, status, code, durationMs, report, aborted }: FinishedRequest): void {
    const { id, path, upstream, owner } = this.#req.context;
    const line = {
      requestId: id,
      method,
      path: path.slice(0, 200),
      status,
      code,
      upstream,
      owner,
      durationMs,
      timings: report?.timings,
      usage: report?.usage,
      attempts: report?.attempts,
      upstreamId: report?.upstreamId,
      aborted: aborted ? true : undefined,
    };
    if ((status ?? 0) >= 500) this.#sinks.logger.warn(line, 'request failed');
    else this.#sinks.logger.info(line, 'request');
  }

  #endSpan({ method, route, status, code, aborted }: FinishedRequest): void {
    const attributes = () => ({
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'error.type': code ?? (aborted ? 'client-gone' : undefined),
      'request.id': this.#req.context.id,
    });
    this.#span.end(() => `${method} ${route}`, attributes, (status ?? 0) >= 500);
  }
}
