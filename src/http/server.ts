/** The node server: its deadlines, its answers to what never became a request, and its start and end. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  STATUS_CODES,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
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
/** How often node looks for late headers; its default of 30 s would turn 10 s into 40. */
const CHECK_MS = 500;
/** How long a refused connection has to read why. */
const LINGER_MS = 1_000;

/**
 * @param app is called for `Expect: 100-continue` as well, before the body is sent, so that it can refuse an upload early.
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
    // The pipeline ends bodies that are too slow; steady ones may take their time.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, headersMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node would refuse a request without Host with no body; see request-line.ts.
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
  // Other expectations are ignored, as RFC 9110 (10.1.1) allows.
  server.on('checkExpectation', pass);
  // Node would close the connection without an answer.
  server.on('connect', (_req, socket: Duplex) => {
    endWithResponse(
      socket,
      toProblemBody(400, 'invalid-request', 'This service is not a proxy and does not accept CONNECT.'),
      logger,
    );
  });
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Each piece that the client still sends is another error; closing over it would lose the answer.
    if (refused.has(socket)) return;
    const response = answering.get(socket);
    const isAnswering = response !== undefined && !response.writableFinished;
    if (!socket.writable || error.code === 'ECONNRESET' || (isAnswering && response.headersSent)) {
      socket.destroy(error);
      return;
    }
    refused.add(socket);
    const problem = parserProblem(error.code);
    // A request that breaks off in its body is logged by the pipeline.
    endWithResponse(socket, problem, isAnswering ? undefined : logger);
  });
  return server;
}

/** @param logger absent: the refusal is logged elsewhere. */
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
      return toProblemBody(408, 'request-timeout', 'The headers of the request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return toProblemBody(
        431,
        'invalid-request',
        `The headers are larger than ${MAX_HEADER_BYTES / 1_024} kB.`,
      );
    default:
      return toProblemBody(400, 'invalid-request', 'This is not a well-formed HTTP/1.1 request.');
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

/** How long answers that are still being written after the last translation may take. */
const FLUSH_MS = 1_000;

/** @returns the URL of the page, with the port that was bound. Rejects where the address cannot be bound. */
export async function listen(server: Server, { host, port }: Config['server']): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  return `http://${callableHost(host)}:${(server.address() as AddressInfo).port}`;
}

/** A browser cannot open "all addresses". */
function callableHost(host: string): string {
  const callable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return callable.includes(':') ? `[${callable}]` : callable;
}

/** Resolves when every connection is closed. */
export async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, FLUSH_MS);
  await closed;
  clearTimeout(timer);
}
