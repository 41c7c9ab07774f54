/** Middleware: its type, a chain of it as one listener, and one of it awaited. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { isError } from '../../errors.js';

/** Connect-style middleware: call `next()`, or answer, or throw (reject, `next(error)`). */
export type Middleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void | Promise<void>;

/** Answers a failed request; calls `giveUp` if that fails in turn. */
export type ErrorHandler = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  giveUp: (failure: unknown) => void,
) => void;

/** @param chain the last middleware must not call `next()`. */
export function compose(
  chain: readonly Middleware[],
  onError: ErrorHandler,
  logger: Logger,
): RequestListener {
  return (req, res) => {
    let index = 0;
    const fail = (error: unknown): void => {
      index = chain.length;
      onError(error, req, res, (failure) => {
        logger.error({ err: failure }, 'an error response could not be sent');
        res.destroy();
      });
    };
    const next = (error?: unknown): void => {
      const middleware = chain[index];
      index += 1;
      if (error !== undefined) fail(error);
      else if (middleware !== undefined) run(middleware);
    };
    const run = (middleware: Middleware): void => {
      try {
        middleware(req, res, next)?.catch(fail);
      } catch (thrown) {
        fail(thrown);
      }
    };
    next();
  };
}

/** Runs middleware of a library. Resolves when it calls `next()`, rejects with the error that it passes to `next`. */
export function runMiddleware(
  middleware: Middleware,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void => {
      if (error === undefined || error === null) resolve();
      else reject(isError(error) ? error : new Error('A middleware failed', { cause: error }));
    };
    Promise.resolve(middleware(req, res, next)).catch(reject);
  });
}
