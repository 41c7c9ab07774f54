/** The metrics, for Prometheus: behind a token of their own where one is set, and outside the API's keys and limits. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../../errors.js';
import { ApiKeys } from '../middleware/api-keys.js';
import type { Middleware } from '../middleware/compose.js';
import type { HttpPorts } from '../ports.js';

/** @param token absent: everybody may read them. */
export function requireMetricsToken(token: string | undefined): Middleware {
  const digests = token === undefined ? [] : [createHash('sha256').update(token).digest('hex')];
  const tokens = new ApiKeys(digests);

  return (req, res, next) => {
    try {
      // Only that header is read: an API key in another one opens nothing here.
      tokens.owner({ authorization: req.headers.authorization });
    } catch (cause) {
      res.setHeader('WWW-Authenticate', 'Bearer realm="metrics"');
      throw new GatewayError(
        'unauthorized',
        'The metrics need the token of METRICS_TOKEN; API keys do not open them.',
        { hint: 'Send it as `Authorization: Bearer …`.', cause },
      );
    }
    next();
  };
}

export function serveMetrics({ metrics }: HttpPorts): Middleware {
  return async (_req, res) => {
    const { contentType, text } = await metrics.expose();
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Content-Type', contentType);
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.end(text);
  };
}
