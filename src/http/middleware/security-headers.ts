/** Headers that protect the reader of an answer. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Middleware } from './compose.js';

/**
 * Pages load everything from their own origin and may not be framed. TLS ends in front of this service, so its headers
 * (Strict-Transport-Security, upgrade-insecure-requests) are left to the proxy there.
 *
 * @param styleHashes of styles that libraries of the page write into it: `sha256-…`
 */
export function securityHeaders(styleHashes: readonly string[] = []): Middleware {
  const headers = headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'none'"],
          // For browsers 'self' includes ws: and wss: of the same host.
          connectSrc: ["'self'"],
          fontSrc: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          imgSrc: ["'self'", 'data:', 'blob:'],
          mediaSrc: ["'self'", 'data:', 'blob:'],
          objectSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'", ...styleHashes.map((hash) => `'${hash}'`)],
          workerSrc: ["'self'", 'blob:'],
        },
      },
      frameguard: { action: 'deny' },
      strictTransportSecurity: false,
    }),
  );
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

export const noStore: Middleware = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** helmet sets the same headers on every response, so it runs once: a dozen middlewares a request cost too much. */
function headersOf(middleware: ReturnType<typeof helmet>): [string, string][] {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  middleware(req, res, () => undefined);
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]);
}
