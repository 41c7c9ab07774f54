/** One request as the service sees it: its id, its owner, when it began, and the one line it leaves in the log. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type {} from 'express-serve-static-core';
import type { Logger } from 'pino';

declare module 'express-serve-static-core' {
  interface Request {
    call: Call;
  }
}

/** The owner of every session where no keys are set. */
export const OPEN_OWNER = 'anonymous';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

export class Call {
  /** The client's own id where it sent a good one, else one of ours. Not unique: two clients may send the same. */
  readonly id: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt = performance.now();
  /** Opaque id of the API key, or the one fixed value of an open service. */
  owner = OPEN_OWNER;
  /** The code of the problem that was told, if any. */
  code: string | undefined;
  timings: object | undefined;

  constructor(wished: string | string[] | undefined) {
    this.id = typeof wished === 'string' && REQUEST_ID.test(wished) ? wished : randomUUID();
  }
}

/** The client went away before its answer was whole. Nobody is there to be told; running work is cancelled. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('The client closed the connection before the answer was complete.');
  }
}

/** Gives every request its `call`, every answer its `X-Request-Id`, and the log one line when the answer has ended. */
export function openCall(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const call = new Call(req.headers['x-request-id']);
    req.call = call;
    res.setHeader('X-Request-Id', call.id);
    res.once('close', () => {
      logCall(logger, req, res);
    });
    next();
  };
}

/** Never the query (it may hold a ticket), never a header, never text or audio. */
function logCall(logger: Logger, req: Request, res: Response): void {
  const { call } = req;
  const line = {
    requestId: call.id,
    method: req.method,
    path: req.originalUrl.split('?', 1)[0]?.slice(0, 200),
    status: res.headersSent ? res.statusCode : undefined,
    code: call.code,
    owner: call.owner,
    durationMs: Math.round((performance.now() - call.startedAt) * 10) / 10,
    timings: call.timings,
    aborted: res.writableFinished ? undefined : true,
  };
  if (res.statusCode >= 500) logger.warn(line, 'request failed');
  else logger.info(line, 'request');
}

/** Aborts with ClientGone when the connection closes before the answer is out. */
export function clientGone(res: Response): AbortSignal {
  const controller = new AbortController();
  const gone = (): void => {
    if (!res.writableFinished) controller.abort(new ClientGone());
  };
  if (res.closed || res.destroyed) gone();
  else res.once('close', gone);
  return controller.signal;
}
