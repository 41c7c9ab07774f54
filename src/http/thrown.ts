/** What was thrown may be anything. */
import { types } from 'node:util';

/** An Error of whichever realm: those of node's core are not always of the realm that catches them, as in tests. */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

/** The status of an error by which a library (http-errors and those who use it) blames the client: 400 to 499. */
export function clientStatusOf(error: Error): number | undefined {
  const status = 'status' in error ? error.status : 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
