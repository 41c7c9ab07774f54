/** Refuses requests that are ambiguous (two Hosts) or have no path, before the pipeline sees them. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { toProblem, invalidRequest, writeProblemBody } from './problem.js';

/** Passes requests with one Host and a path in their target (RFC 9112, 3.2) on to `app`. */
export function checkRequestLine(app: RequestListener, logger: Logger): RequestListener {
  return (req, res) => {
    const detail = requestLineFault(req);
    if (detail === undefined) app(req, res);
    else sendBadRequest(res, detail, logger);
  };
}

function requestLineFault(req: IncomingMessage): string | undefined {
  const { httpVersion, method, url = '' } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'Only HTTP/1.1 and HTTP/1.0 are supported here.';
  const hosts = countHosts(req.rawHeaders);
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) return 'A request needs one Host header.';
  const isRoutable = url.startsWith('/') || (url === '*' && method === 'OPTIONS') || isWebAddress(url);
  return isRoutable
    ? undefined
    : 'The request line has no path: it begins with /, or is a whole http address.';
}

/** Counts in the raw list, names and values in turn: node's table of headers keeps only the first Host. */
function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** The form in which a client asks a proxy. */
function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

function sendBadRequest(res: ServerResponse, detail: string, logger: Logger): void {
  const problem = toProblem(invalidRequest([{ pointer: '', detail }]), randomUUID());
  logger.info({ requestId: problem.requestId, status: 400, code: problem.code }, 'request refused');
  res.setHeader('Connection', 'close');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('X-Request-Id', problem.requestId);
  writeProblemBody(res, problem);
  res.end();
}
