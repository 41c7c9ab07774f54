/** The HTTP side put together: what each request passes, in order, and where it is answered. */
import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import { GatewayError } from '../errors.js';
import { ApiKeys } from './middleware/api-keys.js';
import { clientNetwork } from './address.js';
import { say } from './response.js';
import { createBodyReader } from './body/read-body.js';
import { requestContext } from './middleware/request-context.js';
import type { HttpPorts, HttpTiming } from './ports.js';
import { serveDocs } from './docs.js';
import { Auth } from './middleware/auth.js';
import { createErrorHandler, notFound, methodNotAllowed } from './error-handler.js';
import { describeConversations } from './openapi/asyncapi.js';
import { describeService } from './openapi/openapi.js';
import { serveJsonDocument } from './openapi/serve.js';
import { createMultipartReader } from './body/multipart.js';
import { maxFormBytes } from './limits.js';
import { serveMetrics } from './metrics.js';
import { servePage } from './page.js';
import { RECORDING_NAMES } from './schemas.js';
import { corsHeaders, securityHeaders } from './middleware/security.js';
import { createConversationRoutes } from './conversations.js';
import { createSessionRoutes } from './sessions.js';
import { ConcurrencyLimit } from './middleware/concurrency-limit.js';
import { BodyRateMonitor } from './middleware/slow-body.js';
import { createStatusRoutes } from './status.js';
import { compose, type Middleware } from './middleware/compose.js';
import { MemoryTicketStore } from './tickets.js';
import { RateLimit } from './middleware/rate-limit.js';
import { createTranslateRoutes, type TranslateRoutes } from './translate/handler.js';

const TIMING: HttpTiming = {
  heartbeatMs: 15_000,
  stalledReaderMs: 60_000,
  slowBodyWindowMs: 15_000,
  lingerMs: 5_000,
};

/** How long a client may wait before it knocks at a service that is shutting down, or at the one that comes after it. */
const DRAINING_RETRY_MS = 5_000;

export interface App {
  /** All routes. */
  readonly express: Express;
  /** Answers requests: the busiest route by its lane, everything else through Express. */
  readonly handle: RequestListener;
}

/** Where nearly all requests go. */
const FAST_PATH = '/api/realtime/translate';

/**
 * The service's HTTP side. It opens nothing by itself: see `createHttpServer`, and `sweepUploads` for the start.
 *
 * Express's router costs more than all else that is done for a translation, so the busiest route has a lane beside it: the
 * same steps, called one after the other. Other spellings of its path are Express's, as everything else is.
 */
export function createApp(ports: HttpPorts): App {
  const { config, logger } = ports;
  const timing = { ...TIMING, ...ports.timing };
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', config.server.trustProxy);

  const status = createStatusRoutes(ports);
  const { slowBodyWindowMs: windowMs, lingerMs } = timing;
  const bodies = new BodyRateMonitor({ windowMs, maxBytes: maxFormBytes(config), lingerMs });
  const everyone = [
    securityHeaders(),
    requestContext(ports),
    corsHeaders(config.server.corsOrigins),
    watchBodies(bodies),
  ];
  app.use(...everyone);
  // Express matches paths without regard to case, so what stands before a route here stands before all its spellings.
  const keys = new ApiKeys(config.access.keyDigests);
  const networkOf = clientNetwork(config.server.trustProxy);
  const auth = new Auth(keys, ports.failedKeys, networkOf, logger);
  const rateLimit = new RateLimit(ports.limiter, keys, networkOf);
  const api = express.Router();
  const callers = [noStore, rejectWhileDraining(ports), auth.middleware, rateLimit.middleware];
  api.use(...callers);
  const translations = createTranslations(ports, rateLimit, timing);
  addApiRoutes(api, ports, translations, status.capabilities);
  const conversations = createConversationRoutes(
    ports,
    ports.tickets ?? new MemoryTicketStore(),
    keys,
    auth,
    rateLimit,
  );
  api.route('/realtime/tickets').post(conversations.issueTicket).all(methodNotAllowed('POST'));
  // First, because the router tries one after the other.
  app.use('/api', api);
  app.route('/health').get(status.health).all(methodNotAllowed('GET', 'HEAD'));
  app.route('/livez').get(status.live).all(methodNotAllowed('GET', 'HEAD'));
  app.route('/metrics').get(serveMetrics(ports)).all(methodNotAllowed('GET', 'HEAD'));
  app.route('/readyz').get(status.ready).all(methodNotAllowed('GET', 'HEAD'));
  const awake = rejectWhileDraining(ports);
  app.route('/realtime-voice').get(awake, conversations.converse('voice')).all(methodNotAllowed('GET'));
  app.route('/text-chat').get(awake, conversations.converse('text')).all(methodNotAllowed('GET'));
  addDocuments(app, ports);
  app.use(servePage());

  const failed = createErrorHandler(logger, lingerMs);
  app.use(notFound, failed);
  const lane = compose([...everyone, ...callers, translations.translate], failed, logger);
  return {
    express: app,
    handle: (req, res) => {
      if (isFastPath(req)) lane(req, res);
      else app(req, res);
    },
  };
}

function isFastPath({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url === FAST_PATH;
}

function createTranslations(ports: HttpPorts, rateLimit: RateLimit, timing: HttpTiming): TranslateRoutes {
  const { access, audio } = ports.config;
  const concurrencyLimit = new ConcurrencyLimit(access.maxConcurrentPerKey);
  const readForm = createMultipartReader(audio.uploadDir, audio.maxUploadBytes, RECORDING_NAMES);
  const readBody = createBodyReader({ readForm, maxFormBytes: maxFormBytes(ports.config) });
  return createTranslateRoutes(ports, readBody, rateLimit, concurrencyLimit, timing);
}

function addApiRoutes(
  api: express.Router,
  ports: HttpPorts,
  translations: TranslateRoutes,
  capabilities: RequestHandler,
): void {
  const sessions = createSessionRoutes(ports, createBodyReader());

  api.route('/realtime/translate').post(translations.translate).all(methodNotAllowed('POST'));
  api.route('/realtime/audiotranslate').post(translations.original).all(methodNotAllowed('POST'));
  api
    .route('/realtime/sessions')
    .get(sessions.list)
    .post(sessions.create)
    .all(methodNotAllowed('GET', 'HEAD', 'POST'));
  api
    .route('/realtime/sessions/:connectId')
    .get(sessions.get)
    .delete(sessions.delete)
    .all(methodNotAllowed('GET', 'HEAD', 'DELETE'));
  api.route('/capabilities').get(capabilities).all(methodNotAllowed('GET', 'HEAD'));
}

function addDocuments(app: Express, { config, version }: HttpPorts): void {
  const openApi = serveJsonDocument(() => describeService(config, version));
  const asyncApi = serveJsonDocument(() => describeConversations(config, version));
  app.route('/openapi.json').get(openApi).all(methodNotAllowed('GET', 'HEAD'));
  app.route('/asyncapi.json').get(asyncApi).all(methodNotAllowed('GET', 'HEAD'));
  app.use('/docs', serveDocs());
  app.route('/docs').all(methodNotAllowed('GET', 'HEAD'));
}

const noStore: Middleware = (_req, res, next) => {
  say(res, 'Cache-Control', 'no-store');
  next();
};

function watchBodies(watch: BodyRateMonitor): Middleware {
  return (req, res, next) => {
    const { headers } = req;
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      watch.add(req, res);
    next();
  };
}

function rejectWhileDraining(ports: HttpPorts): Middleware {
  return (_req, res, next) => {
    if (!ports.draining()) {
      next();
      return;
    }
    res.setHeader('Connection', 'close');
    throw new GatewayError(
      'draining',
      'This service is shutting down and takes no new work. Send it again.',
      {
        retryAfterMs: DRAINING_RETRY_MS,
      },
    );
  };
}
