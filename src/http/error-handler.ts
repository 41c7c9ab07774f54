/** Where every failure ends: told as a problem, logged if it is ours. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { GatewayError, upstreamCauseOf, type ErrorCode } from '../errors.js';
import { ClientDisconnected } from './middleware/request-context.js';
import { invalidRequest } from './problem.js';
import { endWithProblem } from './end-with-problem.js';
import type { ErrorHandler } from './middleware/compose.js';
import { clientStatusOf, isError } from './thrown.js';

/**
 * What was thrown on purpose stays as it is. What a library blames on the client is the client's fault, whatever its code.
 * Anything else is a fault of ours, told without detail.
 */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (isError(error) && error.name === 'URIError') {
    return invalidRequest([
      { pointer: '', detail: 'The path has a percent-encoding that is not UTF-8; encode it again.' },
    ]);
  }
  const status = isError(error) ? clientStatusOf(error) : undefined;
  if (status !== undefined) return toldByLibrary(status, error);
  return new GatewayError(
    'internal',
    'Something went wrong here. If it happens again, tell the operator the request id.',
    { cause: error },
  );
}

/** What a library's status means here, in words of ours: its own may hold a path of this machine. */
const LIBRARY_STATUS: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [404, ['not-found', 'There is nothing here.']],
  [412, ['invalid-request', 'The file is not the one that the request has a condition for; ask without it.']],
  [413, ['payload-too-large', 'The body is larger than is taken here.']],
  [415, ['unsupported-media-type', 'The body is of a kind that is not taken here; look at its headers.']],
  [416, ['invalid-request', 'The file does not have the range that was asked for; ask for the whole.']],
]);

function toldByLibrary(status: number, cause: unknown): GatewayError {
  const [code, detail] = LIBRARY_STATUS.get(status) ?? [
    'invalid-request',
    'The request cannot be answered as it was sent; look at its headers and its body.',
  ];
  return new GatewayError(code, detail, {
    cause,
    ...(code === 'invalid-request' && { errors: [{ pointer: '', detail }] }),
  });
}

/** @param lingerMs as `refuse` takes it. */
export function createErrorHandler(logger: Logger, lingerMs: number): ErrorHandler {
  return (error, req, res, giveUp) => {
    try {
      tell(error, req, res);
    } catch (failure) {
      giveUp(failure);
    }
  };

  function tell(error: unknown, req: IncomingMessage, res: ServerResponse): void {
    const { context } = req;
    if (error instanceof ClientDisconnected) {
      res.destroy();
      return;
    }
    const told = toGatewayError(error);
    context.code = told.code;
    context.upstream = upstreamCauseOf(told)?.label;
    if (told.code === 'internal') {
      logger.error({ requestId: context.id, err: told.cause ?? told }, 'internal error');
    }
    if (!res.headersSent) endWithProblem(req, res, told, lingerMs);
    else if (!res.writableEnded) res.destroy();
  }
}

/** The last word on paths that nothing answers. */
export const notFound: RequestHandler = (req) => {
  throw new GatewayError(
    'not-found',
    `There is nothing at ${req.originalUrl.split('?', 1)[0]?.slice(0, 200) ?? '/'}.`,
  );
};

/** For known paths: OPTIONS tells the methods, any other method is refused with them. */
export function methodNotAllowed(...methods: readonly string[]): RequestHandler {
  const allow = [...methods, 'OPTIONS'];
  return (req, res) => {
    if (req.method === 'OPTIONS') {
      res.setHeader('Allow', allow.join(', '));
      res.status(204).end();
      return;
    }
    throw new GatewayError(
      'method-not-allowed',
      `${req.method} is not possible here; use ${methods.join(' or ')}.`,
      {
        allow,
      },
    );
  };
}
