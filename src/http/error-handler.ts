/** Where every failure ends: answered as its route answers failures, and logged if it is a fault of the service. */
import type { Logger } from 'pino';
import { GatewayError, isError, upstreamCauseOf, type ErrorCode } from '../errors.js';
import type { ErrorHandler, Middleware } from './middleware/compose.js';
import { ClientDisconnected } from './middleware/request-context.js';
import { endWithError, invalidRequest } from './problem.js';

/**
 * A GatewayError stays as it is. What a library blames on the client is the client's fault, with a sentence of ours.
 * Anything else is a fault of the service, answered without detail.
 */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (isError(error) && error.name === 'URIError') {
    return invalidRequest([
      { pointer: '', detail: 'The path has a percent-encoding that is not UTF-8; encode it again.' },
    ]);
  }
  const status = isError(error) ? clientStatusOf(error) : undefined;
  if (status !== undefined) return fromLibrary(status, error);
  return new GatewayError(
    'internal',
    'Something went wrong here. If it happens again, tell the operator the request id.',
    { cause: error },
  );
}

/** The status of an error by which a library (http-errors and those who use it) blames the client: 400 to 499. */
export function clientStatusOf(error: Error): number | undefined {
  const status = 'status' in error ? error.status : 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** What a library's status means here. Its own message may hold a path of this machine. */
const LIBRARY_STATUS: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [404, ['not-found', 'There is nothing here.']],
  [412, ['invalid-request', 'The file does not meet the condition of the request; ask without it.']],
  [413, ['payload-too-large', 'The body is larger than this path accepts.']],
  [
    415,
    ['unsupported-media-type', 'The body is of a type that this path does not accept; look at its headers.'],
  ],
  [416, ['invalid-request', 'The file does not have the range that was asked for; ask for the whole.']],
]);

function fromLibrary(status: number, cause: unknown): GatewayError {
  const [code, detail] = LIBRARY_STATUS.get(status) ?? [
    'invalid-request',
    'The request cannot be answered as it was sent; look at its headers and its body.',
  ];
  return new GatewayError(code, detail, {
    cause,
    ...(code === 'invalid-request' && { errors: [{ pointer: '', detail }] }),
  });
}

/** @param lingerMs as `endWithError` takes it. */
export function createErrorHandler(logger: Logger, lingerMs: number): ErrorHandler {
  return (error, req, res, giveUp) => {
    try {
      if (error instanceof ClientDisconnected) {
        res.destroy();
        return;
      }
      const { context } = req;
      const failure = toGatewayError(error);
      context.code = failure.code;
      context.upstream = upstreamCauseOf(failure)?.label;
      if (failure.code === 'internal') {
        logger.error({ requestId: context.id, err: failure.cause ?? failure }, 'internal error');
      }
      if (!res.headersSent) endWithError(req, res, failure, lingerMs);
      else if (!res.writableEnded) res.destroy();
    } catch (failure) {
      giveUp(failure);
    }
  };
}

/** Ends every chain: nothing before it has answered. */
export const notFound: Middleware = (req) => {
  throw new GatewayError('not-found', `There is nothing at ${req.context.path.slice(0, 200)}.`);
};
