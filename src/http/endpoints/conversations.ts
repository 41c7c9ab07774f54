/** The two WebSocket paths: a request for an upgrade passes the pipeline, and then becomes a conversation. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { GatewayError } from '../../errors.js';
import { CONVERSATION_POINTS } from '../../quota/points.js';
import { pickProfile } from '../../session/profile.js';
import type { ConversationKind } from '../../relay/settings.js';
import { requestHost } from '../address.js';
import type { Auth } from '../middleware/auth.js';
import { checkVoice, fieldNames, normalizeFields, validate } from '../body/fields.js';
import type { Middleware } from '../middleware/compose.js';
import type { HttpPorts } from '../ports.js';
import { invalidRequest } from '../problem.js';
import { textConversationSchema, voiceConversationSchema } from '../schemas.js';
import { sendJson } from '../response.js';
import type { TicketStore } from '../../tickets/store.js';
import type { RateLimit } from '../middleware/rate-limit.js';

/** The query of each kind of conversation, and the names that it may use. */
export const CONVERSATION_QUERIES = {
  voice: { schema: voiceConversationSchema, names: fieldNames(voiceConversationSchema) },
  text: { schema: textConversationSchema, names: fieldNames(textConversationSchema) },
} as const;

export interface ConversationHandlers {
  /** GET /realtime-voice, GET /text-chat */
  readonly converse: (kind: ConversationKind) => Middleware;
  /** POST /api/realtime/tickets */
  readonly issueTicket: Middleware;
}

export function createConversationHandlers(
  ports: HttpPorts,
  tickets: TicketStore,
  auth: Auth,
  rateLimit: RateLimit,
): ConversationHandlers {
  const { config, relay, upgrades } = ports;
  const hostOf = requestHost(config.server.trustProxy);

  return {
    // Looking a ticket up uses it, so everything that needs no owner is checked before.
    converse: (kind) => async (req, res) => {
      checkOrigin(req, hostOf(req), config.server.corsOrigins);
      // Tells a client of another version which one is spoken (RFC 6455, 4.4); not part of 101.
      res.setHeader('Sec-WebSocket-Version', '13');
      const upgrade = upgrades.of(req);
      if (upgrade === undefined) {
        const detail = 'This path is for WebSockets: ask for the upgrade.';
        throw invalidRequest([{ pointer: '', detail }]);
      }
      const query = readQuery(req, kind);
      const { ticket, voice } = query;
      await auth.authenticate(req, res, ticket === undefined ? undefined : () => redeem(tickets, ticket));
      await rateLimit.consume(req, res, CONVERSATION_POINTS);
      await checkVoice(voice, '/voice', ports);
      const client = rateLimit.clientKey(req);
      relay.accept(upgrade, {
        kind,
        client,
        charge: (points) => rateLimit.consumeForClient(client, points),
        dialect: query.dialect ?? 'ga',
        profile: pickProfile(query),
        interrupts: query.interrupt,
        requestId: req.context.id,
        owner: req.context.owner,
        begun: () => {
          const { upgrade: observer } = req.context;
          observer?.opened();
          return () => observer?.closed();
        },
      });
    },

    issueTicket: async (req, res) => {
      const { ticket, expiresAt } = await tickets.issue(req.context.owner);
      sendJson(res, { ticket, expiresAt: new Date(expiresAt).toISOString() }, 201);
    },
  };
}

async function redeem(tickets: TicketStore, ticket: string): Promise<string> {
  const owner = await tickets.redeem(ticket);
  if (owner !== undefined) return owner;
  throw new GatewayError(
    'unauthorized',
    'The ticket was used before, has expired or never existed. Ask for a new one.',
    { hint: 'POST /api/realtime/tickets gives one, for one conversation within 30 s.' },
  );
}

/**
 * Browsers send `Origin` with every WebSocket and make no preflight, so pages of other origins are refused here. A page
 * of this service has the host that its request names. A client that sends no `Origin` is not a page.
 */
function checkOrigin({ headers }: IncomingMessage, host: string, allowed: readonly string[]): void {
  const { origin } = headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return;
  if (isSameOrigin(origin, host)) return;
  throw new GatewayError('forbidden', 'Pages of this origin may not open a conversation here.', {
    hint: 'The operator can add the origin to CORS_ORIGINS.',
  });
}

/** The scheme is not compared: TLS may end at a proxy. Its default port may be left out on either side. */
function isSameOrigin(origin: string, host: string): boolean {
  // `null`, which sandboxed pages send, is not a URL.
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === page.host && page.host !== '';
}

type ConversationQuery = z.output<typeof textConversationSchema> &
  Partial<z.output<typeof voiceConversationSchema>>;

/** Read as a body is: unknown and repeated names are refused, empty values count as absent. */
function readQuery({ url = '' }: IncomingMessage, kind: ConversationKind): ConversationQuery {
  const { schema, names } = CONVERSATION_QUERIES[kind];
  const query = new URL(url, 'ws://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  return validate<z.ZodType<ConversationQuery>>(normalizeFields(sent, names, 'refused'), schema);
}
