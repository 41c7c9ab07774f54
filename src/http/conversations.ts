/** The two WebSocket paths: an upgrade passes what every request passes, and then becomes a conversation. */
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import { GatewayError } from '../errors.js';
import { CONVERSATION_POINTS } from '../quota/points.js';
import { pickProfile } from '../session/profile.js';
import type { ConversationKind } from '../relay/settings.js';
import type { ApiKeys } from './middleware/api-keys.js';
import type { HttpPorts } from './ports.js';
import type { Auth } from './middleware/auth.js';
import { checkVoice, fieldNames, normalizeFields, validate } from './body/fields.js';
import { invalidRequest } from './problem.js';
import { conversationSchema } from './schemas.js';
import type { TicketStore } from './tickets.js';
import type { RateLimit } from './middleware/rate-limit.js';

/** The names that the query of a conversation may use. */
export const CONVERSATION_NAMES = fieldNames(conversationSchema);

export interface ConversationRoutes {
  /** GET /realtime-voice, GET /text-chat */
  readonly converse: (kind: ConversationKind) => RequestHandler;
  /** POST /api/realtime/tickets */
  readonly issueTicket: RequestHandler;
}

export function createConversationRoutes(
  ports: HttpPorts,
  tickets: TicketStore,
  keys: ApiKeys,
  auth: Auth,
  rateLimit: RateLimit,
): ConversationRoutes {
  const { config, relay, upgrades } = ports;

  return {
    // A ticket is used up by being looked at, so what needs no owner is settled before.
    converse: (kind) => async (req, res) => {
      checkOrigin(req, config.server.corsOrigins);
      // Of use to a client of another version only (RFC 6455, 4.4), and to 101 of none.
      res.setHeader('Sec-WebSocket-Version', '13');
      const upgrade = upgrades.of(req);
      if (upgrade === undefined) {
        const detail = 'This path is for WebSockets: ask for the upgrade.';
        throw invalidRequest([{ pointer: '', detail }]);
      }
      const profile = readQuery(req);
      const { ticket } = profile;
      await auth.authenticate(req, res, () =>
        ticket === undefined ? keys.owner(req.headers) : redeem(tickets, ticket),
      );
      await rateLimit.consume(req, res, CONVERSATION_POINTS);
      await checkVoice(profile.voice, '/voice', ports);
      const client = rateLimit.clientKey(req);
      relay.accept(upgrade, {
        kind,
        client,
        charge: (points) => rateLimit.consumeForClient(client, points),
        dialect: profile.dialect ?? 'ga',
        profile: pickProfile(profile),
        requestId: req.context.id,
        owner: req.context.owner,
        begun: req.context.onUpgraded,
      });
    },

    issueTicket: async (req, res) => {
      const { ticket, expiresAt } = await tickets.issue(req.context.owner);
      res.status(201).json({ ticket, expiresAt: new Date(expiresAt).toISOString() });
    },
  };
}

async function redeem(tickets: TicketStore, ticket: string): Promise<string> {
  const owner = await tickets.redeem(ticket);
  if (owner !== undefined) return owner;
  throw new GatewayError(
    'unauthorized',
    'The ticket was used, has expired or never was. Ask for a new one.',
    { hint: 'POST /api/realtime/tickets gives one, for one conversation within 30 s.' },
  );
}

/**
 * A browser sends `Origin` with every WebSocket and asks nobody for permission: pages of other origins are refused here.
 * Our own are those of the host that the browser asked for; whoever sends no `Origin` is no page.
 */
function checkOrigin(req: Request, allowed: readonly string[]): void {
  const { origin } = req.headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin) || isSameOrigin(origin, req))
    return;
  throw new GatewayError('forbidden', 'Pages of this origin may not open a conversation here.', {
    hint: 'The operator can add the origin to CORS_ORIGINS.',
  });
}

/** The scheme is not compared: TLS may end in front of us. Its default port may be left out on either side. */
function isSameOrigin(origin: string, req: Request): boolean {
  // `null`, which sandboxed pages send, is no address.
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const ours = `${protocol}//${req.host}`;
  return URL.canParse(ours) && new URL(ours).host === host && host !== '';
}

type ConversationQuery = z.output<typeof conversationSchema>;

/** The query as a body is read: unknown and doubled names are refused, empty ones are as absent. */
function readQuery(req: Request): ConversationQuery {
  const query = new URL(req.originalUrl, 'ws://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  return validate(normalizeFields(sent, CONVERSATION_NAMES, 'refused'), conversationSchema);
}
