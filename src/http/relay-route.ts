/** The two WebSocket paths: an upgrade passes what every request passes, and then becomes a conversation. */
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import { GatewayError } from '../errors.js';
import type { ConversationKind } from '../relay/relay.js';
import { canonicalWish } from '../session/profile.js';
import { makeProfile } from '../session/prompt.js';
import type { KeyRing, Toll } from './access.js';
import type { HttpDeps } from './deps.js';
import { gather, nameFields } from './fields.js';
import { invalidRequest } from './problem.js';
import { checkFields, wishOf } from './read-fields.js';
import { conversationSchema } from './schemas.js';
import type { TicketStore } from './tickets.js';
import { checkVoice } from './voices.js';

const NAMES = nameFields({
  prompt: [],
  source: ['source_lang', 'language'],
  target: ['target_lang'],
  voice: [],
  dialect: [],
  ticket: [],
});

const ASSISTANT = 'You are a helpful assistant. Answer briefly, in the language that you are spoken to.';

export interface RelayRoutes {
  /** Lets in whoever has a key or a ticket. */
  readonly enter: RequestHandler;
  /** Refuses pages of other origins: a browser sends `Origin` with every WebSocket, and asks nobody. */
  readonly checkOrigin: RequestHandler;
  readonly converse: (kind: ConversationKind) => RequestHandler;
  readonly issueTicket: RequestHandler;
}

export function createRelayRoutes(
  { config, relay, upgrades, capabilities }: HttpDeps,
  tickets: TicketStore,
  keys: KeyRing,
  toll: Toll,
): RelayRoutes {
  return {
    enter: async (req, _res, next) => {
      const { ticket } = req.query;
      req.call.owner = ticket === undefined ? keys.owner(req.headers) : await redeem(tickets, ticket);
      next();
    },

    checkOrigin: (req, _res, next) => {
      const { origin } = req.headers;
      if (origin !== undefined && !isAllowed(origin, req, config.server.corsOrigins)) {
        throw new GatewayError('forbidden', 'Pages of this origin may not open a conversation here.', {
          hint: 'The operator can add the origin to CORS_ORIGINS.',
        });
      }
      next();
    },

    converse: (kind) => async (req, res) => {
      const wish = readWish(req);
      await checkVoice(wish.voice, '/voice', { capabilities });
      const client = toll.clientOf(req);
      relay.admit(client);
      const upgrade = upgrades.take(req, res);
      if (upgrade === undefined) {
        throw invalidRequest([{ pointer: '', detail: 'This path is for WebSockets; ask for the upgrade.' }]);
      }
      relay.accept(req, upgrade.socket, upgrade.head, {
        kind,
        client,
        dialect: wish.dialect ?? 'ga',
        instructions: instructionsOf(wish),
        voice: wish.voice,
        source: wish.source,
        requestId: req.call.id,
      });
    },

    issueTicket: async (req, res) => {
      const { ticket, expiresAt } = await tickets.issue(req.call.owner);
      res.status(201).json({ ticket, expiresAt: new Date(expiresAt).toISOString() });
    },
  };
}

async function redeem(tickets: TicketStore, ticket: unknown): Promise<string> {
  const owner = typeof ticket === 'string' ? await tickets.redeem(ticket) : undefined;
  if (owner !== undefined) return owner;
  throw new GatewayError(
    'unauthorized',
    'The ticket was used, has expired or never was. Ask for a new one.',
    {
      hint: 'POST /api/realtime/tickets gives one, for one conversation within 30 s.',
    },
  );
}

/** Our own pages, as the browser reached us, and those of CORS_ORIGINS. */
function isAllowed(origin: string, req: Request, allowed: readonly string[]): boolean {
  if (allowed.includes('*') || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === req.host;
}

type Wish = z.output<typeof conversationSchema>;

/** The query as a body is read: unknown and doubled names are refused, empty ones are as absent. */
function readWish(req: Request): Wish {
  const query = new URL(req.originalUrl, 'ws://localhost').searchParams;
  const sent = [...query].map(([name, value]) => ({ name, value }));
  return checkFields(gather(sent, NAMES, 'refused'), conversationSchema);
}

/** With a language to speak it interprets; with a prompt it does what that says; else it is an assistant. */
function instructionsOf({ prompt, source, target }: Wish): string {
  if (prompt === undefined && target === undefined) return ASSISTANT;
  const wish = wishOf({ prompt, source, target });
  return makeProfile(canonicalWish(wish), { defaultPrompt: ASSISTANT }).prompt;
}
