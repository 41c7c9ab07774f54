/** What was thrown may be anything. */
import { types } from 'node:util';

/** An Error of whichever realm: those of node's core are not always of the realm that catches them, as in tests. */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}
