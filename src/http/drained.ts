/** The pace of a reader. */
import type { ServerResponse } from 'node:http';
import { ClientDisconnected } from './middleware/request-context.js';

/**
 * Resolves once the reader of an answer is ready for more.
 *
 * @throws ClientDisconnected when it has left, or has read nothing for `stalledReaderMs`: then its connection is closed.
 */
export function drained(res: ServerResponse, stalledReaderMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(stalled);
      res.off('drain', settle);
      res.off('close', settle);
      if (res.destroyed) reject(new ClientDisconnected());
      else resolve();
    };
    const stalled = setTimeout(() => {
      res.destroy();
    }, stalledReaderMs);
    res.on('drain', settle);
    res.on('close', settle);
  });
}
