/** The metrics, for whoever scrapes them: behind a token where there is one, and beside the API's keys and limits. */
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { GatewayError } from '../errors.js';
import { ApiKeys } from './middleware/api-keys.js';
import type { HttpPorts } from './ports.js';

export function serveMetrics({ config, metrics }: HttpPorts): RequestHandler {
  const { metricsToken } = config.access;
  const digests = metricsToken === undefined ? [] : [createHash('sha256').update(metricsToken).digest('hex')];
  const tokens = new ApiKeys(digests);

  return async (req, res) => {
    try {
      // The token goes in no other header: an API key that is sent beside it opens nothing here.
      tokens.owner({ authorization: req.headers.authorization });
    } catch (error) {
      res.setHeader('WWW-Authenticate', 'Bearer realm="metrics"');
      throw new GatewayError(
        'unauthorized',
        'The metrics need the token of METRICS_TOKEN; API keys do not open them.',
        {
          hint: 'Send it as `Authorization: Bearer …`.',
          cause: error,
        },
      );
    }
    const { contentType, text } = await metrics.expose();
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Content-Type', contentType);
    res.send(text);
  };
}
