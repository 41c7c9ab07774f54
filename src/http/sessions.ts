/** Sessions as a resource. */
import type { Request, RequestHandler } from 'express';
import type { Session } from '../session/profile.js';
import type { BodyReader } from './body/read-body.js';
import type { HttpPorts } from './ports.js';
import { normalizeFields, fieldNames } from './body/fields.js';
import { DEFAULT_PAGE_SIZE } from './limits.js';
import { validate, toProfileInput } from './body/validate.js';
import { pageSchema, sessionSchema } from './schemas.js';
import { checkVoice } from './voices.js';

const NAMES = fieldNames({ prompt: [], source: [], target: [], voice: [], ttlMs: [] });
const PAGE_NAMES = fieldNames({ limit: [], cursor: [] });
const FROM_JSON = sessionSchema(true);
const FROM_FORM = sessionSchema(false);

export interface SessionRoutes {
  readonly create: RequestHandler;
  readonly list: RequestHandler;
  readonly get: RequestHandler<{ connectId: string }>;
  readonly delete: RequestHandler<{ connectId: string }>;
}

export function createSessionRoutes(ports: HttpPorts, readBody: BodyReader): SessionRoutes {
  const { sessions } = ports;
  return {
    create: async (req, res) => {
      const { fields, isTyped } = await readBody(req, res);
      const wanted = validate(normalizeFields(fields, NAMES, 'refused'), isTyped ? FROM_JSON : FROM_FORM);
      await checkVoice(wanted.voice, '/voice', ports);
      const session = await sessions.create(req.context.owner, toProfileInput(wanted), wanted.ttlMs);
      res.setHeader('Location', `/api/realtime/sessions/${session.connectId}`);
      res.status(201).json(describeSession(session));
    },
    list: async (req, res) => {
      const { limit, cursor } = readPage(req);
      const page = await sessions.list(req.context.owner, limit, cursor);
      res.json({ sessions: page.sessions.map(describeSession), nextCursor: page.nextCursor });
    },
    get: async (req, res) => {
      res.json(describeSession(await sessions.get(req.context.owner, req.params.connectId)));
    },
    delete: async (req, res) => {
      await sessions.delete(req.context.owner, req.params.connectId);
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
  const { limit = DEFAULT_PAGE_SIZE, cursor } = validate(
    normalizeFields(sent, PAGE_NAMES, 'ignored'),
    pageSchema,
  );
  return { limit, cursor };
}
