/** Middleware of others, awaited. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from './compose.js';
import { isError } from '../thrown.js';

/** Resolves when the middleware passes on, rejects with what it passes on as an error. */
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
