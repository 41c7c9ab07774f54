/** Refuses new work while the service shuts down. */
import { GatewayError } from '../../errors.js';
import type { Middleware } from './compose.js';

/** Long enough for a load balancer to notice, or for the next process to start. */
const RETRY_AFTER_MS = 5_000;

export function rejectWhileDraining(isDraining: () => boolean): Middleware {
  return (_req, res, next) => {
    if (!isDraining()) {
      next();
      return;
    }
    res.setHeader('Connection', 'close');
    throw new GatewayError(
      'draining',
      'This service is shutting down and takes no new work. Send it again.',
      { retryAfterMs: RETRY_AFTER_MS },
    );
  };
}
