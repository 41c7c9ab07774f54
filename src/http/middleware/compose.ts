/** What a request passes, one step after the other: as Express's middleware, and as a lane of its own past the router. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';

/** Passes on by `next`, or answers; what it throws, rejects with or passes on ends the way. Express takes it as middleware. */
export type Middleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void | Promise<void>;

/** Tells the client of a failure; of what fails then it tells `giveUp`. Express takes it as its error handler. */
export type ErrorHandler = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  giveUp: (failure: unknown) => void,
) => void;

/** @param steps the last of them answers, and passes on nothing. */
export function compose(steps: readonly Middleware[], failed: ErrorHandler, logger: Logger): RequestListener {
  return (req, res) => {
    let at = 0;
    const fail = (error: unknown): void => {
      at = steps.length;
      failed(error, req, res, (failure) => {
        logger.error({ err: failure }, 'a failure that could not be told');
        res.destroy();
      });
    };
    const next = (error?: unknown): void => {
      const step = steps[at];
      at += 1;
      if (error !== undefined) fail(error);
      else if (step !== undefined) take(step);
    };
    const take = (step: Middleware): void => {
      try {
        step(req, res, next)?.catch(fail);
      } catch (thrown) {
        fail(thrown);
      }
    };
    next();
  };
}
