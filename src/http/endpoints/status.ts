/** The state of the service: for load balancers, for operators, and for clients what it can do. */
import { AUDIO_FORMATS } from '../../audio/containers/formats.js';
import type { Middleware } from '../middleware/compose.js';
import type { HttpPorts } from '../ports.js';
import { describeLimits } from '../limits.js';
import { problemType, writeProblemBody } from '../problem.js';
import { sendJson } from '../response.js';

const READY_RETRY_S = 5;

export interface StatusHandlers {
  readonly health: Middleware;
  readonly live: Middleware;
  readonly ready: Middleware;
  readonly capabilities: Middleware;
}

export function createStatusHandlers(ports: HttpPorts): StatusHandlers {
  const startedAt = performance.now();
  const limits = describeLimits(ports.config);

  return {
    health: (_req, res) => {
      const { provider, model, pool, relay, jobs, sessions } = ports.health();
      const uptimeMs = Math.round(performance.now() - startedAt);
      res.setHeader('Cache-Control', 'no-store');
      sendJson(res, {
        ...{ status: 'ok', provider, model, version: ports.version, uptimeMs },
        ...{ pool, relay, jobs, sessions },
      });
    },
    live: (_req, res) => {
      res.setHeader('Cache-Control', 'no-store');
      sendJson(res, { status: 'ok' });
    },
    ready: async (req, res) => {
      const checks = [...(await ports.ready())];
      if (ports.draining() && checks.every((check) => check.name !== 'draining')) {
        checks.push({ name: 'draining', ok: false, detail: 'The service is shutting down.' });
      }
      const failing = checks.filter((check) => !check.ok);
      if (failing.length === 0) {
        res.setHeader('Cache-Control', 'no-store');
        sendJson(res, { status: 'ok', checks });
        return;
      }
      req.context.code = 'not-ready';
      res.setHeader('Retry-After', READY_RETRY_S);
      writeProblemBody(res, {
        type: problemType('not-ready'),
        title: 'Not ready',
        status: 503,
        detail: failing.map((check) => `${check.name}: ${check.detail}`).join(' '),
        code: 'not-ready',
        requestId: req.context.id,
        retryable: true,
        checks,
      });
      res.end();
    },
    capabilities: async (_req, res) => {
      const { provider, model, dialect, isolation, maxConcurrent, ...can } = await ports.capabilities();
      const { languages, chains, speechSources, voices, parts } = can;
      sendJson(res, {
        ...{ provider, model, dialect, isolation, maxConcurrent, languages, chains, speechSources, voices },
        ...(parts !== undefined && { parts }),
        ...{ limits, formats: AUDIO_FORMATS },
      });
    },
  };
}
