/** Sessions as a REST resource. */
import type { IncomingMessage } from 'node:http';
import { pickProfile, PROFILE_FIELDS, type Session } from '../../session/profile.js';
import type { BodyReader } from '../body/read-body.js';
import type { Middleware } from '../middleware/compose.js';
import type { HttpPorts } from '../ports.js';
import { checkVoice, fieldNames, normalizeFields, validate } from '../body/fields.js';
import { DEFAULT_PAGE_SIZE } from '../limits.js';
import { pageSchema, sessionSchema } from '../schemas.js';
import { sendJson } from '../response.js';

const FROM_JSON = sessionSchema(true);
const FROM_FORM = sessionSchema(false);
const NAMES = fieldNames(FROM_JSON, { aliases: false });
const PAGE_NAMES = fieldNames(pageSchema);

export interface SessionHandlers {
  readonly create: Middleware;
  readonly list: Middleware;
  readonly get: Middleware;
  readonly delete: Middleware;
}

export function createSessionHandlers(ports: HttpPorts, readBody: BodyReader): SessionHandlers {
  const { sessions } = ports;
  const connectIdOf = ({ context }: IncomingMessage): string => context.params.connectId ?? '';

  return {
    create: async (req, res) => {
      const { fields, isTyped } = await readBody(req, res);
      const input = validate(normalizeFields(fields, NAMES, 'refused'), isTyped ? FROM_JSON : FROM_FORM);
      await checkVoice(input.voice, '/voice', ports);
      const session = await sessions.create(req.context.owner, pickProfile(input), input.ttlMs);
      res.setHeader('Location', `/api/realtime/sessions/${session.connectId}`);
      sendJson(res, describeSession(session), 201);
    },
    list: async (req, res) => {
      const { limit, cursor } = readPage(req);
      const page = await sessions.list(req.context.owner, limit, cursor);
      sendJson(res, { sessions: page.sessions.map(describeSession), nextCursor: page.nextCursor });
    },
    get: async (req, res) => {
      sendJson(res, describeSession(await sessions.get(req.context.owner, connectIdOf(req))));
    },
    delete: async (req, res) => {
      await sessions.delete(req.context.owner, connectIdOf(req));
      res.statusCode = 204;
      res.end();
    },
  };
}

function describeSession(session: Session) {
  const { prompt, ...fields } = Object.fromEntries(PROFILE_FIELDS.map((field) => [field, session[field]]));
  return {
    connectId: session.connectId,
    createdAt: new Date(session.createdAt).toISOString(),
    lastUsedAt: new Date(session.lastUsedAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
    requests: session.requests,
    ...fields,
    prompt,
  };
}

/** Unknown names of the query are ignored. */
function readPage({ url = '' }: IncomingMessage): { limit: number; cursor: string | undefined } {
  const query = new URL(url, 'http://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  const { limit = DEFAULT_PAGE_SIZE, cursor } = validate(
    normalizeFields(sent, PAGE_NAMES, 'ignored'),
    pageSchema,
  );
  return { limit, cursor };
}
