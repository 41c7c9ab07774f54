/** Sessions as a resource. */
import type { Request, RequestHandler } from 'express';
import type { Session } from '../session/profile.js';
import type { BodyReader } from './body.js';
import type { HttpDeps } from './deps.js';
import { gather, nameFields } from './fields.js';
import { DEFAULT_PAGE } from './limits.js';
import { checkFields, wishOf } from './read-fields.js';
import { pageSchema, sessionSchema } from './schemas.js';
import { checkVoice } from './voices.js';

const NAMES = nameFields({ prompt: [], source: [], target: [], voice: [], ttlMs: [] });
const PAGE_NAMES = nameFields({ limit: [], cursor: [] });
const FROM_JSON = sessionSchema(true);
const FROM_FORM = sessionSchema(false);

export interface SessionRoutes {
  readonly create: RequestHandler;
  readonly list: RequestHandler;
  readonly get: RequestHandler<{ connectId: string }>;
  readonly delete: RequestHandler<{ connectId: string }>;
}

export function createSessionRoutes(deps: HttpDeps, readBody: BodyReader): SessionRoutes {
  const { sessions } = deps;
  return {
    create: async (req, res) => {
      const { fields, typed } = await readBody(req, res);
      const wanted = checkFields(gather(fields, NAMES, 'refused'), typed ? FROM_JSON : FROM_FORM);
      await checkVoice(wanted.voice, '/voice', deps);
      const session = await sessions.create(req.call.owner, wishOf(wanted), wanted.ttlMs);
      res.setHeader('Location', `/api/realtime/sessions/${session.connectId}`);
      res.status(201).json(describeSession(session));
    },
    list: async (req, res) => {
      const { limit, cursor } = readPage(req);
      const page = await sessions.list(req.call.owner, limit, cursor);
      res.json({ sessions: page.sessions.map(describeSession), nextCursor: page.nextCursor });
    },
    get: async (req, res) => {
      res.json(describeSession(await sessions.get(req.call.owner, req.params.connectId)));
    },
    delete: async (req, res) => {
      await sessions.delete(req.call.owner, req.params.connectId);
      res.status(204).end();
    },
  };
}

function describeSession(session: Session) {
  return {
    connectId: session.connectId,
    createdAt: new Date(session.createdAt).toISOString(),
    lastUsedAt: new Date(session.lastUsedAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
    requests: session.requests,
    source: session.source,
    target: session.target,
    voice: session.voice,
    prompt: session.prompt,
  };
}

/** Unknown names of the query are ignored, as other parameters of an address are. */
function readPage(req: Request): { limit: number; cursor: string | undefined } {
  const query = new URL(req.originalUrl, 'http://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  const { limit = DEFAULT_PAGE, cursor } = checkFields(gather(sent, PAGE_NAMES, 'ignored'), pageSchema);
  return { limit, cursor };
}
