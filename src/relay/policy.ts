/** What a client may say to a session that we pay for. */
import type { ClientEvent, Dialect, Fault, SessionSettings } from '../wire/index.js';

export const ALLOWED_EVENTS: ReadonlySet<ClientEvent['type']> = new Set([
  'buffer.append',
  'buffer.commit',
  'buffer.clear',
  'item.create',
  'item.delete',
  'item.truncate',
  'response.create',
  'response.cancel',
  'session.configure',
]);

/** What of a session may be changed, each with a value; the rest is ours: its model, formats, tools and limits. */
export const CHANGEABLE_FIELDS = {
  instructions: '',
  voice: '',
  turnDetection: null,
  transcription: null,
} as const satisfies SessionSettings;

export type PolicyDecision =
  { pass: true; frame: string; event: ClientEvent } | { pass: false; fault: Fault };

/** A frame is passed on whole or refused whole. @param frame bytes stand for a binary one, which is malformed. */
export function checkPolicy(frame: string | Uint8Array, dialect: Dialect): PolicyDecision {
  const decoded = dialect.decodeClient(frame);
  if (decoded.kind === 'malformed')
    return rejectEvent(decoded.code, decoded.reason, decoded.eventId, decoded.param);
  if (decoded.kind === 'ignored' || typeof frame !== 'string') return forbiddenEvent(undefined);
  const { event } = decoded;
  if (!ALLOWED_EVENTS.has(event.type)) return forbiddenEvent(event.eventId);
  if (event.type === 'session.configure') {
    const named = [...Object.keys(event.session), ...(event.droppedFields ?? [])];
    const foreign = named.find((name) => !Object.hasOwn(CHANGEABLE_FIELDS, name));
    if (foreign !== undefined) {
      const message = `Of the session only instructions, voice, turn detection and transcription can be changed here, not ${foreign}.`;
      return rejectEvent('forbidden_parameter', message, event.eventId, 'session');
    }
  }
  return { pass: true, frame, event };
}

function forbiddenEvent(eventId: string | undefined): PolicyDecision {
  return rejectEvent('forbidden_event', 'This event is not let through here.', eventId, 'type');
}

function rejectEvent(
  code: string,
  message: string,
  causedBy: string | undefined,
  param: string | undefined,
): PolicyDecision {
  return {
    pass: false,
    fault: {
      type: 'fault',
      kind: 'invalid_request_error',
      code,
      message,
      ...(param !== undefined && { param }),
      ...(causedBy !== undefined && { causedBy }),
    },
  };
}
