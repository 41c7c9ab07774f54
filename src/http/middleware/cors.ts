/** Which pages of other origins may read answers. */
import cors from 'cors';
import type { Middleware } from './compose.js';

/** What this project's clients send, and what tracing libraries add to each request of a page. */
const ALLOWED = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Last-Event-ID',
  'Prefer',
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
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'X-Connect-Id',
  'X-Detected-Source',
  'X-Request-Id',
  'X-Translation-Text',
  'X-Translation-Text-Truncated',
  'X-Translation-Transcript',
  'X-Translation-Transcript-Truncated',
  'X-Translation-Warnings',
];

/**
 * Allows calls from pages of `origins`; `*` allows all. Pages of the service's own origin need no permission. It uses no
 * cookies, so credentials are not allowed.
 */
export function corsHeaders(origins: readonly string[]): Middleware {
  const allowsAll = origins.includes('*');
  const handle = cors({
    origin: allowsAll ? '*' : [...origins],
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ALLOWED,
    exposedHeaders: EXPOSED,
    maxAge: 86_400,
  });
  return (req, res, next) => {
    // Browsers send Origin for pages of other origins; caches must know that the answer depends on it.
    if (req.headers.origin === undefined) {
      if (!allowsAll) res.setHeader('Vary', 'Origin');
      next();
      return;
    }
    // OPTIONS without that header is not a preflight: the path itself answers it, with its methods.
    const isPlain = req.method === 'OPTIONS' && req.headers['access-control-request-method'] === undefined;
    if (isPlain) next();
    else handle(req, res, next);
  };
}
