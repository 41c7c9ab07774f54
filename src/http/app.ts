/** The HTTP side put together. It opens nothing by itself: see `createHttpServer`, and `sweepUploads` for the start. */
import type { RequestListener } from 'node:http';
import express, { type Express } from 'express';
import { clientNetwork } from './address.js';
import { createBodyReader, type BodyReader } from './body/read-body.js';
import { createMultipartReader } from './body/multipart.js';
import { UploadMemory } from './body/upload-memory.js';
import { createConversationHandlers } from './endpoints/conversations.js';
import { createErrorHandler } from './error-handler.js';
import { maxFormBytes } from './limits.js';
import { requireMetricsToken } from './endpoints/metrics.js';
import { ApiKeys } from './middleware/api-keys.js';
import { Auth } from './middleware/auth.js';
import { corsHeaders } from './middleware/cors.js';
import { rejectWhileDraining } from './middleware/draining.js';
import { observeRequests } from './middleware/observe-requests.js';
import { RateLimit } from './middleware/rate-limit.js';
import { noStore, securityHeaders } from './middleware/security-headers.js';
import { SoundTickets } from './middleware/sound-tickets.js';
import { BodyRateMonitor } from './middleware/slow-body.js';
import { readStyleHashes, servePage } from './endpoints/page.js';
import { createPipeline, type Route } from './pipeline.js';
import type { HttpPorts, HttpTiming } from './ports.js';
import { createRoutes, type Handlers } from './routes.js';
import { createSessionHandlers } from './endpoints/sessions.js';
import { createStatusHandlers } from './endpoints/status.js';
import { MemoryTicketStore } from '../tickets/memory.js';
import { createJobHandlers } from './endpoints/jobs.js';
import { createJobSoundHandlers } from './endpoints/job-sound.js';
import { nativeFront } from './translate/native.js';
import type { EventStreamTiming } from './translate/sse.js';
import { createTranslateHandler } from './translate/handler.js';
import { RECORDING_NAMES } from './schemas.js';

const TIMING: HttpTiming = {
  heartbeatMs: 15_000,
  stalledReaderMs: 60_000,
  slowBodyWindowMs: 15_000,
  lingerMs: 5_000,
};

export interface App {
  /** The pipeline as an Express app, for supertest and for embedding. */
  readonly express: Express;
  /** The pipeline itself, for the server: Express's router would cost 117 to 165 µs of a request. */
  readonly handle: RequestListener;
  readonly routes: readonly Route[];
}

export function createApp(ports: HttpPorts): App {
  const { config, logger } = ports;
  const { access, server } = config;
  const timing = { ...TIMING, ...ports.timing };
  const networkOf = clientNetwork(server.trustProxy);
  const keys = new ApiKeys(access.keyDigests);
  const auth = new Auth(keys, ports.failedKeys, networkOf, logger);
  const rateLimit = new RateLimit(ports.limiter, keys, networkOf);
  const bodies = new BodyRateMonitor({
    windowMs: timing.slowBodyWindowMs,
    maxBytes: maxFormBytes(config),
    lingerMs: timing.lingerMs,
  });
  const tickets = ports.tickets ?? new MemoryTicketStore();
  const page = servePage(ports.pageFolder);
  const routes = createRoutes(
    ports,
    {
      ...createRecordingHandlers(ports, rateLimit, timing),
      jobSound: createJobSoundHandlers(
        ports,
        new SoundTickets(access.keyDigests),
        auth,
        rateLimit,
        timing.stalledReaderMs,
      ),
      sessions: createSessionHandlers(ports, createBodyReader()),
      conversations: createConversationHandlers(ports, tickets, auth, rateLimit),
      status: createStatusHandlers(ports),
      page,
    },
    timing,
  );
  const whileRunning = rejectWhileDraining(() => ports.draining());
  const handle = createPipeline({
    routes,
    always: [
      securityHeaders(readStyleHashes(ports.pageFolder)),
      observeRequests(ports),
      corsHeaders(server.corsOrigins),
      bodies.middleware,
    ],
    guards: {
      key: [noStore, whileRunning, auth.middleware, rateLimit.middleware],
      // Its handler authenticates, because looking a ticket up uses it.
      conversation: [whileRunning],
      // Its handler authenticates, because a ticket is for one job.
      sound: [whileRunning],
      metrics: [requireMetricsToken(access.metricsToken)],
      open: [],
    },
    fallback: page,
    onError: createErrorHandler(logger, timing.lingerMs),
    logger,
  });

  const app = express();
  app.disable('x-powered-by');
  app.use(handle);
  return { express: app, handle, routes };
}

function createRecordingHandlers(
  ports: HttpPorts,
  rateLimit: RateLimit,
  timing: EventStreamTiming,
): Pick<Handlers, 'translate' | 'jobs'> {
  const { config, concurrency } = ports;
  const memory = new UploadMemory();
  const readerFor = (dir: string): BodyReader =>
    createBodyReader({
      readForm: createMultipartReader(dir, config.audio.maxUploadBytes, RECORDING_NAMES, memory),
      maxFormBytes: maxFormBytes(config),
    });
  // A job takes over its recording by a rename.
  const readForm = readerFor(config.jobs.dir);
  const front = nativeFront(config.translation.maxTextChars, timing);
  const readers = { readForm, readBody: createBodyReader(), front };
  const jobs = createJobHandlers(ports, readers, rateLimit, concurrency, timing);
  const readBody = readerFor(config.audio.uploadDir);
  const acceptance = { accept: jobs.accept, readForm };
  return { jobs, translate: createTranslateHandler(ports, readBody, rateLimit, concurrency, acceptance) };
}
