/** The one table of routes. Lookup, access, `Allow`, HEAD, metric labels and the OpenAPI document all come from it. */
import { describeConversations } from './openapi/asyncapi.js';
import { describeService } from './openapi/openapi.js';
import { OPERATIONS } from './openapi/operations.js';
import type { Operation } from './openapi/operations/operation.js';
import type { ConversationHandlers } from './endpoints/conversations.js';
import { serveDocs, serveJsonDocument } from './endpoints/docs.js';
import type { JobHandlers } from './endpoints/jobs.js';
import type { JobSoundHandlers } from './endpoints/job-sound.js';
import { serveMetrics } from './endpoints/metrics.js';
import type { Middleware } from './middleware/compose.js';
import type { Access, Route } from './pipeline.js';
import type { HttpPorts } from './ports.js';
import type { SessionHandlers } from './endpoints/sessions.js';
import type { StatusHandlers } from './endpoints/status.js';
import type { Front } from './translate/front.js';
import { nativeFront } from './translate/native.js';
import { originalFront } from './translate/original.js';
import type { EventStreamTiming } from './translate/sse.js';

export interface Handlers {
  readonly translate: (front: Front) => Middleware;
  readonly sessions: SessionHandlers;
  readonly conversations: ConversationHandlers;
  readonly status: StatusHandlers;
  readonly page: Middleware;
  readonly jobs: JobHandlers;
  readonly jobSound: JobSoundHandlers;
}

export function createRoutes(
  ports: HttpPorts,
  handlers: Handlers,
  timing: EventStreamTiming,
): readonly Route[] {
  const { config, version } = ports;
  const { translate, sessions, jobs, jobSound, conversations, status, page } = handlers;
  const { maxTextChars } = config.translation;
  const { converse } = conversations;
  const openApi = serveJsonDocument(() => describeService(config, version, routes));
  const asyncApi = serveJsonDocument(() => describeConversations(config, version));
  const docs = serveDocs();
  const post = (front: Front, operation?: Operation): Route => ({
    ...route('POST', front.path, 'key', translate(front), operation),
    error: front.error,
  });

  const routes: readonly Route[] = [
    post(nativeFront(maxTextChars, timing), OPERATIONS.translate),
    post(originalFront(maxTextChars), OPERATIONS.translateAsTheOriginal),
    route('GET', '/api/realtime/sessions', 'key', sessions.list, OPERATIONS.listSessions),
    route('POST', '/api/realtime/sessions', 'key', sessions.create, OPERATIONS.createSession),
    route('GET', '/api/realtime/sessions/{connectId}', 'key', sessions.get, OPERATIONS.getSession),
    route('DELETE', '/api/realtime/sessions/{connectId}', 'key', sessions.delete, OPERATIONS.deleteSession),
    route('GET', '/api/realtime/jobs', 'key', jobs.list, OPERATIONS.listJobs),
    route('POST', '/api/realtime/jobs', 'key', jobs.create, OPERATIONS.createJob),
    route('GET', '/api/realtime/jobs/{jobId}', 'key', jobs.get, OPERATIONS.getJob),
    route('DELETE', '/api/realtime/jobs/{jobId}', 'key', jobs.delete, OPERATIONS.deleteJob),
    route('GET', '/api/realtime/jobs/{jobId}/events', 'key', jobs.events, OPERATIONS.followJob),
    route('GET', '/api/realtime/jobs/{jobId}/result', 'key', jobs.result, OPERATIONS.getJobResult),
    route('GET', '/api/realtime/jobs/{jobId}/sound', 'sound', jobSound.sound, OPERATIONS.getJobSound),
    route('GET', '/api/realtime/jobs/{jobId}/waveform', 'key', jobSound.waveform, OPERATIONS.getJobWaveform),
    route(
      'PATCH',
      '/api/realtime/jobs/{jobId}/segments/{index}',
      'key',
      jobs.correct,
      OPERATIONS.correctSegment,
    ),
    route('POST', '/api/realtime/jobs/{jobId}/resume', 'key', jobs.resume, OPERATIONS.resumeJob),
    route('POST', '/api/realtime/tickets', 'key', conversations.issueTicket, OPERATIONS.issueTicket),
    route('GET', '/realtime-voice', 'conversation', converse('voice'), OPERATIONS.converseByVoice),
    route('GET', '/text-chat', 'conversation', converse('text'), OPERATIONS.converseByText),
    route('GET', '/api/capabilities', 'key', status.capabilities, OPERATIONS.getCapabilities),
    route('GET', '/health', 'open', status.health, OPERATIONS.getHealth),
    route('GET', '/livez', 'open', status.live, OPERATIONS.getLiveness),
    route('GET', '/readyz', 'open', status.ready, OPERATIONS.getReadiness),
    route('GET', '/metrics', 'metrics', serveMetrics(ports), OPERATIONS.getMetrics),
    file('/', page, OPERATIONS.getPage),
    file('/assets/*', page),
    route('GET', '/openapi.json', 'open', openApi, OPERATIONS.getOpenApi),
    route('GET', '/asyncapi.json', 'open', asyncApi, OPERATIONS.getAsyncApi),
    route('GET', '/docs', 'open', docs, OPERATIONS.getDocs),
    file('/docs/*', docs),
  ];
  return routes;
}

function route(
  method: Route['method'],
  path: string,
  access: Access,
  handler: Middleware,
  operation?: Operation,
): Route {
  return { method, path, access, handler, operation };
}

function file(path: string, handler: Middleware, operation?: Operation): Route {
  return { ...route('GET', path, 'open', handler, operation), isFile: true };
}
