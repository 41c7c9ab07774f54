/** The node server around the app: its deadlines, and its answers to what never became a request. */
import { randomUUID } from 'node:crypto';
import {
  createServer,
  STATUS_CODES,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { HttpResponse } from './response.js';
import { PROBLEM_TYPE, problemType, type Problem } from './problem.js';
import { checkRequestLine } from './request-line.js';

export interface ServerTiming {
  /** From a request's first byte, or a connection's beginning, to the end of its headers. */
  readonly headersMs: number;
  /** How long a connection is kept between two requests: longer than the minute that load balancers keep theirs. */
  readonly keepAliveMs: number;
}

const TIMING: ServerTiming = { headersMs: 10_000, keepAliveMs: 75_000 };
const MAX_HEADER_BYTES = 16_384;
/** Node looks for late headers so often; its default of 30 s would make 40 s of 10. */
const CHECK_MS = 500;
/** A connection that we ended gets so long to read why. */
const LINGER_MS = 1_000;

/**
 * @param app answers the requests. It is also asked first where a client waits to be asked for its body
 * (`Expect: 100-continue`), and so can refuse an upload before it is sent.
 */
export function createHttpServer(
  app: RequestListener,
  logger: Logger,
  timing: Partial<ServerTiming> = {},
): Server {
  const { headersMs, keepAliveMs } = { ...TIMING, ...timing };
  const server = createServer({
    ServerResponse: HttpResponse,
    headersTimeout: headersMs,
    // A body may take its time as long as it is steady: the app watches that.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, headersMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node would refuse its lack without a word.
    requireHostHeader: false,
  });
  const routable = checkRequestLine(app, logger);
  const answering = new WeakMap<Duplex, ServerResponse>();
  const pass: RequestListener = (req, res) => {
    answering.set(req.socket, res);
    routable(req, res);
  };
  server.on('request', pass);
  server.on('checkContinue', pass);
  // What else a client may expect is none of our business; RFC 9110 (10.1.1) lets it be ignored.
  server.on('checkExpectation', pass);
  // Node would close the connection without a word.
  server.on('connect', (_req, socket: Duplex) => {
    endWithResponse(
      socket,
      toProblemBody(400, 'invalid-request', 'This is no proxy: CONNECT is not taken.'),
      logger,
    );
  });
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Each piece of what it still says is an error anew; cut off over that, it might lose our answer.
    if (refused.has(socket)) return;
    const answer = answering.get(socket);
    const isUnderWay = answer !== undefined && !answer.writableFinished;
    if (!socket.writable || error.code === 'ECONNRESET' || (isUnderWay && answer.headersSent)) {
      socket.destroy(error);
      return;
    }
    refused.add(socket);
    const problem = parserProblem(error.code);
    // A request that broke off in its body leaves a line of its own.
    endWithResponse(socket, problem, isUnderWay ? undefined : logger);
  });
  return server;
}

/** @param logger absent: what is refused leaves a line elsewhere. */
function endWithResponse(socket: Duplex, problem: Problem, logger: Logger | undefined): void {
  const { requestId, status, code } = problem;
  logger?.info({ requestId, status, code }, 'request refused');
  socket.on('error', () => socket.destroy());
  socket.resume().end(rawResponse(problem));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function toProblemBody(status: number, code: string, detail: string): Problem {
  return {
    type: problemType(code),
    title: STATUS_CODES[status] ?? 'Bad Request',
    status,
    detail,
    code,
    requestId: randomUUID(),
    retryable: status === 408,
    ...(status === 408 ? {} : { errors: [{ pointer: '', detail }] }),
  };
}

function parserProblem(errorCode: string | undefined): Problem {
  switch (errorCode) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return toProblemBody(408, 'request-timeout', 'The headers of the request did not come in time.');
    case 'HPE_HEADER_OVERFLOW':
      return toProblemBody(
        431,
        'invalid-request',
        `The headers are larger than ${MAX_HEADER_BYTES / 1_024} kB.`,
      );
    default:
      return toProblemBody(400, 'invalid-request', 'This is no well-formed HTTP/1.1 request.');
  }
}

function rawResponse(problem: Problem): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Connection: close',
    'Cache-Control: no-store',
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${problem.requestId}`,
    '',
    body,
  ].join('\r\n');
}
