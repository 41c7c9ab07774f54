/** Sessions as a REST resource. */
import type { Request, RequestHandler } from 'express';
import { pickProfile, PROFILE_FIELDS, type Session } from '../session/profile.js';
import type { BodyReader } from './body/read-body.js';
import type { HttpPorts } from './ports.js';
import { checkVoice, fieldNames, normalizeFields, validate } from './body/fields.js';
import { DEFAULT_PAGE_SIZE } from './limits.js';
import { pageSchema, sessionSchema } from './schemas.js';

const FROM_JSON = sessionSchema(true);
const FROM_FORM = sessionSchema(false);
const NAMES = fieldNames(FROM_JSON, { aliases: false });
const PAGE_NAMES = fieldNames(pageSchema);

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
      const input = validate(normalizeFields(fields, NAMES, 'refused'), isTyped ? FROM_JSON : FROM_FORM);
      await checkVoice(input.voice, '/voice', ports);
      const session = await sessions.create(req.context.owner, pickProfile(input), input.ttlMs);
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
  const { prompt, ...languages } = Object.fromEntries(PROFILE_FIELDS.map((field) => [field, session[field]]));
  return {
    connectId: session.connectId,
    createdAt: new Date(session.createdAt).toISOString(),
    lastUsedAt: new Date(session.lastUsedAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
    requests: session.requests,
    ...languages,
    prompt,
  };
}

/** Unknown parameters of the query are ignored. */
function readPage(req: Request): { limit: number; cursor: string | undefined } {
  const query = new URL(req.originalUrl, 'http://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  const { limit = DEFAULT_PAGE_SIZE, cursor } = validate(
    normalizeFields(sent, PAGE_NAMES, 'ignored'),
    pageSchema,
  );
  return { limit, cursor };
}
