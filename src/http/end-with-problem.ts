/** Saying no to a client that may still be talking. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayError } from '../errors.js';
import { writeProblem } from './problem.js';

/**
 * Answers with the problem. Where the connection ends with the answer and the client is still sending, it is read on
 * for a while: a connection that is closed over unread bytes is reset, and the client would lose the answer.
 *
 * @param lingerMs how long at most; the client has its answer at once all the same.
 */
export function endWithProblem(
  req: IncomingMessage,
  res: ServerResponse,
  error: GatewayError,
  lingerMs: number,
): void {
  const { context } = req;
  (context.writeError ?? writeProblem)(res, error, context.id);
  const isLast = !res.shouldKeepAlive || res.getHeader('connection') === 'close';
  if (req.complete || !isLast) {
    res.end(); // of a connection that goes on node itself reads what is left of the body
    return;
  }
  const end = (): void => {
    clearTimeout(timer);
    res.end();
    // Node forgets a request that is answered; whoever still reads its body must learn that no more will come.
    req.destroy();
  };
  const timer = setTimeout(end, lingerMs);
  req.once('end', end).once('close', end).resume();
}
