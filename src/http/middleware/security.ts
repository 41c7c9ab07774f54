/** Headers that protect whoever reads an answer, and the origins whose pages may read it. */
import cors from 'cors';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import { HttpResponse, say } from '../response.js';
import type { Middleware } from './compose.js';

/**
 * Pages take everything from their own origin and may not be framed. TLS ends in front of this service, so promises
 * about it (Strict-Transport-Security, upgrade-insecure-requests) are left to what ends it.
 */
export function securityHeaders(): Middleware {
  const headers = headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'none'"],
          // Our WebSockets too: browsers take ws: and wss: of the same host for 'self'.
          connectSrc: ["'self'"],
          fontSrc: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          imgSrc: ["'self'", 'data:', 'blob:'],
          mediaSrc: ["'self'", 'data:', 'blob:'],
          objectSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          workerSrc: ["'self'", 'blob:'],
        },
      },
      frameguard: { action: 'deny' },
      strictTransportSecurity: false,
    }),
  );
  const list = headers.flat();
  return (_req, res, next) => {
    if (res instanceof HttpResponse) res.begin(list);
    else for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

/** What a middleware sets that sets the same on every answer: asked once, for it is a long way through helmet's. */
function headersOf(middleware: ReturnType<typeof helmet>): [string, string][] {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  middleware(req, res, () => undefined);
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]);
}

/** What our own clients send, and what tracing of the pages adds to each of their requests. */
const ALLOWED = [
  'Accept',
  'Authorization',
  'Content-Type',
  'X-API-Key',
  'X-Request-Id',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
];

const EXPOSED = [
  'Allow',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'X-Connect-Id',
  'X-Request-Id',
  'X-Translation-Text',
  'X-Translation-Text-Truncated',
];

/**
 * Pages of the origins given may call; `*` lets pages of any. Pages of our own origin need no permission: browsers ask
 * for none. No cookies are used, so credentials are not allowed.
 */
export function corsHeaders(origins: readonly string[]): Middleware {
  const isAnyone = origins.includes('*');
  const handle = cors({
    origin: isAnyone ? '*' : [...origins],
    methods: ['GET', 'POST', 'DELETE'],
    allowedHeaders: ALLOWED,
    exposedHeaders: EXPOSED,
    maxAge: 86_400,
  });
  return (req, res, next) => {
    // Only pages of other origins send one, and caches must know that the answer depends on it.
    if (req.headers.origin === undefined) {
      if (!isAnyone) say(res, 'Vary', 'Origin');
      next();
      return;
    }
    // Without that header OPTIONS is no preflight: the resource itself answers, with its methods.
    const isQuestion = req.method === 'OPTIONS' && req.headers['access-control-request-method'] === undefined;
    if (isQuestion) next();
    else handle(req, res, next);
  };
}
