/** The HTTP side put together: what each request passes, in order, and where it is answered. */
import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import { GatewayError } from '../errors.js';
import { KeyRing } from './access.js';
import { networksOf } from './address.js';
import { say } from './answer.js';
import { createBodyReader } from './body.js';
import { openCall } from './call.js';
import type { HttpDeps, HttpTiming } from './deps.js';
import { serveDocs } from './docs-route.js';
import { Door } from './door.js';
import { createErrorHandler, notFound, otherMethods } from './error-handler.js';
import { describeConversations } from './contract/asyncapi.js';
import { describeService } from './contract/openapi.js';
import { serveDocument } from './contract-route.js';
import { createFormReader } from './form.js';
import { maxFormBytes } from './limits.js';
import { exposeMetrics } from './metrics-route.js';
import { servePage } from './page.js';
import { RECORDING_NAMES } from './question.js';
import { allowOrigins, protectReaders } from './security.js';
import { createRelayRoutes } from './relay-route.js';
import { createSessionRoutes } from './sessions-route.js';
import { Slots } from './slots.js';
import { BodyWatch } from './slow-body.js';
import { createStatusRoutes } from './status-route.js';
import { inTurn, type Step } from './steps.js';
import { MemoryTickets } from './tickets.js';
import { Toll } from './toll.js';
import { createTranslateRoutes, type TranslateRoutes } from './translate-route.js';

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
  readonly answer: RequestListener;
}

/** Where nearly all requests go. */
const BUSIEST = '/api/realtime/translate';

/**
 * The service's HTTP side. It opens nothing by itself: see `createHttpServer`, and `sweepUploads` for the start.
 *
 * Express's router costs more than all else that is done for a translation, so the busiest route has a lane beside it: the
 * same steps, called one after the other. Other spellings of its path are Express's, as everything else is.
 */
export function createApp(deps: HttpDeps): App {
  const { config, logger } = deps;
  const timing = { ...TIMING, ...deps.timing };
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', config.server.trustProxy);

  const status = createStatusRoutes(deps);
  const { slowBodyWindowMs: windowMs, lingerMs } = timing;
  const bodies = new BodyWatch({ windowMs, maxBytes: maxFormBytes(config), lingerMs });
  const everyone = [
    protectReaders(),
    openCall(deps),
    allowOrigins(config.server.corsOrigins),
    watchBodies(bodies),
  ];
  app.use(...everyone);
  // Express matches paths without regard to case, so what stands before a route here stands before all its spellings.
  const keys = new KeyRing(config.access.keyDigests);
  const networkOf = networksOf(config.server.trustProxy);
  const door = new Door(keys, deps.failedKeys, networkOf, logger);
  const toll = new Toll(deps.limiter, keys, networkOf);
  const api = express.Router();
  const callers = [neverStored, refuseWhileDraining(deps), door.enter, toll.enter];
  api.use(...callers);
  const translations = createTranslations(deps, toll, timing);
  addApiRoutes(api, deps, translations, status.capabilities);
  const conversations = createRelayRoutes(deps, deps.tickets ?? new MemoryTickets(), keys, door, toll);
  api.route('/realtime/tickets').post(conversations.issueTicket).all(otherMethods('POST'));
  // First, because the router tries one after the other.
  app.use('/api', api);
  app.route('/health').get(status.health).all(otherMethods('GET', 'HEAD'));
  app.route('/livez').get(status.live).all(otherMethods('GET', 'HEAD'));
  app.route('/metrics').get(exposeMetrics(deps)).all(otherMethods('GET', 'HEAD'));
  app.route('/readyz').get(status.ready).all(otherMethods('GET', 'HEAD'));
  const awake = refuseWhileDraining(deps);
  app.route('/realtime-voice').get(awake, conversations.converse('voice')).all(otherMethods('GET'));
  app.route('/text-chat').get(awake, conversations.converse('text')).all(otherMethods('GET'));
  addDocuments(app, deps);
  app.use(servePage());

  const failed = createErrorHandler(logger, lingerMs);
  app.use(notFound, failed);
  const lane = inTurn([...everyone, ...callers, translations.translate], failed, logger);
  return {
    express: app,
    answer: (req, res) => {
      if (isBusiest(req)) lane(req, res);
      else app(req, res);
    },
  };
}

function isBusiest({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url === BUSIEST;
}

function createTranslations(deps: HttpDeps, toll: Toll, timing: HttpTiming): TranslateRoutes {
  const { access, audio } = deps.config;
  const slots = new Slots(access.maxConcurrentPerKey);
  const readForm = createFormReader(audio.uploadDir, audio.maxUploadBytes, RECORDING_NAMES);
  const readBody = createBodyReader({ readForm, maxFormBytes: maxFormBytes(deps.config) });
  return createTranslateRoutes(deps, readBody, toll, slots, timing);
}

function addApiRoutes(
  api: express.Router,
  deps: HttpDeps,
  translations: TranslateRoutes,
  capabilities: RequestHandler,
): void {
  const sessions = createSessionRoutes(deps, createBodyReader());

  api.route('/realtime/translate').post(translations.translate).all(otherMethods('POST'));
  api.route('/realtime/audiotranslate').post(translations.original).all(otherMethods('POST'));
  api
    .route('/realtime/sessions')
    .get(sessions.list)
    .post(sessions.create)
    .all(otherMethods('GET', 'HEAD', 'POST'));
  api
    .route('/realtime/sessions/:connectId')
    .get(sessions.get)
    .delete(sessions.delete)
    .all(otherMethods('GET', 'HEAD', 'DELETE'));
  api.route('/capabilities').get(capabilities).all(otherMethods('GET', 'HEAD'));
}

function addDocuments(app: Express, { config, version }: HttpDeps): void {
  const openApi = serveDocument(() => describeService(config, version));
  const asyncApi = serveDocument(() => describeConversations(config, version));
  app.route('/openapi.json').get(openApi).all(otherMethods('GET', 'HEAD'));
  app.route('/asyncapi.json').get(asyncApi).all(otherMethods('GET', 'HEAD'));
  app.use('/docs', serveDocs());
  app.route('/docs').all(otherMethods('GET', 'HEAD'));
}

const neverStored: Step = (_req, res, next) => {
  say(res, 'Cache-Control', 'no-store');
  next();
};

function watchBodies(watch: BodyWatch): Step {
  return (req, res, next) => {
    const { headers } = req;
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      watch.add(req, res);
    next();
  };
}

function refuseWhileDraining(deps: HttpDeps): Step {
  return (_req, res, next) => {
    if (!deps.draining()) {
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
